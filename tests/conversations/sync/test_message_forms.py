"""Messages are stored whatever form Facebook gives them: their times, and lists that are not complete."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.graph.coercion import as_time
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.sandbox import ABSENT, faults
from conversations.sync.service import SyncResult, sync_conversations
from tests.conversations.sync.copies import row_versions

SECONDS = 1_795_862_400
MOMENT = datetime.fromtimestamp(SECONDS, UTC)


def full_sync(page: Page) -> SyncResult:
    result = sync_conversations(page, full=True)
    assert (result.status, result.error) == ("complete", "")
    return result


def times() -> list[datetime]:
    return list(InteractionEvent.objects.order_by("id").values_list("occurred_at", flat=True))


# -- times -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "value",
    [
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        SECONDS * 1000,
        f"{SECONDS}000",
        f"{SECONDS}.0",
        "2026-11-28T10:40:00+0000",
        "2026-11-28T10:40:00",
        "2026-11-28T12:40:00+02:00",
        "2026-11-28 10:40:00Z",
        "2026-11-28t10:40:00z",
        SECONDS * 10**6,
        f"{SECONDS}000000000",
        "Sat, 28 Nov 2026 10:40:00 +0000",
    ],
)
def test_time_is_read_in_every_form(value):
    assert as_time(value) == MOMENT


def test_digits_are_not_a_day_of_the_year_1795():
    assert as_time("1795112012345") == datetime(2026, 11, 19, 18, 13, 32, 345000, UTC)


@pytest.mark.parametrize(
    "value",
    ["", "soon", "0", 0, -1, True, None, [], "0001-01-01T00:00:00+0000", float("inf"), 10**400, "9" * 5000],
)
def test_unusable_times_are_unknown(value):
    assert as_time(value) is None


@pytest.mark.parametrize("time", [str(SECONDS), SECONDS * 1000])
def test_thread_with_times_in_unix_form_is_stored(page, world, shop, time):
    message = {"message": "Hi", "raw": {"created_time": time}}
    world.add_conversation(shop, "Ana Test", [message], raw={"updated_time": time})
    assert full_sync(page).inserted == 1
    conversation, event = Conversation.objects.get(), InteractionEvent.objects.get()
    assert (event.text, event.occurred_at, conversation.last_message_time) == ("Hi", MOMENT, MOMENT)
    assert "time" not in event.data


def untimed(text: str, time: Any = "soon") -> dict[str, Any]:
    return {"message": text, "raw": {"created_time": time}}


def test_message_without_a_time_stands_by_its_older_neighbor(page, world, shop):
    messages = [{"message": "first", "created_time": SECONDS}, untimed("second"), untimed("third", ABSENT)]
    world.add_conversation(shop, "Ana Test", messages, updated_time=SECONDS + 600)
    full_sync(page)
    assert times() == [MOMENT, MOMENT, MOMENT]
    unknown = InteractionEvent.objects.filter(data__time="unknown").values_list("text", flat=True)
    assert list(unknown) == ["second", "third"]
    assert Conversation.objects.get().last_message_time == MOMENT
    assert Thread.objects.get().complete_until == MOMENT


def test_message_without_a_time_takes_that_of_a_neighbor_in_a_later_list(page, world, shop, sandbox):
    messages = [{"message": "first", "created_time": SECONDS}, untimed("second")]
    thread = world.add_conversation(shop, "Ana Test", messages, updated_time=SECONDS + 600)
    sandbox.switches.max_nested_limit = 1
    sandbox.faults.add(faults.graph_error(2), times=1000, path=f"/{thread.id}/messages")
    assert sync_conversations(page, full=True).owed == 1
    sandbox.switches.max_nested_limit = None
    sync_conversations(page, full=True)
    assert times() == [MOMENT, MOMENT]


@pytest.mark.parametrize("is_interrupted", [False, True])
@pytest.mark.parametrize("per_second", [1, 40])
def test_message_without_a_time_at_the_end_of_an_answer_stands_by_its_older_neighbor(
    page, world, shop, sandbox, is_interrupted, per_second
):
    """The list shows 26 messages and the next answer 100: the older neighbor is in the answer after that."""
    moments = [SECONDS + n // per_second for n in range(200)]
    ends = {200 - 26, 200 - 25, 200 - 126, 0}
    messages = [
        {"message": f"Message {n}", "created_time": time}
        | ({"raw": {"created_time": ABSENT}} if n in ends else {})
        for n, time in enumerate(moments)
    ]
    thread = world.add_conversation(shop, "Ana Test", messages, updated_time=moments[-1])
    if is_interrupted:
        sandbox.faults.add(faults.graph_error(2), times=1000, after=1, path=f"/{thread.id}/messages")
        assert sync_conversations(page, full=True).owed == 1
        sandbox.faults.clear()
        page.refresh_from_db()
    assert sync_conversations(page).status == "complete"
    expected = [
        moments[n - 1 - (n - 1 in ends)] if n in ends and n else time for n, time in enumerate(moments)
    ]
    expected[0] = moments[-1]  # there is no older one: the time of the thread
    stored = {event.text: event for event in InteractionEvent.objects.all()}
    assert [stored[f"Message {n}"].occurred_at.timestamp() for n in range(200)] == expected
    order = InteractionEvent.objects.newest_first().exclude(text="Message 0")
    assert [event.text for event in order] == [f"Message {n}" for n in range(199, 0, -1)]
    before = row_versions()
    full_sync(page)
    assert row_versions() == before


def test_thread_whose_messages_were_dropped_is_completed_by_a_full_sync(page, world, shop):
    """An earlier version dropped all messages of such a thread, and counted them as unreadable."""
    message = {"message": "Hi", "raw": {"created_time": SECONDS}}
    thread = world.add_conversation(shop, "Ana Test", [message], raw={"updated_time": SECONDS})
    full_sync(page)
    InteractionEvent.objects.all().delete()
    Thread.objects.update(held_count=0, unreadable_count=1, updated_time=None, complete_until=None)
    Conversation.objects.update(last_message="", last_message_time=None, last_message_kind="")
    full_sync(page)
    stored = Thread.objects.get()
    assert (stored.graph_id, stored.held_count, stored.unreadable_count) == (thread.id, 1, 0)
    assert (times(), Conversation.objects.get().last_message) == ([MOMENT], "Hi")


# -- lists that end too early ------------------------------------------------------------------------------
def add_capped_thread(world, shop, messages: int = 80, **fields: Any):
    """A thread whose nested messages end after 25, although Facebook counts more."""
    thread = world.add_conversation(shop, messages=messages, **fields)
    shown = [
        {
            "id": one.id,
            "created_time": datetime.fromtimestamp(one.created_time, UTC).isoformat(),
            "message": one.message,
            "from": {"id": one.sender.id if one.sender else ""},
        }
        for one in thread.history.newest(0, 25)
    ]
    nested = {"data": shown, "paging": {"cursors": {"before": "a", "after": "b"}}}
    thread.raw = {"messages": nested, "message_count": messages}
    return thread


def edge_calls(sandbox, thread) -> int:
    return len(sandbox.call_log.matching(f"/{thread.id}/messages"))


def test_thread_that_was_cut_is_read_once_in_full_runs(page, world, shop, sandbox):
    thread = add_capped_thread(world, shop)
    for _ in range(2):
        full_sync(page)
        assert (InteractionEvent.objects.count(), edge_calls(sandbox, thread)) == (80, 1)
    stored = Thread.objects.get()
    assert (stored.state, stored.history, stored.audited_count) == ("stored", "complete", 80)


def test_thread_with_a_wrong_count_is_read_once(page, world, shop, sandbox):
    thread = add_capped_thread(world, shop, 25)
    thread.raw["message_count"] = 30
    for _ in range(3):
        full_sync(page)
    assert (InteractionEvent.objects.count(), edge_calls(sandbox, thread)) == (25, 1)


@pytest.mark.parametrize(("count", "read"), [(1, 1), (5, 2)])
def test_incremental_run_reads_cut_threads_within_its_number_of_calls(
    page, world, shop, sandbox, count, read
):
    world.add_conversation(shop)
    full_sync(page)
    threads = [add_capped_thread(world, shop) for _ in range(count)]
    sandbox.call_log.clear()
    assert sync_conversations(page).status == "complete"
    assert sum(edge_calls(sandbox, thread) for thread in threads) == read
    assert len(sandbox.call_log.calls) == 1 + read
    full_sync(page)
    assert InteractionEvent.objects.count() == 1 + 80 * count


def test_attachments_behind_a_cursor_are_marked(page, world, shop):
    images = [{"id": str(n), "mime_type": "image/png", "name": f"image-{n}"} for n in range(25)]
    paging = {"cursors": {"after": "MjQZD"}, "next": "https://graph.facebook.com/v26.0/m_1/attachments"}
    cut = {"attachments": {"data": images, "paging": paging}}
    whole = {"attachments": {"data": images[:1], "paging": {"cursors": {"after": "MjQZD"}}}}
    messages = [{"attachments": images, "raw": cut}, {"attachments": images, "raw": whole}]
    world.add_conversation(shop, "Ana Test", messages)
    full_sync(page)
    many, one = InteractionEvent.objects.order_by("id")
    assert (len(many.attachments), many.data["cut"]) == (25, ["attachments"])
    assert (len(one.attachments), "cut" in one.data) == (1, False)
    assert "paging" not in str(many.data)
