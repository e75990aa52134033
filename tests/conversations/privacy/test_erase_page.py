"""Deleting all data of a Page: nothing of another Page is deleted, and a stopped deletion continues."""

import json
import threading

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.lib.locks import sync_lock
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
    WebhookDelivery,
)
from conversations.models.privacy import Erasure
from conversations.models.search import MessageIndexChunk, PageCount, TagCount, Untagged
from conversations.privacy import erase_page
from conversations.privacy.erase_page import ErasureStopped, count_page, erase, erase_all, start_erasure
from conversations.privacy.erase_tasks import request_erasure
from conversations.privacy.forget_person import delete_person
from conversations.sandbox import faults
from conversations.search.index.message_index import index_pending
from conversations.sync import run_lifecycle
from conversations.sync.service import sync_conversations
from conversations.webhooks.drain import drain
from tags.models import Tag
from tests.conversations.sync.copies import assert_exact
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory, member, superuser

# Call budgets are written on a separate connection: their deletion must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

OF_PAGES = [
    Conversation,
    Thread,
    SyncRun,
    PageMember,
    SavedView,
    ConversationTag,
    Untagged,
    MessageIndexChunk,
]


@pytest.fixture
def full(sync, page, add_threads):
    """A Page with rows of every kind: 12 conversations with two messages each."""
    add_threads(12, messages=2)
    sync()
    ids = list(page.conversations.order_by("pk").values_list("pk", flat=True))
    boss = superuser()
    tag_conversations(ids[:3], [TagFactory(name="VIP")], actor=boss)
    set_status(ids[:1], "done", actor=boss)
    SavedView.objects.create(name="Member's", owner=member(page), page=page)
    index_pending()
    return page


@pytest.fixture
def other(db):
    """Another Page with rows of every kind."""
    row = ConversationFactory()
    EventFactory(conversation=row)
    tag_conversations([row.pk], [TagFactory(name="Other")], actor=None)
    ConversationFactory(page=row.page)
    SavedView.objects.create(name="Other", owner=member(row.page), page=row.page)
    Thread.objects.create(page=row.page, graph_id="t_1", conversation=row)
    index_pending()
    return row.page


def rows_of(page_id: int) -> dict[str, int]:
    counts = {model.__name__: model._base_manager.filter(page=page_id).count() for model in OF_PAGES}
    events = InteractionEvent.objects.filter(conversation__page=page_id).count()
    return counts | {"InteractionEvent": events}


@pytest.mark.parametrize("chunk", [1, 5, 500])
def test_all_data_of_the_page_is_deleted_and_nothing_of_another(full, other, traces, monkeypatch, chunk):
    monkeypatch.setattr(erase_page, "CHUNK", chunk)
    before = rows_of(other.pk)
    counts = count_page(full)
    assert (counts.conversations, counts.messages, counts.tags, counts.threads, counts.runs) == (
        12,
        24,
        3,
        12,
        1,
    )
    stored = Page.objects.values_list("access_token", flat=True).get(pk=full.pk)
    erasure = start_erasure(full, keep_page=False, actor=None)
    assert not Page.objects.get(pk=full.pk).access_token  # deleted at once, before the rest
    erase(erasure)
    index_pending()
    assert not Page.objects.filter(pk=full.pk).exists()
    assert set(rows_of(full.pk).values()) == {0}
    assert not InteractionEvent.objects.exclude(conversation__page=other).exists()
    assert not PageCount.objects.exclude(page=other).exists()
    assert not TagCount.objects.exclude(page=other).exists()
    assert not CallBudget.objects.filter(facebook_page_id=full.facebook_page_id).exists()
    assert traces(stored) == []
    assert traces(full.facebook_page_id) == ["conversations_erasure"]
    assert rows_of(other.pk) == before
    assert Tag.objects.filter(name="VIP").exists()  # tags belong to no Page
    erasure_row = Erasure.objects.get()
    assert (
        erasure_row.conversations,
        erasure_row.messages,
        erasure_row.history,
        erasure_row.tags,
        erasure_row.threads,
    ) == (12, 24, 4, 3, 12)
    assert (erasure_row.page, erasure_row.page_name, erasure_row.total) == (None, "Demo Shop", 12)
    assert erasure_row.ended_at


def test_page_that_stays_connected_is_synced_again_without_deleted_people(full, sync, world, shop, page):
    delete_person(full.conversations.order_by("pk").first(), actor=None)
    erase(start_erasure(full, keep_page=True, actor=None))
    page.refresh_from_db()
    assert (page.access_token, page.state, page.watermarks) == (shop.token, "connected", {})
    counts = rows_of(page.pk)
    assert (counts.pop("PageMember"), counts.pop("SavedView")) == (1, 1)
    assert set(counts.values()) == {0}
    result = sync()
    assert (result.mode, result.inserted, result.skipped) == ("full", 11, 1)


def test_stopped_deletion_continues_and_counts_each_row_once(full, monkeypatch):
    monkeypatch.setattr(erase_page, "CHUNK", 5)
    start_erasure(full, keep_page=False, actor=None)
    stops = iter([False, True])
    with pytest.raises(ErasureStopped):
        erase(Erasure.objects.get(), lambda: next(stops))
    erasure_row = Erasure.objects.get()
    assert (erasure_row.conversations, erasure_row.ended_at) == (10, None)
    erase_all(lambda: False)
    erasure_row.refresh_from_db()
    assert (erasure_row.conversations, erasure_row.messages, erasure_row.tags) == (12, 24, 3)
    assert erasure_row.ended_at


def test_second_request_returns_the_deletion_in_progress_and_adds_no_job(full):
    boss = superuser()
    first = request_erasure(full, keep_page=False, actor=boss)
    assert request_erasure(full, keep_page=True, actor=boss) == first
    assert Erasure.objects.count() == 1
    [job] = ProcrastinateJob.objects.filter(task_name="erase_pages")
    assert job.status == "todo"


def test_locked_page_is_left_to_the_next_job(full, monkeypatch):
    monkeypatch.setattr(erase_page, "WAIT_SECONDS", 0)
    start_erasure(full, keep_page=False, actor=None)
    with sync_lock(full.pk):
        erase_all(lambda: False)
    assert full.conversations.count() == 12
    assert Erasure.objects.get().ended_at is None


def test_queued_runs_are_cancelled(full):
    run = run_lifecycle.queue_run(full, full=False, trigger="api")
    start_erasure(full, keep_page=True, actor=None)
    with sync_lock(full.pk), pytest.raises(ErasureStopped):
        erase(Erasure.objects.get(), lambda: SyncRun.objects.get(pk=run.pk).status == "cancelled")


def test_running_sync_is_cancelled_first_and_stores_nothing_more(
    page, world, shop, add_threads, small_batches, by_cursor, sandbox
):
    add_threads(40)
    sandbox.faults.add(faults.slow(0.3), times=None, path="/conversations")
    under_way, results = threading.Event(), []

    def work() -> None:
        def on_progress(progress) -> None:
            if progress.synced:
                under_way.set()

        results.append(sync_conversations(page, on_progress=on_progress))
        connection.close()

    syncing = threading.Thread(target=work)
    syncing.start()
    assert under_way.wait(60)
    erase(start_erasure(page, keep_page=True, actor=None))
    syncing.join()
    assert results[0].status in ("cancelled", "interrupted")  # its caller sees that it was taken over
    assert (page.conversations.count(), page.threads.count(), InteractionEvent.objects.count()) == (0, 0, 0)
    sandbox.faults.clear()
    assert sync_conversations(Page.objects.get(pk=page.pk)).status == "complete"
    assert_exact(page, world, shop)


def test_number_of_statements_does_not_depend_on_the_number_of_conversations(django_assert_max_num_queries):
    """Each chunk takes the same number of statements."""
    page = PageFactory()
    ConversationFactory.create_batch(30, page=page)
    erasure = start_erasure(page, keep_page=True, actor=None)
    with django_assert_max_num_queries(59):
        erase(erasure)
    ConversationFactory.create_batch(90, page=page)
    erasure = start_erasure(page, keep_page=True, actor=None)
    with django_assert_max_num_queries(59):
        erase(erasure)


def test_unfinished_deletion_of_a_person_is_none_of_the_page(full):
    Erasure.objects.create(kind=Erasure.Kind.PERSON, page=full, facebook_page_id=full.facebook_page_id)
    erase_all(lambda: False)
    assert full.conversations.count() == 12
    assert start_erasure(full, keep_page=True, actor=None).kind == Erasure.Kind.PAGE


def test_stored_webhooks_of_the_page_are_emptied_and_stay(full, monkeypatch):
    monkeypatch.setattr(erase_page, "CHUNK", 2)
    page = full
    other = WebhookDelivery.objects.create(page=PageFactory(), body=b"other", state="done")
    body = json.dumps({"object": "page", "entry": [{"id": page.facebook_page_id}]}).encode()
    for values in [{"page": page, "state": "done"}, {"page": page}, {"page": page, "state": "failed"}, {}]:
        WebhookDelivery.objects.create(body=body, people=["7"], **values)
    erase(start_erasure(page, keep_page=False, actor=None))
    rows = WebhookDelivery.objects.exclude(pk=other.pk).order_by("pk")
    assert [(row.state, bytes(row.body), row.people) for row in rows] == [
        ("done", b"", []),
        ("ignored", b"", []),
        ("failed", b"", []),
        ("ignored", b"", []),
    ]
    other.refresh_from_db()
    assert bytes(other.body) == b"other"
    late = WebhookDelivery.objects.create(body=body)
    drain()
    late.refresh_from_db()
    assert (late.state, bytes(late.body)) == ("ignored", b"")
