"""Combining stored and received rows: the result does not depend on the order of the answers."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.graph import records
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.sync.load import batch_loader, thread_history
from conversations.sync.load.transform import Extent, ThreadRows, to_rows

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = START + timedelta(days=1)

pytestmark = pytest.mark.django_db


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def snapshot(
    page: Page,
    minutes: list[int],
    *,
    thread: str = "t_1",
    shown: int = 25,
    name: str = "Ana",
    unread: int = 0,
    **fields,
) -> ThreadRows:
    """Ana's thread as Facebook shows it after these messages: even minutes are hers, odd ones the Page's."""
    messages = [
        {
            "id": f"m_{thread}_{minute}",
            "created_time": at(minute).isoformat(),
            "from": {"id": str(7 + 2 * (minute % 2))},
            "message": f"At {minute}",
        }
        for minute in sorted(minutes, reverse=True)
    ]
    paging = {"next": "https://x/", "cursors": {"after": "A"}} if len(messages) > shown else {}
    raw = {
        "id": thread,
        "updated_time": at(max(minutes)).isoformat(),
        "participants": {"data": [{"id": "7", "name": name}]},
        "message_count": len(messages),
        "unread_count": unread,
        "can_reply": True,
        "messages": {"data": messages[:shown], "paging": paging},
    }
    record = records.Conversation.from_graph(raw | fields)
    assert record
    return to_rows(record, page, "messenger", now=NOW)


def save(page: Page, *rows: ThreadRows) -> list[str]:
    return [outcome.result for outcome in batch_loader.save_batch(page, rows)]


def state(page: Page) -> tuple:
    """The conversation, its threads and its messages, without keys."""
    conversation = page.conversations.get()
    names = (
        "graph_id",
        "sender_name",
        "last_message",
        "last_message_time",
        "last_message_kind",
        "message_count",
        "unread_count",
        "can_reply",
        "conversation_status",
        "search",
        "told",
    )
    threads = page.threads.order_by("graph_id").values_list(
        "graph_id", "state", "updated_time", "message_count", "held_count", "told"
    )
    events = conversation.events.order_by("occurred_at", "graph_id").values_list("graph_id", "kind", "text")
    return [getattr(conversation, name) for name in names], list(threads), list(events)


def test_newer_state_replaces_an_older_one(shop_page):
    assert save(shop_page, snapshot(shop_page, [0])) == ["inserted"]
    assert save(shop_page, snapshot(shop_page, [0, 2], unread=1)) == ["updated"]
    row = Conversation.objects.get()
    assert (row.last_message, row.last_message_time, row.message_count, row.unread_count) == (
        "At 2",
        at(2),
        2,
        1,
    )


def test_kind_of_the_last_message_is_stored(shop_page):
    save(shop_page, snapshot(shop_page, [0, 2]))
    assert Conversation.objects.get().last_message_kind == "message_received"
    save(shop_page, snapshot(shop_page, [0, 2, 3]))
    assert Conversation.objects.get().last_message_kind == "message_sent"
    save(shop_page, snapshot(shop_page, [4], messages=None))  # without messages, the sender is unknown
    assert Conversation.objects.get().last_message_kind == ""
    save(shop_page, snapshot(shop_page, [0, 2, 3, 4]))
    assert Conversation.objects.get().last_message_kind == "message_received"


def test_older_state_after_a_newer_one_changes_nothing(shop_page):
    save(shop_page, snapshot(shop_page, [0, 2, 4], unread=2))
    before = state(shop_page)
    assert save(shop_page, snapshot(shop_page, [0, 2], unread=1)) == ["unchanged"]
    assert state(shop_page) == before


def test_older_state_still_adds_its_messages(shop_page):
    save(shop_page, snapshot(shop_page, [8], shown=1))
    assert save(shop_page, snapshot(shop_page, [0, 2])) == ["updated"]
    assert InteractionEvent.objects.count() == 3
    assert Conversation.objects.get().last_message == "At 8"


def test_newer_message_counts_although_its_thread_has_no_time(shop_page):
    save(shop_page, snapshot(shop_page, [0]))
    save(shop_page, snapshot(shop_page, [0, 2], updated_time=None))
    assert Conversation.objects.get().last_message == "At 2"


def test_known_name_is_not_replaced_by_an_empty_one(shop_page):
    save(shop_page, snapshot(shop_page, [0], name="Ana"))
    save(shop_page, snapshot(shop_page, [0, 2], name=""))
    row = Conversation.objects.get()
    assert (row.sender_name, row.search) == ("Ana", "ana\nat 2")
    save(shop_page, snapshot(shop_page, [0, 2, 4], name="Ana Married"))
    assert Conversation.objects.get().sender_name == "Ana Married"


def test_name_of_an_older_state_is_used_if_the_newer_has_none(shop_page):
    save(shop_page, snapshot(shop_page, [0, 2], name=""))
    save(shop_page, snapshot(shop_page, [0], name="Ana"))
    assert Conversation.objects.get().sender_name == "Ana"


def test_missing_counts_keep_their_values(shop_page):
    save(shop_page, snapshot(shop_page, [0], unread=3, can_reply=False))
    save(shop_page, snapshot(shop_page, [0, 2], unread_count=None, message_count=None, can_reply=None))
    row, thread = Conversation.objects.get(), Thread.objects.get()
    assert (row.unread_count, row.message_count, row.can_reply, thread.message_count) == (3, 1, False, 1)


@pytest.mark.parametrize(("minute", "status"), [(2, "active"), (3, "done")])
def test_new_message_of_the_customer_makes_a_done_conversation_active(shop_page, minute, status):
    save(shop_page, snapshot(shop_page, [0]))
    Conversation.objects.update(conversation_status="done")
    save(shop_page, snapshot(shop_page, [0, minute]))
    assert Conversation.objects.get().conversation_status == status


def test_old_messages_do_not_make_a_done_conversation_active(shop_page):
    save(shop_page, snapshot(shop_page, [0, 2, 4, 6], shown=2))
    Conversation.objects.update(conversation_status="done")
    save(shop_page, snapshot(shop_page, [0, 2, 4, 6], shown=4))
    assert Conversation.objects.get().conversation_status == "done"


def test_read_thread_is_no_longer_unread(shop_page):
    save(shop_page, snapshot(shop_page, [0], unread=1))
    assert save(shop_page, snapshot(shop_page, [0], unread=0)) == ["updated"]
    assert Conversation.objects.get().unread_count == 0


def test_missing_text_keeps_its_value(shop_page):
    save(shop_page, snapshot(shop_page, [0]))
    for less in ({"messages": None}, {"messages": None, "snippet": "At"}):
        assert save(shop_page, snapshot(shop_page, [0], **less)) == ["unchanged"]
    assert Conversation.objects.get().last_message == "At 0"


@pytest.mark.parametrize(("new", "state"), [(1, "stored"), (24, "stored"), (25, "owed"), (26, "owed")])
def test_one_stored_message_proves_that_there_is_no_gap(shop_page, new, state):
    old = list(range(30))
    save(shop_page, snapshot(shop_page, old))
    thread_history.finish_backfill(Thread.objects.get(), at(29))
    save(shop_page, snapshot(shop_page, old + list(range(30, 30 + new))))
    assert Thread.objects.get().state == state


def test_stored_message_proves_nothing_if_the_history_had_a_gap(shop_page):
    """Of four messages in one second, the second was never shown: it must be requested."""

    def answer(*ids: str) -> ThreadRows:
        messages = [{"id": id, "created_time": at(0).isoformat(), "from": {"id": "7"}} for id in ids]
        paging = {"next": "https://x/", "cursors": {"after": "A"}}
        return snapshot(shop_page, [0], messages={"data": messages, "paging": paging})

    save(shop_page, answer("m_1"))
    thread_history.finish_backfill(Thread.objects.get(), at(0))
    save(shop_page, answer("m_3"))
    assert Thread.objects.get().state == "owed"
    save(shop_page, answer("m_4", "m_3"))
    assert Thread.objects.get().state == "owed"


def test_stored_messages_of_the_same_second_are_no_gap(shop_page):
    burst = snapshot(shop_page, [0], shown=1)
    burst.shown.extent = Extent.PARTIAL
    save(shop_page, burst)
    thread_history.finish_backfill(Thread.objects.get(), at(0))
    again = snapshot(shop_page, [0], shown=1)
    again.shown.extent = Extent.PARTIAL
    assert save(shop_page, again) == ["unchanged"]
    assert Thread.objects.get().state == "stored"


# -- any order ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_column_has_the_value_of_the_newest_state_that_gives_it_in_any_order(shop_page, order):
    states = [
        snapshot(shop_page, [0], name="Ana", unread=1),
        snapshot(shop_page, [0, 2], name="Ana Married", unread=2, can_reply=False),
        snapshot(shop_page, [0, 2, 4], name="", unread_count=None, message_count=None, can_reply=None),
    ]
    for number in order:
        save(shop_page, states[number])
    row = Conversation.objects.get()
    assert (row.sender_name, row.unread_count, row.can_reply) == ("Ana Married", 2, False)
    assert (row.message_count, Thread.objects.get().message_count) == (2, 2)
    save(shop_page, snapshot(shop_page, [0, 2, 4, 6], name="Ana", unread=4))
    row.refresh_from_db()
    assert (row.sender_name, row.unread_count, row.can_reply, row.told) == ("Ana", 4, True, {})


@st.composite
def stories(draw):
    """Return states of two threads of one sender, in two orders."""
    states = []
    for thread, offset in (("t_1", 0), ("t_2", draw(st.integers(-30, 30)) * 2)):
        minutes = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=6)))
        minutes = [minute + offset + 100 for minute in minutes]
        for end in range(1, len(minutes) + 1):
            name = draw(st.sampled_from(["", "Ana", "Ana Married"]))
            values = {"unread": draw(st.integers(0, 3))}
            if draw(st.booleans()):
                values = {"unread_count": None, "message_count": None}
            if draw(st.booleans()):
                values["can_reply"] = draw(st.sampled_from([None, False]))
            states.append((thread, minutes[:end], name, values))
    chosen = draw(st.lists(st.sampled_from(range(len(states))), min_size=2, max_size=7, unique=True))
    shuffled = draw(st.permutations(chosen))
    return [states[n] for n in chosen], [states[n] for n in shuffled], draw(st.integers(1, len(chosen)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stories())
def test_any_order_of_the_same_states_gives_the_same_rows(shop_page, story):
    chosen, shuffled, cut = story
    results = []
    for batches in ([[one] for one in chosen], [shuffled[:cut], shuffled[cut:]], [shuffled, shuffled]):
        Page.objects.all().delete()
        page = Page.objects.create(facebook_page_id="9")
        for batch in batches:
            save(page, *(snapshot(page, m, thread=t, name=n, **values) for t, m, n, values in batch))
        results.append(state(page))
    assert results[0] == results[1] == results[2]
