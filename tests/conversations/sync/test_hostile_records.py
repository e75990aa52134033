"""Undocumented and malformed records: each costs at most itself."""

from typing import Any

import pytest
from django.db import connection

from conversations.models import InteractionEvent, Thread
from conversations.sandbox import ABSENT, Person
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "raw",
    [
        {"unread_count": 10**30, "message_count": -5},
        {"unread_count": "many", "message_count": float("inf"), "can_reply": "yes"},
        {"senders": 5, "snippet": ["?"], "new": {"field": [1, None, {"x": "\x00"}]}},
        {"participants": ABSENT},
        {"participants": {"data": [None, 5, "x", {"name": "nobody"}]}},
        {"updated_time": None},
        {"updated_time": "the day before yesterday"},
        {"messages": ABSENT},
        {"messages": None},
        {"messages": {"data": None}},
        {"messages": {"data": [], "paging": {"next": "https://evil.example/"}}},
        {"messages": {"data": [{"id": None}, 5], "paging": {"next": "https://evil.example/"}}},
    ],
    ids=str,
)
def test_odd_fields_cost_no_message(sync_twice, page, world, shop, add_threads, raw):
    add_threads(2)
    odd = world.add_conversation(shop, "Ana", messages=40, raw=raw)
    result = sync_twice()
    assert (result.status, result.inserted) == ("complete", 3)
    thread = page.threads.get(graph_id=odd.id)
    assert (thread.state, thread.held_count, thread.history) == ("stored", 40, "complete")
    conversation = thread.conversation
    assert (conversation.sender_id, conversation.sender_name) == (odd.customer.id, "Ana")
    assert (conversation.last_message, conversation.events.count()) == ("Message 40", 40)


@pytest.mark.parametrize(
    "raw", [None, 5, "thread", [], {"id": None}, {"id": ABSENT}, {"id": ""}, {"id": {}}], ids=str
)
def test_thing_without_an_id_is_skipped(sync_twice, page, world, shop, add_threads, raw):
    add_threads(2)
    world.add_conversation(shop, raw=raw)
    result = sync_twice()
    assert (result.status, result.inserted, result.skipped) == ("complete", 2, 1)


@pytest.mark.parametrize(
    "raw",
    [
        {"created_time": ABSENT},
        {"created_time": "soon"},
        {"created_time": "1901-01-01T00:00:00+0000"},
        {"created_time": "9999-12-31T23:59:59+0000"},
        {"from": ABSENT},
        {"from": {"name": "no id"}},
        {"id": 4711},
        {"message": ABSENT},
        {"message": 5},
        {"attachments": 5},
        {"attachments": {"data": [None, {"id": 1, "paging": {"next": "x"}}]}},
        {"reactions": [[[]]], "new": "\ud83d\x00"},
        {"new": float("-inf")},
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, 39])
def test_odd_message_is_stored_with_all_the_others(sync_twice, page, world, shop, raw, place):
    thread = world.add_conversation(shop, "Ana", messages=40)
    thread.history[place].raw = raw
    result = sync_twice()
    assert (result.status, result.inserted, result.events_created) == ("complete", 1, 40)
    assert page.threads.get().held_count == 40


def test_message_without_an_id_is_counted_and_costs_only_itself(sync, page, world, shop):
    thread = world.add_conversation(shop, messages=60)
    for place in (0, 59):
        thread.history[place].raw = {"id": ABSENT}
    assert sync().events_created == 58
    assert page.threads.get().unreadable_count == 2


def test_rejected_thread_does_not_count_as_stored(sync, page, world, shop):
    thread = world.add_conversation(shop, "Ana", messages=3)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_conversation ALTER sender_name TYPE varchar(40)")
    thread.customer.name = "Much too long a name " * 3
    result = sync()
    assert (result.status, result.skipped, page.threads.get().history) == ("complete", 1, "partial")
    thread.customer.name = "Ana"
    world.add_message(thread, "Again")
    for number in range(60):
        world.add_message(thread, f"Message {number}")
    assert sync().skipped == 0
    assert_exact(page, world, shop)


def test_thread_without_a_customer_is_stored_with_the_reason(sync_twice, page, world, shop, add_threads):
    add_threads(2)
    world.add_conversation(shop, None, [{"message": "Anybody there?", "from_page": True}])
    result = sync_twice()
    assert (result.status, result.inserted, result.skipped) == ("complete", 2, 1)
    thread = page.threads.get(state="unreadable")
    assert "does not name the customer" in thread.reason
    assert thread.record["messages"]["data"][0]["message"] == "Anybody there?"
    assert (thread.conversation, thread.history) == (None, "partial")


def test_links_that_change_with_every_answer_write_no_row(sync, page, world, shop):
    thread = world.add_conversation(shop, None, [{"message": "Anybody?", "from_page": True}])
    thread.raw = {"link": "/first", "snippet": "Anybody?", "new": 1}
    sync()
    before = row_versions()
    thread.raw = {"link": "/second", "snippet": "Anybody?", "new": 2}
    assert sync().skipped == 1
    assert row_versions() == before


def test_customer_named_later_gets_all_messages(sync, page, world, shop):
    thread = world.add_conversation(shop, "Ana", messages=20)
    thread.raw = {"participants": ABSENT, "senders": ABSENT}
    for message in thread.history.newest(0, 20):
        message.raw = {"from": ABSENT, "to": ABSENT}
    assert sync().skipped == 1
    thread.raw = ABSENT
    for message in thread.history.newest(0, 20):
        message.raw = ABSENT
    for number in range(40):
        world.add_message(thread, f"News {number}")
    assert sync().inserted == 1
    assert_exact(page, world, shop)


def test_customer_no_longer_named_is_known_from_earlier(sync, page, world, shop):
    thread = world.add_conversation(shop, "Ana", messages=2)
    sync()
    thread.raw = {"participants": ABSENT, "senders": ABSENT}
    new = world.add_message(thread, "Me again")
    for message in thread.history.newest(0, 3):
        message.raw = {"from": ABSENT, "to": ABSENT}
    assert sync().updated == 1
    conversation = page.conversations.get()
    assert (conversation.sender_name, conversation.last_message) == ("Ana", "Me again")
    assert conversation.events.get(graph_id=new.id).kind == InteractionEvent.Kind.MESSAGE_UNKNOWN


def test_two_threads_of_one_sender_stay_merged(sync_twice, page, world, shop, add_threads):
    add_threads(2)
    ana = Person("7777", "Ana")
    now = world.clock.now()
    for minutes in (1, 50):
        world.add_conversation(shop, ana, messages=40, updated_time=now - 60 * minutes)
    result = sync_twice()
    assert (result.inserted, result.updated, result.synced) == (3, 1, 4)
    assert_exact(page, world, shop)
    assert sorted(Thread.objects.values_list("state", flat=True)) == ["merged", "stored", "stored", "stored"]


def test_message_of_the_customer_before_many_answers_makes_a_done_conversation_active(
    sync, page, world, shop
):
    thread = world.add_conversation(shop, "Ana", messages=30)
    sync()
    page.conversations.update(conversation_status="done")
    world.add_message(thread, "One more question")
    for number in range(30):
        world.add_message(thread, f"Answer {number}", from_page=True)
    sync()
    assert page.conversations.get().conversation_status == "active"


def test_old_messages_do_not_make_a_done_conversation_active(sync, page, world, shop, sandbox):
    world.add_conversation(shop, "Ana", messages=60)

    def staff_is_done(progress):
        page.conversations.update(conversation_status="done")

    sync(on_progress=staff_is_done)
    assert page.conversations.get().conversation_status == "done"


def test_batch_of_malformed_records_beside_good_threads(sync, page, world, shop, sandbox, add_threads):
    """Malformed records beside good threads, with the undocumented fields refused."""
    sandbox.switches.refused_fields = {"senders", "Message.story"}
    add_threads(20)
    malformed: list[Any] = [None, {"id": 5}, {"participants": 7}, {"messages": "?"}, {"updated_time": []}]
    for raw in malformed:
        world.add_conversation(shop, messages=3, raw=raw)
    result = sync()
    assert (result.status, result.inserted, result.skipped) == ("complete", 24, 1)
