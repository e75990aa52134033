"""Threads of which Facebook shows fewer messages than it counts: Instagram's window, audits of full runs."""

from datetime import datetime

import pytest

from conversations.graph import records
from conversations.models import InteractionEvent, Page, Thread
from conversations.sync.load import batch_loader, thread_history
from conversations.sync.load.audits import choose_audits
from conversations.sync.load.batch_loader import ThreadResult
from conversations.sync.load.transform import Extent, ThreadRows, to_events, to_rows
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.load.test_batch_loader import at, shown

pytestmark = pytest.mark.django_db


def on_instagram(
    page: Page, newest: int, count: int, *, bare: int = 0, has_next: bool = True, **fields
) -> ThreadRows:
    """A thread with one message a minute: its newest `count` messages, and `bare` IDs without content."""
    messages: list[dict] = [
        {"id": f"m_{minute}", "created_time": at(minute).isoformat(), "message": "Hi", "from": {"id": "7"}}
        for minute in range(newest, newest - count, -1)
    ]
    messages += [{"id": f"m_{newest - count - n}"} for n in range(bare)]
    paging = {"next": "https://x/", "cursors": {"after": "A"}} if has_next else {}
    raw = {
        "id": "t_1",
        "updated_time": at(newest).isoformat(),
        "participants": {"data": [{"id": "7", "username": "ana"}]},
        "message_count": newest,
        "messages": {"data": messages, "paging": paging},
    }
    record = records.Conversation.from_graph(raw | fields)
    assert record
    return to_rows(record, page, "instagram", now=at(10_000))


def save(
    page: Page, row: ThreadRows, *, is_full: bool = False, has_spare_calls: bool = False
) -> ThreadResult:
    (outcome,) = batch_loader.save_batch(page, [row])
    choose_audits([outcome], is_full=is_full, has_spare_calls=has_spare_calls)
    return outcome


def thread_state() -> tuple[str, str, datetime | None]:
    thread = Thread.objects.get()
    return thread.state, thread.history, thread.complete_until


# -- Instagram ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "fields"),
    [
        (20, {"bare": 5}),
        (20, {"bare": 5, "has_next": False}),
        (20, {}),
        (25, {}),
        (20, {"has_next": False}),
    ],
    ids=["bare IDs", "bare IDs to the end", "left out", "all shown", "left out without a cursor"],
)
def test_full_window_is_not_read_further(shop_page, count, fields):
    outcome = save(shop_page, on_instagram(shop_page, 90, count, **fields))
    assert (outcome.needs_history, outcome.shown.after) == (False, None)
    assert thread_state() == ("stored", "truncated", at(90))
    assert InteractionEvent.objects.count() == count


def test_window_that_is_not_full_is_read_further(shop_page):
    outcome = save(shop_page, on_instagram(shop_page, 90, 12))
    assert (outcome.needs_history, outcome.shown.after) == (True, "A")
    older = [records.Message(f"m_{90 - n}", at(90 - n), message="Hi") for n in range(12, 20)]
    events = to_events(records.MessageBatch(older), shop_page, thread_time=None)
    thread_history.save_messages(outcome.thread, events)
    thread_history.finish_backfill(outcome.thread, outcome.shown.newest, truncated=True)
    assert thread_state() == ("stored", "truncated", at(90))
    before = row_versions()
    assert save(shop_page, on_instagram(shop_page, 90, 12)).result == "unchanged"
    assert row_versions() == before


@pytest.mark.parametrize("count", [3, 20])
def test_short_thread_is_complete(shop_page, count):
    save(shop_page, on_instagram(shop_page, count, count, has_next=False))
    assert thread_state()[:2] == ("stored", "complete")


def test_truncated_thread_is_not_written_again_before_it_changes(shop_page):
    save(shop_page, on_instagram(shop_page, 90, 20, bare=5))
    before = row_versions()
    assert save(shop_page, on_instagram(shop_page, 90, 20, bare=5)).result == "unchanged"
    assert row_versions() == before


@pytest.mark.parametrize(("new", "stored"), [(1, 21), (19, 39), (20, 40), (60, 40)])
def test_new_messages_of_a_truncated_thread_are_added(shop_page, new, stored):
    save(shop_page, on_instagram(shop_page, 90, 20, bare=5))
    outcome = save(shop_page, on_instagram(shop_page, 90 + new, 20, bare=5))
    assert not outcome.needs_history
    assert thread_state() == ("stored", "truncated", at(90 + new))
    assert InteractionEvent.objects.count() == Thread.objects.get().held_count == stored


@pytest.mark.parametrize(("new", "history"), [(19, "complete"), (20, "truncated")])
def test_thread_that_outgrows_the_window_stays_complete_unless_it_has_a_gap(shop_page, new, history):
    save(shop_page, on_instagram(shop_page, 15, 15, has_next=False))
    save(shop_page, on_instagram(shop_page, 15 + new, 20, bare=5))
    assert thread_state() == ("stored", history, at(15 + new))


@pytest.mark.parametrize("by", ["its backfill", "a list"])
@pytest.mark.parametrize(("first", "history"), [(15, "complete"), (90, "truncated")])
def test_closing_a_gap_does_not_complete_a_truncated_thread(shop_page, first, history, by):
    save(
        shop_page, on_instagram(shop_page, first, min(first, 20), bare=5 if first > 20 else 0, has_next=False)
    )
    outcome = save(shop_page, on_instagram(shop_page, first + 10, 5))
    assert outcome.needs_history
    assert thread_state() == ("owed", "partial", at(first))
    if by == "a list":
        save(shop_page, on_instagram(shop_page, first + 10, 12))
    else:
        older = [records.Message(f"m_{first + n}", at(first + n), message="Hi") for n in range(5, -2, -1)]
        thread_history.save_messages(
            outcome.thread, to_events(records.MessageBatch(older), shop_page, thread_time=None)
        )
        thread_history.finish_backfill(outcome.thread, outcome.shown.newest)
    assert thread_state() == ("stored", history, at(first + 10))


def test_messenger_has_no_window(shop_page):
    row = shown(shop_page, 1, messages=25)
    row.shown.extent = Extent.PARTIAL
    assert save(shop_page, row).needs_history


def test_message_with_only_an_id_is_unreadable(shop_page):
    row = on_instagram(shop_page, 5, 3, bare=2, has_next=False)
    save(shop_page, row)
    assert (len(row.events), Thread.objects.get().unreadable_count) == (3, 2)


# -- audits ------------------------------------------------------------------------------------------------
def test_thread_with_more_counted_than_shown_messages_needs_an_audit(shop_page):
    save(shop_page, shown(shop_page, 1, messages=3, message_count=3))
    row = shown(shop_page, 1, messages=3, message_count=5)
    row.shown.extent = Extent.PARTIAL
    outcome = save(shop_page, row, is_full=True)
    assert (outcome.needs_audit, outcome.needs_history) == (True, False)
    thread_history.finish_backfill(outcome.thread, outcome.shown.newest)
    assert Thread.objects.get().audited_count == 5
    before = row_versions()
    row = shown(shop_page, 1, messages=3, message_count=5)
    row.shown.extent = Extent.PARTIAL
    assert not save(shop_page, row, is_full=True).needs_audit
    assert row_versions() == before


def test_only_full_runs_audit_threads(shop_page):
    save(shop_page, shown(shop_page, 1, messages=3, message_count=3))
    row = shown(shop_page, 1, messages=3, message_count=5)
    row.shown.extent = Extent.PARTIAL
    assert not save(shop_page, row).needs_audit


def test_thread_shown_completely_counts_as_audited(shop_page):
    outcome = save(shop_page, shown(shop_page, 1, messages=3, message_count=99), is_full=True)
    assert not outcome.needs_audit
    assert Thread.objects.get().audited_count == 99


def test_thread_without_a_count_needs_no_audit(shop_page):
    save(shop_page, shown(shop_page, 1, messages=3))
    assert not save(shop_page, shown(shop_page, 1, messages=3), is_full=True).needs_audit


def test_truncated_thread_needs_no_audit(shop_page):
    assert not save(shop_page, on_instagram(shop_page, 90, 20), is_full=True).needs_audit
