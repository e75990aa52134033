import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.graph.coercion import BIGINT_MAX, MAX_DEPTH, without_paging
from conversations.graph.errors import GraphError
from conversations.graph.messages import Message
from conversations.graph.participants import Person
from conversations.graph.records import Conversation, ConversationBatch, MessageBatch

SAMPLES = Path(__file__).parents[1] / "graph_samples"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.just("2026-11-20T10:38:15+0000"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)


ODD_TIMES: list[Any] = ["0001-01-01T00:00:00+2359", "soon", "", None, True, 1e300, [], {}]


def objects(*names: str, **nested: st.SearchStrategy) -> st.SearchStrategy:
    """Return a strategy for objects with some of these fields, each of any type."""
    fields = dict.fromkeys(names, ANY_JSON) | {name: ANY_JSON | value for name, value in nested.items()}
    return ANY_JSON | st.fixed_dictionaries({}, optional=fields)


PEOPLE = st.fixed_dictionaries({"data": st.lists(objects("id", "name", "username"), max_size=2)})
PAGING = objects("next", cursors=objects("after"))
MESSAGE = objects("id", "created_time", "message", "from", "attachments", "tags", to=PEOPLE)
MESSAGES = objects(data=st.lists(MESSAGE, max_size=3), paging=PAGING)
CONVERSATION = objects(
    "id",
    "updated_time",
    "message_count",
    "unread_count",
    "snippet",
    "can_reply",
    participants=PEOPLE,
    senders=PEOPLE,
    messages=MESSAGES,
)
ANSWER = objects(data=st.lists(CONVERSATION, max_size=3), paging=PAGING)


def test_sample_becomes_records():
    batch = ConversationBatch.from_graph(json.loads((SAMPLES / "conversations.json").read_text()))
    (record,) = batch.conversations
    assert (batch.after, batch.without_id) == ("QVFI6", 0)
    assert record.id == "t_100000000000001"
    assert record.updated_time == datetime(2026, 11, 20, 10, 38, 15, tzinfo=UTC)
    assert record.participants == [
        Person("7000000000000001", "Ana Test"),
        Person("900000000000001", "Demo Shop"),
    ]
    assert record.senders == [Person("7000000000000001", "Ana Test")]
    assert (record.message_count, record.unread_count, record.can_reply) == (3, 1, True)
    assert record.snippet == "Ana sent a photo."
    assert record.messages is not None
    assert record.messages.after == "QVFI4"
    photo, reply = record.messages.messages
    assert photo.attachments[0]["image_data"]["url"] == "https://scontent.example/1.jpg"
    assert photo.rest["reactions"]["data"][0]["reaction"] == "❤"
    assert (reply.message, reply.from_) == ("Ja, bis 18 Uhr 🙂", Person("900000000000001", "Demo Shop"))
    assert reply.to == [Person("7000000000000001", "Ana Test")]
    assert reply.rest["reply_to"] == {"mid": "m_AAAA", "is_self_reply": False}


def test_no_record_contains_the_token():
    batch = ConversationBatch.from_graph(json.loads((SAMPLES / "conversations.json").read_text()))
    assert "EAAmadeUp" not in repr(batch)
    nested = {"id": "m", "attachments": {"data": [{"id": "1", "x": {"paging": {"next": "EAAmadeUp"}}}]}}
    assert "EAAmadeUp" not in repr(Message.from_graph(nested))


@settings(max_examples=150)
@given(CONVERSATION)
def test_any_conversation_is_a_record_or_none(raw):
    record = Conversation.from_graph(raw)
    assert record is None or (record.id and isinstance(record.id, str))


@settings(max_examples=150)
@given(ANSWER)
def test_any_response_is_a_batch_unless_it_continues_without_a_cursor(raw):
    for kind in (ConversationBatch, MessageBatch):
        try:
            batch = kind.from_graph(raw)
        except GraphError:
            assert raw["paging"]["next"] is not None
        else:
            assert batch.after is None or batch.after.isascii()


@given(ANY_JSON)
def test_message_with_any_field_values_is_a_record(value):
    for field in ("created_time", "from", "message", "attachments", "to", "tags"):
        message = Message.from_graph({"id": "m_1", "new": 1, field: value})
        assert message is not None
        assert message.id == "m_1"
        assert json.dumps(message.rest)


@pytest.mark.parametrize("raw", [None, [], "t_1", 7, {}, {"id": None}, {"id": ""}, {"id": True}, {"id": {}}])
def test_item_without_an_id_is_no_record(raw):
    assert Conversation.from_graph(raw) is None
    assert Message.from_graph(raw) is None
    assert Person.from_graph(raw) is None


def test_ids_may_be_numbers():
    assert Person.from_graph({"id": 7000000000000001}) == Person("7000000000000001")


def test_instagram_people_are_named_by_user_name():
    assert Person.from_graph({"id": "1", "username": "ana.demo"}) == Person("1", "ana.demo")


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (3, 3),
        ("3", 3),
        (0, 0),
        (-1, 0),
        (2.0, 2),
        (10**30, BIGINT_MAX),
        ("9" * 5000, None),
        (None, None),
        (True, None),
        ("many", None),
        (float("inf"), None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_counts_fit_into_the_database(value, count):
    record = Conversation.from_graph({"id": "t_1", "message_count": value})
    assert record is not None
    assert record.message_count == count


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2026-11-20T10:38:15+0000", datetime(2026, 11, 20, 10, 38, 15, tzinfo=UTC)),
        ("2026-11-20T12:38:15+02:00", datetime(2026, 11, 20, 10, 38, 15, tzinfo=UTC)),
        ("2026-11-20T10:38:15", datetime(2026, 11, 20, 10, 38, 15, tzinfo=UTC)),
        (1_795_862_400, datetime(2026, 11, 28, 10, 40, tzinfo=UTC)),
        *((value, None) for value in ODD_TIMES),
    ],
)
def test_times_are_in_utc_or_unknown(value, time):
    record = Conversation.from_graph({"id": "t_1", "updated_time": value})
    assert record is not None
    assert record.updated_time == time


def test_nested_next_without_a_cursor_keeps_the_messages():
    messages = {"data": [{"id": "m_1", "message": "Hi"}], "paging": {"next": "https://x/"}}
    record = Conversation.from_graph({"id": "t_1", "messages": messages})
    assert record is not None
    assert record.messages == MessageBatch([Message("m_1", message="Hi")], "", 0)


def test_messages_without_content_are_counted_and_keep_their_ids():
    items = [{"id": "m_3", "message": "Hi"}, {"id": "m_2"}, {}, None, {"id": "m_1", "created_time": None}]
    batch = MessageBatch.from_graph({"data": items})
    assert (batch.unreadable, batch.ids) == (4, ["m_3", "m_2", "m_1"])


@pytest.mark.parametrize("messages", [None, [], "x", 5, {}, {"data": None}, {"data": {}}])
def test_response_without_a_message_list_differs_from_an_empty_list(messages):
    record = Conversation.from_graph({"id": "t_1", "messages": messages})
    assert record is not None
    assert record.messages is None


def test_unreadable_messages_are_counted():
    batch = MessageBatch.from_graph({"data": [{"id": "m_1", "message": "Hi"}, None, {"message": "no id"}]})
    assert ([message.id for message in batch.messages], batch.unreadable) == (["m_1"], 2)


@pytest.mark.parametrize("raw", [{"id": "m_1"}, {"id": "m_1", "message": None, "from": None}])
def test_message_with_nothing_but_its_id_is_unreadable(raw):
    batch = MessageBatch.from_graph({"data": [raw, {"id": "m_2", "message": ""}]})
    assert ([message.id for message in batch.messages], batch.unreadable) == (["m_2"], 1)


def test_other_fields_of_a_message_are_stored_unchanged():
    raw = {
        "id": "m_1",
        "message": "Hi",
        "attachments": {"data": []},
        "to": {"data": [{"id": "1"}]},
        "new": [1],
    }
    message = Message.from_graph(raw)
    assert message is not None
    assert message.rest == {"to": {"data": [{"id": "1"}]}, "new": [1]}
    assert set(raw) == {"id", "message", "attachments", "to", "new"}


def test_message_with_too_many_levels_is_cut():
    raw: dict = {"id": "m_1", "message": "Hi"}
    inner = raw
    for _ in range(10 * MAX_DEPTH):
        inner["x"] = [{}]
        inner = inner["x"][0]
    message = Message.from_graph(raw)
    assert message is not None
    assert 0 < repr(message.rest).count("{") <= MAX_DEPTH


def test_levels_that_are_too_deep_are_omitted():
    deep: dict = {}
    for _ in range(10 * MAX_DEPTH):
        deep = {"x": [deep]}
    text = repr(without_paging(deep))
    assert 0 < text.count("{") <= MAX_DEPTH
