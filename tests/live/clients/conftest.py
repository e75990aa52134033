"""A demo, as `make demo` makes it: the same world, tags and IDs, on the web process that the tests share."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from conversations.management.commands.demo import make_tags
from conversations.sandbox import seed_page
from conversations.sync.service import sync_conversations
from tests.live.process import Web


@pytest.fixture
def fill(web, page, world, shop):
    """Fill the shop with generated conversations, and sync them."""

    def start(conversations: int) -> None:
        until = timezone.now().strftime("%Y-%m-%dT%H:%M:%S")
        seed_page(world, shop, conversations=conversations, until=until)
        sync_conversations(page)

    return start


@pytest.fixture
def demo(web, fill) -> Iterator[Web]:
    fill(2000)
    make_tags()
    return web
