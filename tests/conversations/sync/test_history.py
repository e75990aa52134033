"""The past is not work: syncs up to the first complete one store old conversations as done."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import InteractionEvent, Page, SyncRun
from conversations.search.criteria import SearchCriteria
from conversations.search.index.message_index import index_pending
from conversations.search.insight_queries import insight
from conversations.sync.load import batch_loader
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.load.test_batch_loader import shown
from tests.factories import SyncRunFactory

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture(autouse=True)
def days(settings):
    settings.HISTORY_DONE_BEFORE = 30


@pytest.fixture
def add(world, shop):
    """Add a thread whose last message, of the customer, is as old as this many days."""

    def thread(age: float, **fields):
        return world.add_conversation(shop, updated_time=timezone.now().timestamp() - age * DAY, **fields)

    return thread


def statuses(page) -> list[str]:
    """By the age of the last message, the newest first."""
    return list(
        page.conversations.order_by("-last_message_time").values_list("conversation_status", flat=True)
    )


def test_first_sync_stores_old_conversations_as_done_without_events(sync, page, add):
    for age in (400, 31, 29, 1):
        add(age)
    result = sync()
    assert (result.status, result.inserted) == ("complete", 4)
    assert statuses(page) == ["active", "active", "done", "done"]
    assert not InteractionEvent.objects.filter(kind="status_changed").exists()
    before = row_versions()
    sync(full=True)
    assert row_versions() == before


@pytest.mark.parametrize(
    ("of_page", "expected"), [(None, "done"), (0, "active"), (90, "active"), (50, "done")]
)
def test_days_of_the_page_take_precedence(sync, page, add, of_page, expected):
    Page.objects.update(history_days=of_page)
    add(60)
    sync()
    assert statuses(page) == [expected]


def test_after_the_first_complete_run_everything_is_open(sync, page, add):
    SyncRunFactory(page=page, status="complete_with_errors")
    Page.objects.update(last_synced_at=timezone.now())
    add(60)
    sync()
    assert statuses(page) == ["done"], "a run with errors is not the first complete one"
    add(50)
    sync(full=True)
    assert SyncRun.objects.filter(status="complete").count() == 2
    assert statuses(page) == ["active", "done"]


def test_old_conversation_opens_when_the_customer_writes(sync, page, add, world):
    thread = add(60)
    sync()
    world.add_message(thread, "Hello again")
    sync()
    assert statuses(page) == ["active"]


@pytest.mark.parametrize("ages", [(60, 1), (1, 60)])
def test_two_threads_of_one_person_are_open_whichever_comes_first(page, shown_at, ages):
    done_before = timezone.now() - timedelta(days=30)
    for number, age in enumerate(ages):
        batch_loader.save_batch(page, [shown_at(number, age)], done_before=done_before)
    assert statuses(page) == ["active"]


@pytest.fixture
def shown_at(page):
    """A thread of one person whose last message, of the Page, is as old as this many days."""

    def rows(number: int, age: int):
        row = shown(page, number, sender=1)
        time = timezone.now() - timedelta(days=age)
        assert row.conversation
        row.thread.updated_time = row.conversation.last_message_time = time
        row.events = []
        return row

    return rows


def test_insights_tell_history_from_waiting_customers(sync, page, add):
    for age in (60, 45, 2):
        add(age)
    sync()
    index_pending()
    found = insight(SearchCriteria((page.pk,)))
    assert (found.waiting, found.unanswered) == (1, 2)
    filtered = insight(SearchCriteria((page.pk,), platform="messenger"))
    assert (filtered.waiting, filtered.unanswered) == (1, 2)
