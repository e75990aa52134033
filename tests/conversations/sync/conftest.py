import pytest

from conversations.models import Page
from conversations.sync.service import SyncResult, sync_conversations

pytest.register_assert_rewrite("tests.conversations.sync.copies")


@pytest.fixture
def sync(page):
    """Syncs the Page, read anew as any caller would."""

    def run(**options) -> SyncResult:
        return sync_conversations(Page.objects.get(pk=page.pk), **options)

    return run


@pytest.fixture
def add_threads(world, shop):
    """Threads of one message each, a minute apart, the first the newest."""

    def add(count: int, **fields):
        now = world.clock.now()
        return [world.add_conversation(shop, updated_time=now - 60 * (n + 1), **fields) for n in range(count)]

    return add
