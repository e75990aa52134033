"""What is asked about single threads: their older messages, and threads that an earlier run owes."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import CursorError, TransientError
from conversations.graph.records import MessageBatch
from conversations.models import Platform, Thread
from conversations.sync.fetch import Call
from conversations.sync.transform import INSTAGRAM_WINDOW

SILENCE = 3  # threads in a row without an answer: then it is not for them, and the rest is left owed


@dataclass(eq=False)
class Reading:
    """The reading of one thread, from `after` (None: its newest message) down to what was held before.

    `newest`, `since`: the times of the first message read and of the last one, which the writer keeps.
    """

    thread: Thread
    after: str | None = None
    newest: datetime | None = None
    since: datetime | None = None
    border: datetime | None = None  # what is older is held; None: everything is to be read
    result: str = "unchanged"  # of the list's answer
    count: int = 0  # messages read, from the newest on
    written: int = 0  # of those, what is stored
    is_restarted: bool = False
    is_overtaken: bool = False  # the thread has changed since: another reading has begun

    def as_json(self, after: str | None) -> dict[str, str | int | None]:
        """What the next run needs to go on from here."""
        newest = self.newest.isoformat() if self.newest else None
        border = self.border.isoformat() if self.border else None
        return {"after": after, "newest": newest, "border": border, "count": self.written}

    @classmethod
    def of(cls, thread: Thread) -> "Reading":
        """The reading that an earlier run began."""
        raw = thread.reading or {}
        newest = datetime.fromisoformat(raw["newest"]) if raw.get("newest") else None
        border = datetime.fromisoformat(raw["border"]) if raw.get("border") else None
        count = raw.get("count", 0) if raw.get("after") else 0
        return cls(thread, raw.get("after"), newest, newest, border, count=count, written=count)


@dataclass(eq=False)
class HistoryCall(Call):
    """One answer: a MessageBatch."""

    reading: Reading | None = None
    after: str | None = None  # where it began
    is_last: bool = False  # the thread is read as far as it was to be, or cannot be read on


@dataclass(eq=False)
class DebtCall(Call):
    """One answer: the thread as a Conversation."""

    thread: Thread | None = None


@dataclass(eq=False)
class Histories:
    """Threads to be read on in, each by one chain of calls."""

    waiting: deque[Reading] = field(default_factory=deque)
    unanswered: int = 0  # threads in a row

    def add(self, readings: list[Reading]) -> None:
        self.waiting.extend(readings)

    def has_work(self) -> bool:
        return any(not reading.is_overtaken for reading in self.waiting)

    def take(self) -> HistoryCall | None:
        while self.waiting and self.waiting[0].is_overtaken:
            self.waiting.popleft()
        if not self.waiting:
            return None
        reading = self.waiting.popleft()
        after = reading.after
        return HistoryCall(self, _asking_messages(reading, after), None, reading, after)

    def answered(self, call: Call, value: Any) -> None:
        assert isinstance(call, HistoryCall)  # noqa: S101 - nothing else is taken from here
        reading = call.reading
        assert reading is not None  # noqa: S101 - take() gave it
        if isinstance(value, MessageBatch):
            self.unanswered = 0
            reading.count += len(value.messages) + value.unreadable
            call.is_last = value.after is None or _is_far_enough(reading, value)
            reading.after = value.after
            if not call.is_last:
                self.waiting.appendleft(reading)
        elif isinstance(value, CursorError) and not reading.is_restarted:
            reading.is_restarted, reading.after, reading.count = True, None, 0
            self.waiting.appendleft(reading)
        else:
            call.is_last = True
            if isinstance(value, TransientError):
                self._count_silence()

    def _count_silence(self) -> None:
        self.unanswered += 1
        if self.unanswered >= SILENCE:
            self.waiting.clear()  # they stay owed


@dataclass(eq=False)
class Debts:
    """Threads that are owed, asked for one by one. `more()` is the writer's: the next of them."""

    waiting: deque[Thread] = field(default_factory=deque)
    unanswered: int = 0

    def has_work(self) -> bool:
        return bool(self.waiting)

    def take(self) -> DebtCall | None:
        if not self.waiting:
            return None
        thread = self.waiting.popleft()
        return DebtCall(self, _asking_conversation(thread.graph_id), None, thread)

    def answered(self, call: Call, value: Any) -> None:
        self.unanswered = self.unanswered + 1 if isinstance(value, TransientError) else 0
        if self.unanswered >= SILENCE:
            self.waiting.clear()  # they stay owed


def _asking_messages(reading: Reading, after: str | None) -> Callable[[GraphClient], MessageBatch]:
    limit = None
    if reading.thread.platform == Platform.INSTAGRAM:  # one message beyond may cost the whole answer
        limit = max(INSTAGRAM_WINDOW - reading.count, 1)
    return lambda client: client.message_batch(reading.thread.graph_id, after=after, limit=limit)


def _asking_conversation(graph_id: str) -> Callable[[GraphClient], Any]:
    return lambda client: client.conversation(graph_id)


def _is_far_enough(reading: Reading, batch: MessageBatch) -> bool:
    if reading.thread.platform == Platform.INSTAGRAM and reading.count >= INSTAGRAM_WINDOW:
        return True
    times = [message.created_time for message in batch.messages if message.created_time]
    return reading.border is not None and bool(times) and times[-1] < reading.border
