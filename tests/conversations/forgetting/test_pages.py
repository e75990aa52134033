"""Everything of a Page goes, and nothing of another; whatever ends the process, the next goes on."""

import threading

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.forgetting import pages
from conversations.forgetting.jobs import request_erasing
from conversations.forgetting.pages import Stopped, begin_erasing, erase, erase_all, would_erase
from conversations.forgetting.people import forget
from conversations.forgetting.tables import Erasure
from conversations.locks import sync_lock
from conversations.models import (
    CallBudget,
    Conversation,
    ConversationTag,
    InteractionEvent,
    Page,
    PageMember,
    SavedView,
    SyncRun,
    Thread,
)
from conversations.reading.messages import catch_up
from conversations.reading.tables import MessagePart, PageCount, TagCount, Untagged
from conversations.sandbox import faults
from conversations.status import set_status
from conversations.sync import runs
from conversations.sync.service import sync_conversations
from conversations.tagging import tag_conversations
from tags.models import Tag
from tests.conversations.sync.copies import assert_exact
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory, member, superuser

# Budgets are written on a connection of their own: what is deleted of them must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

OF_PAGES = [Conversation, Thread, SyncRun, PageMember, SavedView, ConversationTag, Untagged, MessagePart]


@pytest.fixture
def full(sync, page, add_threads):
    """A Page with a bit of everything: 12 conversations of two messages."""
    add_threads(12, messages=2)
    sync()
    ids = list(page.conversations.order_by("pk").values_list("pk", flat=True))
    boss = superuser()
    tag_conversations(ids[:3], [TagFactory(name="VIP")], actor=boss)
    set_status(ids[:1], "done", actor=boss)
    SavedView.objects.create(name="Theirs", owner=member(page), page=page)
    catch_up()
    return page


@pytest.fixture
def other(db):
    """Another Page with a bit of everything."""
    row = ConversationFactory()
    EventFactory(conversation=row)
    tag_conversations([row.pk], [TagFactory(name="Other")], actor=None)
    ConversationFactory(page=row.page)
    SavedView.objects.create(name="Other", owner=member(row.page), page=row.page)
    Thread.objects.create(page=row.page, graph_id="t_1", conversation=row)
    catch_up()
    return row.page


def rows_of(page_id: int) -> dict[str, int]:
    counts = {model.__name__: model._base_manager.filter(page=page_id).count() for model in OF_PAGES}
    events = InteractionEvent.objects.filter(conversation__page=page_id).count()
    return counts | {"InteractionEvent": events}


@pytest.mark.parametrize("chunk", [1, 5, 500])
def test_everything_of_it_goes_with_its_token_and_nothing_of_another(full, other, traces, monkeypatch, chunk):
    monkeypatch.setattr(pages, "CHUNK", chunk)
    before = rows_of(other.pk)
    told = would_erase(full)
    assert (told.conversations, told.messages, told.tags, told.threads, told.runs) == (12, 24, 3, 12, 1)
    stored = Page.objects.values_list("access_token", flat=True).get(pk=full.pk)
    erasure = begin_erasing(full, keep=False, actor=None)
    assert not Page.objects.get(pk=full.pk).access_token  # at once, whenever the rest goes
    erase(erasure)
    catch_up()
    assert not Page.objects.filter(pk=full.pk).exists()
    assert set(rows_of(full.pk).values()) == {0}
    assert not InteractionEvent.objects.exclude(conversation__page=other).exists()
    assert not PageCount.objects.exclude(page=other).exists()
    assert not TagCount.objects.exclude(page=other).exists()
    assert not CallBudget.objects.filter(facebook_page_id=full.facebook_page_id).exists()
    assert traces(stored) == []
    assert traces(full.facebook_page_id) == ["conversations_erasure"]
    assert rows_of(other.pk) == before
    assert Tag.objects.filter(name="VIP").exists()  # tags are everybody's
    line = Erasure.objects.get()
    assert (line.conversations, line.messages, line.history, line.tags, line.threads) == (12, 24, 4, 3, 12)
    assert (line.page, line.page_name, line.total) == (None, "Demo Shop", 12)
    assert line.ended_at


def test_a_page_that_is_kept_is_brought_anew_but_for_those_forgotten(full, sync, world, shop, page):
    forget(full.conversations.order_by("pk").first(), actor=None)
    erase(begin_erasing(full, keep=True, actor=None))
    page.refresh_from_db()
    assert (page.access_token, page.state, page.watermarks) == (shop.token, "connected", {})
    counts = rows_of(page.pk)
    assert (counts.pop("PageMember"), counts.pop("SavedView")) == (1, 1)
    assert set(counts.values()) == {0}
    result = sync()
    assert (result.mode, result.inserted, result.skipped) == ("full", 11, 1)


def test_what_was_stopped_goes_on_and_counts_each_row_once(full, monkeypatch):
    monkeypatch.setattr(pages, "CHUNK", 5)
    begin_erasing(full, keep=False, actor=None)
    looks = iter([False, True])
    with pytest.raises(Stopped):
        erase(Erasure.objects.get(), lambda: next(looks))
    line = Erasure.objects.get()
    assert (line.conversations, line.ended_at) == (10, None)
    erase_all(lambda: False)
    line.refresh_from_db()
    assert (line.conversations, line.messages, line.tags) == (12, 24, 3)
    assert line.ended_at


def test_it_is_asked_for_once_and_a_worker_does_it(full):
    boss = superuser()
    first = request_erasing(full, keep=False, actor=boss)
    assert request_erasing(full, keep=True, actor=boss) == first
    assert Erasure.objects.count() == 1
    [job] = ProcrastinateJob.objects.filter(task_name="erase_pages")
    assert job.status == "todo"


def test_who_finds_the_page_held_leaves_it_to_the_next_job(full, monkeypatch):
    monkeypatch.setattr(pages, "WAIT_SECONDS", 0)
    begin_erasing(full, keep=False, actor=None)
    with sync_lock(full.pk):
        erase_all(lambda: False)
    assert full.conversations.count() == 12
    assert Erasure.objects.get().ended_at is None


def test_queued_runs_are_cancelled(full):
    run = runs.queue_run(full, full=False, trigger="api")
    begin_erasing(full, keep=True, actor=None)
    with sync_lock(full.pk), pytest.raises(Stopped):
        erase(Erasure.objects.get(), lambda: SyncRun.objects.get(pk=run.pk).status == "cancelled")


def test_a_sync_that_runs_is_cancelled_first_and_brings_nothing_back(
    page, world, shop, add_threads, small_batches, by_cursor, sandbox
):
    add_threads(40)
    sandbox.faults.add(faults.slow(0.3), times=None, path="/conversations")
    under_way, results = threading.Event(), []

    def work() -> None:
        def tell(progress) -> None:
            if progress.synced:
                under_way.set()

        results.append(sync_conversations(page, on_progress=tell))
        connection.close()

    syncing = threading.Thread(target=work)
    syncing.start()
    assert under_way.wait(20)
    erase(begin_erasing(page, keep=True, actor=None))
    syncing.join()
    assert results[0].status in ("cancelled", "interrupted")  # to its caller it was taken over
    assert (page.conversations.count(), page.threads.count(), InteractionEvent.objects.count()) == (0, 0, 0)
    sandbox.faults.clear()
    assert sync_conversations(Page.objects.get(pk=page.pk)).status == "complete"
    assert_exact(page, world, shop)


def test_a_page_of_many_is_deleted_in_short_steps(django_assert_max_num_queries):
    """So many statements for each step, however many conversations it takes."""
    page = PageFactory()
    ConversationFactory.create_batch(30, page=page)
    erasure = begin_erasing(page, keep=True, actor=None)
    with django_assert_max_num_queries(45):
        erase(erasure)
    ConversationFactory.create_batch(90, page=page)
    erasure = begin_erasing(page, keep=True, actor=None)
    with django_assert_max_num_queries(45):
        erase(erasure)
