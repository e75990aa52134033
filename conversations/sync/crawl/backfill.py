"""Calls for single threads: their older messages, and threads that an earlier run left pending."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import EndlessListError, StaleCursorError, TransientError
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.graph.records import MessageBatch
from conversations.lib.days import kept_from
from conversations.models import Thread
from conversations.sync.crawl.worker_pool import Call
from conversations.sync.load.backfill_state import BackfillState, RequestedMessages

MAX_UNANSWERED = 3  # threads in a row: then the cause is not the thread, and the others stay pending
# Messages of one thread that a run reads. Facebook's number of messages is an estimate, but a thread with
# more than twice as many grows while it is read. The next run continues where this one stops.
EXTRA_MESSAGES = 2000
MAX_MESSAGES = 100_000  # if Facebook gives no number
MAX_ANSWERS = 2_000  # for one thread, however few messages each of them has


@dataclass(eq=False)
class HistoryCall(Call):
    """A call for one part of a thread's messages. Its answer is a MessageBatch."""

    backfill: BackfillState
    after: str | None  # the position of this call
    is_last: bool = field(default=False, init=False)  # nothing older is needed, or can be read
    endless: EndlessListError | None = field(default=None, init=False)  # the answer is the last of this run


@dataclass(eq=False)
class PendingThreadCall(Call):
    """A call for one pending thread. Its answer is a Conversation."""

    thread: Thread


@dataclass(eq=False)
class HistoryBackfill:
    """The source of calls for older messages: for each thread one chain of calls."""

    waiting: deque[BackfillState] = field(default_factory=deque)
    unanswered: int = 0  # threads in a row

    def add(self, backfills: list[BackfillState]) -> None:
        self.waiting.extend(backfills)

    def has_work(self) -> bool:
        return any(not backfill.is_superseded for backfill in self.waiting)

    def take(self) -> HistoryCall | None:
        while self.waiting and self.waiting[0].is_superseded:
            self.waiting.popleft()
        if not self.waiting:
            return None
        backfill = self.waiting.popleft()
        after = backfill.requested.after
        return HistoryCall(self, _messages_request(backfill, after), backfill, after)

    def on_result(self, call: HistoryCall, value: Any) -> None:
        backfill = call.backfill
        requested = backfill.requested
        if isinstance(value, MessageBatch):
            self.unanswered = 0
            _move_on(backfill, value)
            call.is_last = value.after is None or _is_far_enough(backfill, value)
            call.endless = None if call.is_last else _endless_error(backfill)
            if not (call.is_last or call.endless):
                self.waiting.appendleft(backfill)
        elif isinstance(value, StaleCursorError) and not requested.is_restarted:
            backfill.requested = RequestedMessages(None, 0, is_restarted=True)
            self.waiting.appendleft(backfill)
        else:
            call.is_last = True
            if isinstance(value, TransientError):
                self._count_unanswered()

    def _count_unanswered(self) -> None:
        self.unanswered += 1
        if self.unanswered >= MAX_UNANSWERED:
            self.waiting.clear()  # they stay pending


@dataclass(eq=False)
class PendingThreads:
    """The source of calls for pending threads, one call each. The writer extends `waiting`."""

    waiting: deque[Thread] = field(default_factory=deque)
    unanswered: int = 0  # threads in a row

    def has_work(self) -> bool:
        return bool(self.waiting)

    def take(self) -> PendingThreadCall | None:
        if not self.waiting:
            return None
        thread = self.waiting.popleft()
        return PendingThreadCall(self, _conversation_request(thread.graph_id), thread)

    def on_result(self, call: PendingThreadCall, value: Any) -> None:
        self.unanswered = self.unanswered + 1 if isinstance(value, TransientError) else 0
        if self.unanswered >= MAX_UNANSWERED:
            self.waiting.clear()  # they stay pending


def _messages_request(backfill: BackfillState, after: str | None) -> Callable[[GraphClient], MessageBatch]:
    limit = None
    if backfill.has_window:  # one message too many can fail the whole call
        limit = max(INSTAGRAM_WINDOW - backfill.requested.count, 1)
    return lambda client: client.message_batch(backfill.thread.graph_id, after=after, limit=limit)


def _conversation_request(graph_id: str) -> Callable[[GraphClient], Any]:
    return lambda client: client.conversation(graph_id)


def _move_on(backfill: BackfillState, batch: MessageBatch) -> None:
    requested, count = backfill.requested, len(batch.messages) + batch.unreadable
    requested.after, requested.count = batch.after, requested.count + count
    requested.count_now += count
    requested.answers_now += 1
    requested.progress.record(batch.ids)


def _endless_error(backfill: BackfillState) -> EndlessListError | None:
    """Return why the thread is left to the next run: it shows nothing new, or grows while it is read."""
    requested, total = backfill.requested, backfill.thread.message_count
    most = 2 * total + EXTRA_MESSAGES if total else MAX_MESSAGES
    is_too_long = requested.count_now > most or requested.answers_now >= MAX_ANSWERS
    if requested.progress.error is None and is_too_long:
        return EndlessListError(
            f"The thread has shown {requested.count_now:,} messages and goes on. The next sync continues."
        )
    return requested.progress.error


def _is_far_enough(backfill: BackfillState, batch: MessageBatch) -> bool:
    if backfill.has_window and backfill.requested.count >= INSTAGRAM_WINDOW:
        return True
    times = [message.created_time for message in batch.messages if message.created_time]
    needed = [time for time in (backfill.held_until, kept_from()) if time is not None]
    return bool(needed) and bool(times) and times[-1] < max(needed)
