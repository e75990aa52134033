"""Events go in by COPY: any text comes through, and the unique key judges."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from conversations.graph import records
from conversations.graph.values import kept_json
from conversations.models import InteractionEvent, Page
from conversations.sync import copying
from conversations.sync.copying import insert_events
from conversations.sync.events import EventRow, event_row
from conversations.sync.transform import to_events
from tests.factories import ConversationFactory, EventFactory

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
SEED = random.randrange(10**6)
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
    """An id that PostgreSQL cannot compress."""
    return "".join(random.Random(SEED).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


# -- any text ----------------------------------------------------------------------------------------------
def test_any_text_comes_through_exactly(owner):
    chance = random.Random(SEED)
    texts = HOSTILE + ["".join(chance.choices(HOSTILE, k=9)) for _ in range(300)]
    rows = [event(n, text, graph_id=f"{n}{text}") for n, text in enumerate(texts)]
    assert insert_events([(owner, row) for row in rows]) == ([], [])
    found = InteractionEvent.objects.order_by("pk").values_list("text", "graph_id")
    assert list(found) == [(row.text, row.graph_id) for row in rows], f"seed {SEED}"


def test_any_json_comes_through_exactly(owner):
    values = [HOSTILE, {text: [text] for text in HOSTILE}, 2**70, 1.5, None, {"deep": [{"er": [True]}]}]
    messages = [
        records.Message(
            f"m_{n}",
            START,
            message="Hi",
            attachments=[{"value": value}],
            rest_json=kept_json({"value": value}),
        )
        for n, value in enumerate(values)
    ]
    events = to_events(messages[::-1], Page(facebook_page_id="9"), since=None)
    insert_events([(owner, row) for row in events])
    found = InteractionEvent.objects.order_by("pk").values_list("attachments", "data")
    assert list(found) == [([{"value": value}], {"value": value}) for value in values]


def test_what_postgresql_cannot_hold_is_replaced(owner):
    odd = "NUL \x00, half \ud83d, pair \ud83d\ude00"
    rest = {"a": [odd, float("inf")]}
    messages = [records.Message(odd, START, message=odd, attachments=[{odd: odd}], rest_json=kept_json(rest))]
    (row,) = to_events(messages, Page(facebook_page_id="9"), since=None)
    insert_events([(owner, row)])
    clean = "NUL \ufffd, half \ufffd, pair 😀"
    found = InteractionEvent.objects.get()
    assert (found.graph_id, found.text) == (clean, clean)
    assert (found.attachments, found.data) == ([{clean: clean}], {"a": [clean, None]})


def test_times_are_kept_to_the_microsecond(owner):
    times = [START.replace(microsecond=1), datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    insert_events([(owner, event(n, occurred_at=time)) for n, time in enumerate(times)])
    assert list(InteractionEvent.objects.order_by("pk").values_list("occurred_at", flat=True)) == times


# -- the key judges ----------------------------------------------------------------------------------------
def test_ids_follow_the_order_given(owner):
    names = [f"m_{n}" for n in range(1200)]
    insert_events([(owner, event(0, graph_id=name)) for name in names])
    assert stored(owner) == names


def test_what_is_there_is_left_alone_and_told_apart_from_what_is_new(owner):
    EventFactory(conversation_id=owner, graph_id="m_2", text="As it was")
    rows = [(owner, event(n)) for n in range(5)]
    written = insert_events(rows)
    assert written == ([rows[2]], [])
    assert stored(owner) == ["m_2", "m_0", "m_1", "m_3", "m_4"]
    assert InteractionEvent.objects.get(graph_id="m_2").text == "As it was"
    assert insert_events(rows) == (rows, [])


def test_same_message_twice_in_a_batch_is_stored_once(owner):
    rows = [(owner, event(1)), (owner, event(1))]
    assert insert_events(rows) == ([rows[1]], [])
    assert stored(owner) == ["m_1"]


def test_way_round_a_conflict_can_be_gone_twice_in_a_transaction(owner):
    with transaction.atomic():
        for last in (1, 2, 3):
            insert_events([(owner, event(n)) for n in range(last)])
    assert stored(owner) == ["m_0", "m_1", "m_2"]


def test_conflict_and_refused_value_in_one_batch_cost_only_themselves(owner):
    EventFactory(conversation_id=owner, graph_id="m_7")
    rows = [(owner, event(n)) for n in range(20)]
    rows[4] = (owner, event(4, data='{"not": "json'))
    rows[13] = (owner, event(13, graph_id=noise(9000)))
    written = insert_events(rows)
    assert written == ([rows[7]], [rows[4], rows[13]])
    assert len(stored(owner)) == 18


def test_error_of_another_key_is_not_taken_for_a_known_message(owner):
    insert_events([(owner, event(n)) for n in range(5)])
    first = InteractionEvent.objects.earliest("pk").pk
    with connection.cursor() as cursor:  # as after a restore that forgot the sequence
        cursor.execute("SELECT setval('conversations_interactionevent_id_seq', %s, false)", [first])
    with pytest.raises(IntegrityError, match="pkey"):
        insert_events([(owner, event(9))])


@pytest.mark.django_db(transaction=True)
def test_message_that_another_connection_stores_meanwhile_is_stored_once():
    owner = ConversationFactory().pk
    other = connection.copy()
    with transaction.atomic():
        assert copying.held_messages([(owner, "m_1")]) == set()
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO conversations_interactionevent (conversation_id, kind, graph_id, occurred_at,"
                " text, attachments, data)"
                " VALUES (%s, 'message_sent', 'm_1', now(), 'Theirs', '[]', '{}')",
                [owner],
            )
        other.close()
        rows = [(owner, event(n)) for n in range(3)]
        assert insert_events(rows) == ([rows[1]], [])
    assert sorted(map(str, stored(owner))) == ["m_0", "m_1", "m_2"]
    assert InteractionEvent.objects.get(graph_id="m_1").text == "Theirs"


def test_way_round_is_only_gone_where_there_is_a_conflict(owner):
    with CaptureQueriesContext(connection) as queries:
        insert_events([(owner, event(n)) for n in range(10)])
    assert [query["sql"].split()[0] for query in queries] == ["SAVEPOINT", "COPY", "RELEASE"]


def test_nothing_costs_nothing():
    assert insert_events([]) == ([], [])
    assert copying.held_messages([]) == set()
