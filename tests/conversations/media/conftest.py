"""A sandbox that serves files, and a synced conversation with pictures."""

import pytest

from conversations.models import InteractionEvent, Page
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations
from tests.factories import api, member


@pytest.fixture
def page(shop, sandbox, db):
    sandbox.switches.serve_files = True
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def viewer(page):
    return api(member(page))


@pytest.fixture
def album(world, shop, page):
    """Thirty messages with a picture each, then one with everything that has a file."""
    pictures = [{"message": f"no. {n}", **media.image(1000 + n)} for n in range(30)]
    attachments = [
        item
        for make in (media.image, media.video, media.audio, media.file)
        for item in make(7)["attachments"]
    ]
    everything = {"message": "", "attachments": attachments, **media.sticker(7), **media.story(7)}
    thread = world.add_conversation(shop, "Ana", messages=[*pictures, everything])
    sync_conversations(page)
    return thread


@pytest.fixture
def newest(album) -> InteractionEvent:
    return InteractionEvent.objects.select_related("conversation").get(text="", kind="message_received")


@pytest.fixture
def expire(sandbox, album):
    """Let all links expire; Facebook's new ones work."""

    def expire_links() -> None:
        for event in InteractionEvent.objects.exclude(attachments=[]):
            for item in event.attachments:
                for part in item.values():
                    if isinstance(part, dict):
                        part |= {name: old(url) for name, url in part.items() if name.endswith("url")}
                    item |= {name: old(url) for name, url in item.items() if name == "file_url"}
            event.save()
        sandbox.call_log.clear()

    return expire_links


def old(url: str) -> str:
    return url.partition("?")[0] + "?oh=0&oe=6900"
