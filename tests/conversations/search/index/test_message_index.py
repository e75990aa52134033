"""The index of message texts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.lib.locks import INDEX, WORK, SyncLock, operations_lock
from conversations.models import InteractionEvent
from conversations.models.search import MessageIndexChunk, MessageIndexQueue
from conversations.search.index import message_index
from conversations.search.index.message_index import index_pending
from conversations.search.matches import snippet
from conversations.tasks import fold_messages
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, api, member

LIST = "/api/conversations"


@pytest.fixture
def page(db):
    return PageFactory()


@pytest.fixture
def viewer(page):
    return api(member(page))


def search(client, term, **parameters) -> dict:
    answer = client.get(LIST, {"search": term, "search_in": "messages", **parameters})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_search_in_messages_returns_count_and_newest_match(page, viewer):
    row, other = ConversationFactory.create_batch(2, page=page)
    for days, text in ((900, "Haben Sie GRÖSSE 42?"), (30, "Wegen der Größe …"), (1, "Danke")):
        EventFactory(conversation=row, text=text, occurred_at=NOON - timedelta(days=days))
    EventFactory(conversation=other, text="anything else")
    answer = search(viewer, "grosse")
    [found] = answer["conversations"]
    assert found["id"] == row.pk
    matches = found["matches"]
    newest = InteractionEvent.objects.get(text__startswith="Wegen")
    assert (matches["count"], matches["event"], matches["snippet"]) == (2, newest.pk, "Wegen der Größe …")
    assert answer["pagination"]["total"] == 1
    assert answer["pagination"]["behind"] == 0


def test_search_in_messages_ignores_names(page, viewer):
    row = ConversationFactory(page=page, sender_name="Haribo", last_message="Haribo")
    EventFactory(conversation=row, text="macht Kinder froh")
    assert search(viewer, "haribo")["conversations"] == []


def test_names_and_messages_are_searched_together(page, viewer):
    """Names alone, and names, last messages and all messages, of which each row tells the newest match."""
    ann = ConversationFactory(page=page, sender_name="Ann Lee", last_message="boats")
    ben = ConversationFactory(page=page, sender_name="Ben", last_message="Ann who?")
    cleo = ConversationFactory(page=page, sender_name="Cleo", last_message="")
    said = EventFactory(conversation=cleo, text="I know Ann")
    EventFactory(conversation=cleo, text="bye")
    names, everything = (search(viewer, "ann", search_in=place) for place in ("names", "all"))
    assert [row["id"] for row in names["conversations"]] == [ann.pk]
    assert "matches" not in names["conversations"][0]
    found = {row["id"]: row["matches"]["event"] for row in everything["conversations"]}
    assert found == {ann.pk: None, ben.pk: None, cleo.pk: said.pk}
    assert everything["pagination"]["total"] == 3
    assert [row["id"] for row in search(viewer, "an", search_in="all")["conversations"]] == [ann.pk]


def test_new_and_changed_messages_are_found_by_their_current_text(page, viewer):
    row = ConversationFactory(page=page)
    event = EventFactory(conversation=row, text="first words")
    assert search(viewer, "first")["conversations"]
    EventFactory(conversation=row, text="second words")
    assert search(viewer, "words")["conversations"][0]["matches"]["count"] == 2
    event.text = "other words"
    event.save()
    assert search(viewer, "first")["conversations"] == []
    assert search(viewer, "other")["conversations"][0]["matches"]["count"] == 1
    event.delete()
    assert search(viewer, "words")["conversations"][0]["matches"]["count"] == 1


def test_long_conversation_is_indexed_in_chunks(page, viewer, monkeypatch):
    monkeypatch.setattr(message_index, "CHUNK_LETTERS", 50)
    row = ConversationFactory(page=page)
    for number in range(12):
        EventFactory(conversation=row, text=f"the {number}. message")
        if number % 5 == 0:
            index_pending()
    assert search(viewer, "message")["conversations"][0]["matches"]["count"] == 12
    assert 2 < MessageIndexChunk.objects.count() < 6
    assert search(viewer, "message the")["conversations"] == []  # a term never matches across two messages


def test_chunks_that_grow_are_written_by_one_statement_that_is_the_same_for_any_number(page, viewer):
    rows = ConversationFactory.create_batch(3, page=page)
    for text in ("first", "second"):
        for row in rows:
            EventFactory(conversation=row, text=text)
        with CaptureQueriesContext(connection) as captured:
            index_pending()
    updates = [q["sql"] for q in captured if q["sql"].startswith("UPDATE conversations_messageindexchunk")]
    assert len(updates) == 1
    assert "CASE" not in updates[0]
    assert {chunk.text for chunk in MessageIndexChunk.objects.all()} == {
        f"first{message_index.SEPARATOR}second"
    }
    assert [len(chunk.event_ids) for chunk in MessageIndexChunk.objects.all()] == [2, 2, 2]


def test_response_reports_conversations_that_are_not_searchable_yet(page, viewer, monkeypatch):
    for row in ConversationFactory.create_batch(3, page=page):
        EventFactory(conversation=row, text="hello there")
    monkeypatch.setattr(message_index, "MAX_INDEX_SECONDS", -1)
    assert search(viewer, "hello")["pagination"]["behind"] == 3
    assert index_pending(seconds=10) == 0
    assert not MessageIndexQueue.objects.exists()
    assert search(viewer, "hello")["pagination"]["total"] == 3


@pytest.mark.parametrize(
    ("text", "term", "shown"),
    [
        ("short", "ort", "short"),
        ("x" * 100 + "GRÖSSE" + "y" * 100, "grosse", "…" + "x" * 60 + "GRÖSSE" + "y" * 60 + "…"),
        ("ß" * 100 + "needle", "needle", "…" + "ß" * 60 + "needle"),
        ("", "x", ""),
    ],
)
def test_snippet_is_the_text_around_the_term(text, term, shown):
    assert snippet(text, term) == shown


@pytest.mark.django_db(transaction=True)
def test_task_makes_new_messages_searchable():
    EventFactory(text="hello there")
    assert MessageIndexQueue.objects.count() == 1
    fold_messages(0)
    assert MessageIndexChunk.objects.get().text == "hello there"
    assert not MessageIndexQueue.objects.exists()


def test_new_chunks_are_written_once(page):
    EventFactory(conversation=ConversationFactory(page=page))
    with CaptureQueriesContext(connection) as queries:
        index_pending()
    writes = [
        query["sql"].split()[0] for query in queries if '"conversations_messageindexchunk" ' in query["sql"]
    ]
    assert [word for word in writes if word != "SELECT"] == ["INSERT"]


def test_search_does_not_wait_for_bulk_operations(page, viewer):
    row = ConversationFactory(page=page)
    EventFactory(conversation=row, text="Large boots")
    with operations_lock() as lock:
        assert lock.is_acquired
        assert [found["id"] for found in search(viewer, "boots")["conversations"]] == [row.pk]


def test_search_tells_what_is_missing_while_another_process_indexes(page, viewer):
    EventFactory(conversation=ConversationFactory(page=page), text="Large boots")
    other = SyncLock(WORK, INDEX)
    assert other.acquire()
    answer = search(viewer, "boots")
    other.release()
    assert (answer["conversations"], answer["pagination"]["behind"]) == ([], 1)
    assert len(search(viewer, "boots")["conversations"]) == 1


class Clock:
    """A clock that only sleeping, and what a test does, moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(message_index, "time", clock)
    return clock


def test_search_indexes_for_a_second_and_leaves_the_rest_to_the_task(page, viewer, monkeypatch, clock):
    for row in ConversationFactory.create_batch(5, page=page):
        EventFactory(conversation=row, text="hello there")

    def slow(limit: int) -> int | None:
        clock.sleep(0.4)
        return index_batch(1)

    index_batch = message_index.index_batch
    monkeypatch.setattr(message_index, "index_batch", slow)
    answer = search(viewer, "hello")
    assert (len(answer["conversations"]), answer["pagination"]["behind"]) == (3, 2)  # from 0, 0.4 and 0.8 s


def test_search_waits_a_fifth_of_a_second_for_another_process_that_indexes(page, viewer, clock):
    EventFactory(conversation=ConversationFactory(page=page), text="Large boots")
    other = SyncLock(WORK, INDEX)
    assert other.acquire()
    assert search(viewer, "boots")["pagination"]["behind"] == 1
    other.release()
    assert 0.2 <= clock.now < 0.25
