"""Each kind of item, alone and in orders in which Facebook may deliver it."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from conversations.models import Conversation, InteractionEvent, Page
from tests.conversations.webhooks.deliveries import ANA, NOON, PAGE_ID, deliver, item, message

AT_NOON = datetime.fromtimestamp(NOON / 1000, UTC)


@pytest.fixture(autouse=True)
def page(db) -> Page:
    return Page.objects.create(
        facebook_page_id=PAGE_ID, name="Demo Shop", access_token="x", instagram_account_id="17841"
    )


def events() -> list[InteractionEvent]:
    return list(InteractionEvent.objects.order_by("-occurred_at", "-rank", "-id"))


def one() -> InteractionEvent:
    [event] = events()
    return event


def test_message_makes_a_conversation():
    delivery = deliver(message("m_1", "Is it open?", ms=NOON + 123))
    assert (delivery.state, delivery.items, delivery.failed_items) == ("done", 1, 0)
    event = one()
    assert (event.kind, event.graph_id, event.text) == ("message_received", "m_1", "Is it open?")
    assert event.occurred_at == AT_NOON.replace(microsecond=123_000)
    row = Conversation.objects.get()
    assert (row.sender_id, row.platform, row.last_message) == (ANA, "messenger", "Is it open?")
    assert (row.last_message_time, row.unread_count, row.message_count) == (event.occurred_at, 1, 1)
    assert row.last_message_kind == "message_received"


def test_same_message_has_its_effect_once_in_every_form_of_its_id():
    for mid in ("m_abc", "abc"):
        assert deliver(message(mid), message(mid)).state == "done"
    assert one().graph_id == "m_abc"
    assert (Conversation.objects.get().unread_count, Conversation.objects.get().message_count) == (1, 1)


def test_echo_is_a_message_of_the_page_and_opens_nothing():
    deliver(message("m_1"), message("m_2", "Yes", ms=NOON + 1000, from_page=True, is_echo=True, app_id=263))
    newest, _ = events()
    assert (newest.kind, newest.data["app_id"]) == ("message_sent", 263)
    assert (Conversation.objects.get().sender_id, Conversation.objects.get().unread_count) == (ANA, 0)


def test_echo_under_an_id_of_the_business_that_is_not_known_is_no_customer():
    echo = message("m_1", "Yes", from_page=True, is_echo=True) | {"sender": {"id": "17849"}}
    deliver(echo)
    assert (one().kind, Conversation.objects.get().sender_id) == ("message_sent", ANA)


def test_customer_opens_a_conversation_that_was_done():
    deliver(message("m_1"))
    Conversation.objects.update(conversation_status="done")
    deliver(message("m_2", ms=NOON + 5000))
    assert Conversation.objects.get().conversation_status == "active"


def test_attachments_are_kept_and_shown_without_text():
    photo = {"type": "image", "payload": {"url": "https://cdn.example/a.jpg"}}
    odd = [{"type": "like_heart"}, {"type": "fallback", "payload": "text"}, {"type": "new", "payload": None}]
    deliver(message("m_1", "", attachments=[photo, photo, *odd], reply_to={"mid": "m_0"}))
    event = one()
    assert event.attachments == [photo, *odd]
    assert event.data["reply_to"] == "m_0"
    assert Conversation.objects.get().last_message != ""


UNSEND = item("message", {"mid": "m_1", "is_deleted": True}, ms=NOON + 9000)
FIRST, EDITED = (
    message("m_1", "Frist"),
    item("message_edit", {"mid": "m_1", "text": "First", "num_edit": "1"}),
)
LOVE = item("reaction", {"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤"}, ms=NOON + 5000)
UNREACT = item("reaction", {"mid": "m_1", "action": "unreact"}, ms=NOON + 6000)


def states() -> list[tuple]:
    return [(each.kind, each.occurred_at, each.text, each.attachments, each.data) for each in events()]


@pytest.mark.parametrize(
    "items",
    [(FIRST, UNSEND), (FIRST, EDITED, UNSEND), (FIRST, LOVE), (FIRST, LOVE, UNREACT), (FIRST, LOVE, EDITED)],
    ids=["unsend", "edit and unsend", "reaction", "reaction taken back", "reaction and edit"],
)
def test_any_order_gives_the_same_row(items):
    results = []
    for order in permutations(items):
        InteractionEvent.objects.all().delete()
        Conversation.objects.all().delete()
        for one_item in order:
            assert deliver(one_item).state == "done"
        results.append([state for state in states() if state[0] != "content_updated"])
    assert all(result == results[0] for result in results)


def test_unsend_takes_the_text_from_everywhere():
    deliver(message("m_0", "Before", ms=NOON - 5000), FIRST, EDITED)
    deliver(UNSEND)
    newest = InteractionEvent.objects.get(graph_id="m_1")
    assert (newest.text, newest.attachments, newest.data) == (
        "",
        [],
        {"deleted": True, "ms": 0, "source": "webhook"},
    )
    row = Conversation.objects.get()
    assert (row.last_message, row.last_message_time) == ("Before", AT_NOON)
    assert not InteractionEvent.objects.filter(data__has_key="before").exists()
    assert "frist" not in row.search


def test_edit_is_in_the_history():
    deliver(FIRST, EDITED)
    history, event = sorted(events(), key=lambda each: each.kind)
    assert (event.text, event.data["edited"]) == ("First", 1)
    assert history.data == {"message": "m_1", "changed": ["text"], "before": "Frist"}
    assert Conversation.objects.get().last_message == "First"
    deliver(
        item("message_edit", {"mid": "m_1", "text": "Zeroth", "num_edit": 0}, ms=NOON + 1)
    )  # an older one
    assert InteractionEvent.objects.get(graph_id="m_1").text == "First"


def test_reactions_are_those_of_both_sides():
    smile = {"mid": "m_1", "action": "react", "reaction": "smile", "emoji": "😆"}
    deliver(FIRST, LOVE, item("reaction", smile, from_page=True))
    assert one().data["reactions"] == [
        {"actor": "customer", "reaction": "love", "emoji": "❤"},
        {"actor": "page", "reaction": "smile", "emoji": "😆"},
    ]


def test_reads_and_deliveries_only_move_forward():
    deliver(FIRST)
    deliver(item("read", {"watermark": NOON + 9000}), item("delivery", {"watermark": NOON + 8000}))
    deliver(item("read", {"watermark": NOON + 1000}), item("delivery", {"mids": ["m_1"]}, ms=None))
    row = Conversation.objects.get()
    assert (row.seen_until, row.delivered_until is not None) == (AT_NOON.replace(second=9), True)


def test_reads_of_a_stranger_make_no_conversation():
    assert deliver(item("read", {"watermark": NOON})).state == "done"
    assert not Conversation.objects.exists()


def test_postback_is_a_message_with_its_title():
    start = {
        "title": "Get started",
        "payload": "START",
        "referral": {"ad_id": 238, "ref": "x"},
    }
    deliver(item("postback", start))
    deliver(item("postback", start))
    event = one()
    assert (event.kind, event.text) == ("message_received", "Get started")
    assert event.data["postback"] == {"title": "Get started", "payload": "START"}
    assert Conversation.objects.get().referral == {"ref": "x", "ad_id": "238"}


def test_referral_is_an_event_and_stands_on_the_conversation():
    referral = {
        "source": "ADS",
        "type": "OPEN_THREAD",
        "ad_id": "1",
        "ads_context_data": {"ad_title": "Sale"},
    }
    deliver(item("referral", referral, ms=NOON // 1000))  # seconds, as has been seen
    event = one()
    assert (event.kind, event.occurred_at) == ("referral_received", AT_NOON)
    assert event.data["referral"] == {
        "source": "ADS",
        "type": "OPEN_THREAD",
        "ad_id": "1",
        "ad_title": "Sale",
    }
    assert Conversation.objects.get().referral == event.data["referral"]


def test_standby_items_and_changes_are_like_others():
    deliver(message("m_1"), where="standby")
    deliver({"field": "messages", "value": message("m_2")}, where="changes")
    assert len(events()) == 2


def test_instagram_is_told_by_the_account():
    for kind in ("instagram", "page"):
        deliver(
            item("message", {"mid": f"aWd{kind}", "text": "Ciao"}, person="1784"), account="17841", kind=kind
        )
    assert {event.graph_id for event in events()} == {"aWdinstagram", "aWdpage"}
    assert Conversation.objects.get().platform == "instagram"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "text",
        {},
        {"sender": {"id": ANA}, "recipient": {"id": PAGE_ID}},
        item("message", None),
        item("message", {"text": "no ID"}),
        item("message", []),
        item("reaction", {"mid": "m_1", "action": "react"}),
        item("read", {}),
        item("referral", {}),
        item("something_new", {"mid": "m_9"}),
        {"sender": {"user_ref": "x"}, "recipient": {"id": PAGE_ID}, "message": {"mid": "m_5", "text": "?"}},
        {"change": {"field": "inbox_labels", "value": {"action": "add"}}},
    ],
)
def test_malformed_or_unknown_item_costs_only_itself(odd):
    delivery = deliver(odd, message("m_1"))
    assert (delivery.state, delivery.items, delivery.failed_items) == ("partial", 2, 1)
    assert delivery.error
    assert one().graph_id == "m_1"


@pytest.mark.parametrize(
    "known",
    [
        item("pass_thread_control", {"new_owner_app_id": "1"}),
        item("optin", {"type": "x"}),
        {"recipient": {"id": PAGE_ID}, "timestamp": NOON, "app_roles": {"1": ["primary_receiver"]}},
        {"recipient": {"id": PAGE_ID}, "policy-enforcement": {"action": "block"}},
        {"sender": {"id": ANA}, "recipient": {"id": PAGE_ID}, "postback": {}},
    ],
)
def test_items_without_effect_are_done(known):
    assert deliver(known).state == "done"
    assert not InteractionEvent.objects.exists()


def test_texts_that_postgresql_refuses_are_cleaned():
    delivery = deliver(message("m_1", "a\x00b\ud83d"), item("postback", {"title": "\x00", "payload": 7}))
    assert delivery.state == "done"
    assert {event.text for event in events()} == {"a\ufffdb\ufffd", "\ufffd"}


def test_missing_time_is_that_of_the_receipt():
    delivery = deliver(item("message", {"mid": "m_1", "text": "?"}, ms=None))
    event = one()
    assert (event.occurred_at, event.data["time"]) == (delivery.received_at.replace(microsecond=0), "unknown")
    assert Conversation.objects.get().last_message_time is None
