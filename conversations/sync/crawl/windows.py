"""Windows of time: the part of a list that one chain of calls reads.

All times here are whole seconds since 1970, because Graph shows no fractions. Nothing here makes a call.
"""

from dataclasses import dataclass, field
from itertools import islice

from msgspec import Struct

from conversations.graph.readers.list_progress import ListProgress
from conversations.graph.records import Conversation, ConversationBatch

BEFORE_FACEBOOK = 1_072_915_200  # 2004-01-01: a window that ends here is empty if Graph honors time bounds


class Request(Struct, frozen=True):
    """What one call asks for: threads last updated from `low` to `high`, both included, behind a cursor.

    None means no such bound, or no cursor. `count`: also how many threads are in these bounds.
    `is_large`: more threads than usual may be requested at once.
    """

    high: int | None = None
    low: int | None = None
    after: str | None = None
    count: bool = False
    is_large: bool = False

    @property
    def bounds(self) -> dict[str, int]:
        """The bounds as Graph's parameters, wide enough whether or not Graph includes the bounds."""
        bounds = {} if self.high is None else {"updated_before_ms": (self.high + 1) * 1000}
        return bounds if self.low is None else bounds | {"updated_after_ms": self.low * 1000 - 1}


@dataclass(eq=False)
class CursorWindow:
    """The list from its top, or from a cursor, down to the second `low` or to its end."""

    low: int | None = None
    after: str | None = None
    needs_count: bool = False  # of all threads of the list, with the next request
    is_busy: bool = field(default=False, init=False)
    progress: ListProgress = field(default_factory=ListProgress, init=False)

    threads_left = None

    @property
    def request(self) -> Request:
        return Request(low=self.low, after=self.after, count=self.needs_count)

    @property
    def has_bounds(self) -> bool:
        return self.low is not None

    def restart(self) -> None:
        """Read from the top again."""
        self.after, self.progress = None, ListProgress()


class Overlap(Struct, frozen=True):
    """A thread at the end of an answer: the next one must show it again, or `fallback` is requested."""

    thread_id: str
    fallback: Request


@dataclass(eq=False)
class TimeWindow:
    """Threads last updated from `low` (None: the oldest) to `high`, both included.

    It is read newest first: `high` goes down with each answer. `cursor_request` is requested instead where
    time alone does not lead on.

    Where Facebook counts, `below` is the number of threads of the list that are not newer than `high`, and
    `first_below` what it was at first. Both are estimates while `needs_count`: then the next request has no
    lower bound, so that its count is `below`. `older` is the window that was split off from this one last.
    """

    high: int
    low: int | None = None
    is_open_ended: bool = False  # it is unknown whether there are threads at its older end
    seconds_per_call: float = 1  # seconds of time that one call covers
    needs_count: bool = False
    below: float | None = None
    first_below: float | None = None
    older: "TimeWindow | None" = None
    overlap: Overlap | None = field(default=None, init=False)
    cursor_request: Request | None = field(default=None, init=False)
    is_busy: bool = field(default=False, init=False)
    progress: ListProgress = field(default_factory=ListProgress, init=False)

    has_bounds = True

    @property
    def request(self) -> Request:
        low = None if self.needs_count else self.low
        return self.cursor_request or Request(self.high, low, count=self.needs_count)

    def restart(self) -> None:
        """Read from the newest second again."""
        self.lead_on_by_time()
        self.progress = ListProgress()

    def lead_on_by_time(self) -> None:
        """Forget what the last answer said about the next request."""
        self.overlap = self.cursor_request = None

    @property
    def threads_left(self) -> float | None:
        """How many threads are still to be read, None if Facebook does not count."""
        end = self.older.first_below if self.older else 0
        return None if self.below is None or end is None else max(self.below - end, 0)

    @property
    def calls_left(self) -> float:
        """A guess by the time that the last answer covered."""
        return 0 if self.low is None else (self.high - self.low) / max(self.seconds_per_call, 1)

    @property
    def middle(self) -> int:
        return (self.high + (self.low or 0)) // 2


Window = CursorWindow | TimeWindow


def seconds_of(batch: ConversationBatch) -> list[int]:
    """When the threads of a batch were updated, in its order, without those that show no time."""
    return [int(record.updated_time.timestamp()) for record in batch.conversations if record.updated_time]


def end_of(batch: ConversationBatch) -> tuple[int, str] | None:
    """The (second, thread ID) down to which the batch certainly reaches; None if it shows no times.

    It is the newest of the last three threads, because a single one may have an odd time, unless the newest
    message of the last thread confirms its time.
    """
    timed = (
        (int(record.updated_time.timestamp()), record)
        for record in reversed(batch.conversations)
        if record.updated_time
    )
    last = list(islice(timed, 3))
    if not last:
        return None
    is_last = _is_confirmed(last[0][1]) and last[0][0] == min(second for second, _ in last)
    second, record = last[0] if is_last else max(last, key=lambda end: end[0])
    return second, record.id


def _is_confirmed(record: Conversation) -> bool:
    """Whether the newest message has the time of its thread."""
    newest = record.messages.messages[0] if record.messages and record.messages.messages else None
    return newest is not None and newest.created_time == record.updated_time


def is_outside(batch: ConversationBatch, window: TimeWindow) -> bool:
    """Whether most threads are newer than requested, which means that Graph does not honor the bound."""
    times = seconds_of(batch)
    return sum(time > window.high + 1 for time in times) * 2 > len(times)
