from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.graph import records
from conversations.models import Page
from conversations.sync.load.event_row import event_json
from conversations.sync.load.transform import NO_CUSTOMER, NO_TIME, Extent, ThreadRows, to_rows

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
PAGE = Page(pk=1, facebook_page_id="9", instagram_account_id="17841")
ANA = {"id": "7", "name": "Ana Test"}
SHOP = {"id": "9", "name": "Demo Shop"}


def at(minute: int) -> str:
    return f"2026-11-20T10:{minute:02}:00+0000"


def moment(minute: int) -> datetime:
    return datetime(2026, 11, 20, 10, minute, tzinfo=UTC)


def rows(messages: Any = (), sender_id: str = "", **fields: Any) -> ThreadRows:
    """Return the rows of Ana's thread with these messages, newest first."""
    shown = {"data": list(messages)} if isinstance(messages, tuple | list) else messages
    raw = {"id": "t_1", "updated_time": at(30), "participants": {"data": [SHOP, ANA]}, "messages": shown}
    record = records.Conversation.from_graph(raw | fields)
    assert record
    return to_rows(record, PAGE, "messenger", now=NOW, sender_id=sender_id)


def message(id: str = "m_1", minute: int | None = 10, **fields: Any) -> dict[str, Any]:
    time = {"created_time": at(minute)} if minute is not None else {}
    return {"id": id, "from": ANA, "message": f"Text of {id}"} | time | fields


def sent(id: str = "m_1", minute: int = 10, **fields: Any) -> dict[str, Any]:
    return message(id, minute, **fields) | {"from": SHOP}


def conversation(row: ThreadRows):
    assert row.conversation
    return row.conversation


# -- the customer ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [
        {"participants": {"data": [ANA, SHOP]}},
        {"participants": {"data": [{"id": 7, "name": None}, SHOP]}, "senders": {"data": [ANA]}},
        {"participants": {"data": [SHOP]}, "senders": {"data": [ANA]}},
        {"participants": None, "messages": {"data": [sent(), message("m_2")]}},
        {"participants": "?", "messages": {"data": [sent(to={"data": [ANA]})]}},
    ],
)
def test_customer_is_the_person_who_is_not_the_business(fields):
    row = conversation(rows(**fields))
    assert (row.sender_id, row.sender_name) == ("7", "Ana Test")


def test_customer_with_the_name_of_the_page_is_a_customer():
    row = conversation(rows(participants={"data": [SHOP, {"id": "8", "name": "Demo Shop"}]}))
    assert row.sender_id == "8"


@pytest.mark.parametrize(
    "people", [None, [], {"data": [SHOP]}, {"data": [{"id": "17841"}]}, {"data": [{"name": "Ana"}]}]
)
def test_thread_without_a_customer_is_unreadable_with_the_reason(people):
    row = rows([sent()], participants=people)
    assert (row.conversation, row.sender_id) == (None, "")
    assert (row.thread.state, row.thread.reason) == ("unreadable", NO_CUSTOMER)
    assert row.thread.record is not None
    assert row.thread.record["messages"]["data"][0]["message"] == "Text of m_1"


def test_customer_known_only_from_the_thread_table_is_used():
    row = rows(participants=None, sender_id="7")
    assert (row.thread.state, conversation(row).sender_id, conversation(row).sender_name) == (
        "stored",
        "7",
        "",
    )


# -- messages ----------------------------------------------------------------------------------------------
def test_messages_become_events_oldest_first():
    row = rows([message("m_3", 12), sent("m_2", 11), message("m_1", 10) | {"from": None}])
    assert [(event.graph_id, event.kind, event.occurred_at) for event in row.events] == [
        ("m_1", "message_unknown", moment(10)),
        ("m_2", "message_sent", moment(11)),
        ("m_3", "message_received", moment(12)),
    ]
    assert (row.shown.oldest, row.shown.newest) == (moment(10), moment(12))


def test_every_field_of_a_message_is_kept():
    photo = {"id": "1", "mime_type": "image/png", "image_data": {"url": "https://x/1.png"}}
    rest: dict[str, Any] = {
        "sticker": "https://x/s.png",
        "reply_to": {"mid": "m_0"},
        "new": [1, None, {"deep": True}],
    }
    (event,) = rows([message(attachments={"data": [photo]}, **rest)]).events
    attachments, data = event_json(event)
    assert attachments == [photo]
    assert (rest | {"reply_to": "m_0"}).items() <= data.items()
    assert event.text == "Text of m_1"


def test_message_without_a_time_gets_that_of_the_next_older_one():
    row = rows([message("m_4", None), message("m_3", 20), message("m_2", None), message("m_1", 10)])
    assert [event.occurred_at for event in row.events] == [moment(10), moment(10), moment(20), moment(20)]
    assert [event_json(event)[1].get("time") for event in row.events] == [None, "unknown", None, "unknown"]


@pytest.mark.parametrize(("updated_time", "expected"), [(at(30), moment(30)), ("soon", NO_TIME)])
def test_messages_without_any_time_get_that_of_the_thread(updated_time, expected):
    row = rows([message(minute=None), {"no": "id"}], updated_time=updated_time)
    (event,) = row.events
    assert (event.occurred_at, row.thread.unreadable_count, row.thread.state) == (expected, 1, "stored")


def test_assumed_times_are_no_limits():
    row = rows([message("m_3", None), message("m_2", 20), message("m_1", None)])
    assert (row.shown.oldest, row.shown.newest) == (moment(20), moment(20))
    assert (conversation(row).last_message, conversation(row).last_message_time) == (
        "Text of m_2",
        moment(20),
    )


def test_oldest_message_without_any_other_time_gets_that_of_the_next_newer_one():
    row = rows([message("m_2", 10), message("m_1", None)], updated_time=None)
    assert [event.occurred_at for event in row.events] == [moment(10), moment(10)]


def test_time_in_the_future_is_not_the_newest():
    future = (NOW + timedelta(days=400)).isoformat()
    row = rows([message("m_2", created_time=future), message("m_1", 10)])
    assert (row.shown.newest, row.events[-1].occurred_at) == (moment(10), NOW + timedelta(days=400))


@pytest.mark.parametrize("messages", [None, "x", {"data": None}])
def test_thread_without_its_messages_is_not_whole(messages):
    assert rows(messages, message_count=0).shown.extent is Extent.PARTIAL


def test_thread_is_whole_if_its_messages_end():
    assert rows([message()], message_count=99).shown.extent is Extent.WHOLE
    goes_on = {"data": [message()], "paging": {"next": "https://x/", "cursors": {"after": "A"}}}
    shown = rows(goes_on).shown
    assert (shown.extent, shown.after) == (Extent.PARTIAL, "A")
    nowhere = {"data": [message()], "paging": {"next": "https://x/"}}
    shown = rows(nowhere).shown
    assert (shown.extent, shown.after) == (Extent.PARTIAL, None)


def test_thread_that_fills_the_request_is_capped_if_facebook_counts_more():
    messages = [message(f"m_{n}", 50 - n) for n in range(25)]
    raw = {"id": "t_1", "participants": {"data": [SHOP, ANA]}, "messages": {"data": messages}}

    def extent(count: int, limit: int) -> Extent:
        record = records.Conversation.from_graph(raw | {"message_count": count}, records.Requested(limit))
        assert record
        return to_rows(record, PAGE, "messenger", now=NOW).shown.extent

    assert [extent(80, 26), extent(80, 25), extent(25, 25)] == [Extent.CAPPED, Extent.CAPPED, Extent.WHOLE]
    raw["messages"] = {"data": messages[:24]}
    assert extent(80, 26) is Extent.WHOLE


# -- the conversation --------------------------------------------------------------------------------------
def test_newest_message_is_the_last_message():
    row = conversation(rows([message("m_2", 20), message("m_1", 10)], snippet="A snippet", message_count=7))
    assert (row.last_message, row.last_message_time) == ("Text of m_2", moment(20))
    assert (row.graph_id, row.message_count, row.unread_count, row.can_reply) == ("t_1", 7, 0, True)
    assert row.search == "ana test\ntext of m_2"


@pytest.mark.parametrize("messages", [[message(message="", minute=30)], [], None])
def test_snippet_replaces_a_missing_text(messages):
    row = conversation(rows(messages, snippet="Ana sent a photo."))
    assert (row.last_message, row.last_message_time) == ("Ana sent a photo.", moment(30))


def test_unknown_values_stay_empty():
    row = conversation(rows([], updated_time=None))
    assert (row.last_message, row.last_message_time, row.message_count) == ("", None, 0)


@pytest.mark.parametrize(
    ("fields", "unread", "reply"),
    [
        ({}, False, False),
        ({"unread_count": 0}, True, False),
        ({"message_count": 1}, True, False),
        ({"can_reply": False}, False, True),
    ],
)
def test_missing_counts_differ_from_zero(fields, unread, reply):
    row = rows([message()], **fields)
    assert ("message_count" in row.given, "can_reply" in row.given) == (unread, reply)


def test_any_text_is_made_storable():
    odd = "a\x00\ud83d"
    row = rows(
        [message(odd, message=odd, new={odd: odd})], id=odd, participants={"data": [{"id": odd, "name": odd}]}
    )
    clean = "a\ufffd\ufffd"
    assert (row.thread.graph_id, row.sender_id, conversation(row).sender_name) == (clean, clean, clean)
    assert (row.events[0].graph_id, row.events[0].text, event_json(row.events[0])[1]["new"]) == (
        clean,
        clean,
        {clean: clean},
    )
