import pytest

from conversations.models import Page, SyncRun
from conversations.sync.service import SyncResult, sync_conversations
from conversations.sync.walk import FOLDERS

pytest.register_assert_rewrite("tests.conversations.sync.copies")
from tests.conversations.sync.copies import row_versions  # noqa: E402 - its asserts are to be rewritten


@pytest.fixture
def shop_page(db) -> Page:
    """A Page without a Facebook behind it."""
    return Page.objects.create(facebook_page_id="9")


@pytest.fixture
def sync(page):
    """Syncs the Page, read anew as any caller would."""

    def run(**options) -> SyncResult:
        return sync_conversations(Page.objects.get(pk=page.pk), **options)

    return run


@pytest.fixture
def by_cursor(page):
    """The Page knows that Facebook shows the inbox alone and honours no bounds of time: no call finds out."""
    folders = dict.fromkeys(FOLDERS, "refused")
    page.learnt = {"messenger": {"windows": False, "folders": folders}}
    page.save()


@pytest.fixture
def add_threads(world, shop):
    """Threads of one message each, a minute apart, the first the newest."""

    def add(count: int, **fields):
        now = world.clock.now()
        return [world.add_conversation(shop, updated_time=now - 60 * (n + 1), **fields) for n in range(count)]

    return add


@pytest.fixture
def small_batches(sandbox):
    """Ten threads an answer, whatever is asked for: many batches of few threads."""
    sandbox.switches.max_limit = 10


@pytest.fixture
def settles(sync, page):
    """Syncs twice: the second run, even a full one, must write nothing."""

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
