"""Inserting events by COPY: any text is stored exactly, and the unique key rejects duplicates."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from conversations.graph import records
from conversations.graph.coercion import to_json_text
from conversations.models import InteractionEvent, Page
from conversations.sync.load import copy_events
from conversations.sync.load.copy_events import insert_events
from conversations.sync.load.event_row import EventRow, event_row
from conversations.sync.load.transform import to_events
from tests.factories import ConversationFactory, EventFactory
from tests.seeds import SEED

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOSTILE = [
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\\",
    "\\N",
    "\\.",
    "\\t",
    "\n\\.\n",
    "😀",
    "\u2028",
    "\x01",
    "\x7f",
    "'",
    '"',
    "%s",
    "é",
    "",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db) -> int:
    return ConversationFactory().pk


def event(number: int, text: str = "Hi", **fields) -> EventRow:
    values = {"graph_id": f"m_{number}", "occurred_at": START + timedelta(minutes=number), **fields}
    return event_row("message_sent", text=text, **values)


def stored(owner: int) -> list[str | None]:
    return list(
        InteractionEvent.objects.filter(conversation=owner).order_by("pk").values_list("graph_id", flat=True)
    )


def noise(length: int) -> str:
    """Return an ID that PostgreSQL cannot compress."""
    return "".join(random.Random(SEED).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


# -- any text ----------------------------------------------------------------------------------------------
def test_any_text_is_stored_exactly(owner):
    chance = random.Random(SEED)
    texts = HOSTILE + ["".join(chance.choices(HOSTILE, k=9)) for _ in range(300)]
    rows = [event(n, text, graph_id=f"{n}{text}") for n, text in enumerate(texts)]
    assert insert_events([(owner, row) for row in rows]) == ([], [])
    saved = InteractionEvent.objects.order_by("pk").values_list("text", "graph_id")
    assert list(saved) == [(row.text, row.graph_id) for row in rows], f"seed {SEED}"


def test_any_json_is_stored_exactly(owner):
    values = [HOSTILE, {text: [text] for text in HOSTILE}, 2**70, 1.5, None, {"deep": [{"er": [True]}]}]
    messages = [
        records.Message(
            f"m_{n}",
            START,
            message="Hi",
            attachments=[{"value": value}],
            rest_json=to_json_text({"value": value}),
        )
        for n, value in enumerate(values)
    ]
    events = to_events(records.MessageBatch(messages[::-1]), Page(facebook_page_id="9"), thread_time=None)
    insert_events([(owner, row) for row in events])
    saved = InteractionEvent.objects.order_by("pk").values_list("attachments", "data")
    assert list(saved) == [([{"value": value}], {"value": value}) for value in values]


def test_characters_that_postgresql_cannot_store_are_replaced(owner):
    odd = "NUL \x00, half \ud83d, pair \ud83d\ude00"
    rest = {"a": [odd, float("inf")]}
    messages = [
        records.Message(odd, START, message=odd, attachments=[{odd: odd}], rest_json=to_json_text(rest))
    ]
    (row,) = to_events(records.MessageBatch(messages), Page(facebook_page_id="9"), thread_time=None)
    insert_events([(owner, row)])
    clean = "NUL \ufffd, half \ufffd, pair 😀"
    saved = InteractionEvent.objects.get()
    assert (saved.graph_id, saved.text) == (clean, clean)
    assert (saved.attachments, saved.data) == ([{clean: clean}], {"a": [clean, None]})


def test_times_are_stored_to_the_microsecond(owner):
    times = [START.replace(microsecond=1), datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    insert_events([(owner, event(n, occurred_at=time)) for n, time in enumerate(times)])
    assert list(InteractionEvent.objects.order_by("pk").values_list("occurred_at", flat=True)) == times


# -- the unique key ----------------------------------------------------------------------------------------
def test_ids_follow_the_given_order(owner):
    names = [f"m_{n}" for n in range(1200)]
    insert_events([(owner, event(0, graph_id=name)) for name in names])
    assert stored(owner) == names


def test_existing_events_are_left_unchanged_and_returned(owner):
    EventFactory(conversation_id=owner, graph_id="m_2", text="As it was")
    rows = [(owner, event(n)) for n in range(5)]
    result = insert_events(rows)
    assert result == ([rows[2]], [])
    assert stored(owner) == ["m_2", "m_0", "m_1", "m_3", "m_4"]
    assert InteractionEvent.objects.get(graph_id="m_2").text == "As it was"
    assert insert_events(rows) == (rows, [])


def test_message_repeated_in_a_batch_is_stored_once(owner):
    rows = [(owner, event(1)), (owner, event(1))]
    assert insert_events(rows) == ([rows[1]], [])
    assert stored(owner) == ["m_1"]


def test_temporary_table_can_be_used_twice_in_a_transaction(owner):
    with transaction.atomic():
        for last in (1, 2, 3):
            insert_events([(owner, event(n)) for n in range(last)])
    assert stored(owner) == ["m_0", "m_1", "m_2"]


def test_conflict_and_rejected_value_cost_only_their_own_events(owner):
    EventFactory(conversation_id=owner, graph_id="m_7")
    rows = [(owner, event(n)) for n in range(20)]
    rows[4] = (owner, event(4, data='{"not": "json'))
    rows[13] = (owner, event(13, data='{"neither": is'))
    rows[17] = (owner, event(17, graph_id=noise(9000)))  # the key holds its digest
    result = insert_events(rows)
    assert result == ([rows[7]], [rows[4], rows[13]])
    assert len(stored(owner)) == 18


def test_conflict_of_another_key_is_raised(owner):
    insert_events([(owner, event(n)) for n in range(5)])
    first = InteractionEvent.objects.earliest("pk").pk
    with connection.cursor() as cursor:  # like after a restore without the sequence
        cursor.execute("SELECT setval('conversations_interactionevent_id_seq', %s, false)", [first])
    with pytest.raises(IntegrityError, match="pkey"):
        insert_events([(owner, event(9))])


@pytest.mark.django_db(transaction=True)
def test_message_stored_by_another_connection_is_stored_once():
    owner = ConversationFactory().pk
    other = connection.copy()
    with transaction.atomic():
        assert not copy_events.stored_messages([(owner, [event(1)])]).find([owner], "m_1")
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO conversations_interactionevent (conversation_id, kind, graph_id, occurred_at,"
                " text, attachments, data)"
                " VALUES (%s, 'message_sent', 'm_1', now(), 'Other', '[]', '{}')",
                [owner],
            )
        other.close()
        rows = [(owner, event(n)) for n in range(3)]
        assert insert_events(rows) == ([rows[1]], [])
    assert sorted(map(str, stored(owner))) == ["m_0", "m_1", "m_2"]
    assert InteractionEvent.objects.get(graph_id="m_1").text == "Other"


def test_temporary_table_is_used_only_after_a_conflict(owner):
    with CaptureQueriesContext(connection) as queries:
        insert_events([(owner, event(n)) for n in range(10)])
    assert [query["sql"].split()[0] for query in queries] == ["SAVEPOINT", "COPY", "RELEASE"]


def test_empty_input_needs_no_query():
    assert insert_events([]) == ([], [])
    assert copy_events.stored_messages([]).by_second(1) == {}
