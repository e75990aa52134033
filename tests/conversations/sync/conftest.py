import pytest

from conversations.models import Page, SyncRun
from conversations.sync.crawl.folders import FOLDERS
from conversations.sync.service import SyncResult, sync_conversations
from tests.conversations.sync.copies import row_versions


@pytest.fixture
def shop_page(db) -> Page:
    """A Page that is not at Facebook."""
    return Page.objects.create(facebook_page_id="9")


@pytest.fixture
def sync(page):
    """Sync the Page, loaded again as any caller would."""

    def run(**options) -> SyncResult:
        return sync_conversations(Page.objects.get(pk=page.pk), **options)

    return run


@pytest.fixture
def by_cursor(page):
    """The Page is known to have only the inbox and no time bounds, so that no call tests that."""
    folders = dict.fromkeys(FOLDERS, "refused")
    page.capabilities = {"messenger": {"windows": False, "folders": folders}}
    page.save()


@pytest.fixture
def add_threads(world, shop):
    """Add threads with one message each, a minute apart, newest first."""

    def add(count: int, **fields):
        now = world.clock.now()
        return [world.add_conversation(shop, updated_time=now - 60 * (n + 1), **fields) for n in range(count)]

    return add


@pytest.fixture
def small_batches(sandbox):
    """Ten threads in each answer, whatever the limit: many small batches."""
    sandbox.switches.max_limit = 10


@pytest.fixture
def sync_twice(sync, page):
    """Sync twice: the second run, a full one, must write nothing."""

    def run():
        result = sync()
        before = row_versions()
        again = sync(full=True)
        assert (again.events_created, again.inserted, again.updated) == (0, 0, 0)
        assert row_versions() == before
        assert again.skipped == result.skipped
        assert SyncRun.objects.get(pk=result.run).total == result.synced + result.skipped + result.owed
        return result

    return run
