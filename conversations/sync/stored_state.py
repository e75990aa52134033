"""What an interrupted run left for the next one, stored as JSON: checkpoints of lists and of single threads.

A stored value that cannot be read is treated as if there were none: that list or thread is read from its
newest entry.
"""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

Second = Annotated[int, Meta(ge=0, lt=2**40)]  # since 1970
Span = tuple[Second | None, Second]  # both included; None: down to the oldest thread
Time = Annotated[datetime, Meta(tz=True)]
State = TypeVar("State")


class Checkpoint(Struct):
    """The progress of reading one list, stored in `SyncRun.checkpoint`.

    `head` is the newest time at the top of the list when reading began. `is_complete` says that the end of
    the list was reached once.
    """

    head: Time | None = None
    is_complete: bool = field(default=False, name="walked")
    after: str | None = None  # only a hint: Facebook's cursors expire
    spans: list[Span] = []  # of time, still to be read; each Checkpoint gets a list of its own

    def as_json(self) -> dict[str, Any]:
        if self.is_complete:
            return {"head": _iso(self.head), "walked": True}
        return {"head": _iso(self.head), "after": self.after, "spans": self.spans}

    def mark_done(self, done: Span) -> None:
        """Remove a stored span of time from the spans that are still to be read."""
        self.spans = [part for span in self.spans for part in _subtract(span, done)]


class UnfinishedList(Struct, frozen=True):
    """A list that never ended, stored in `Page.unfinished_lists`.

    The next run reads on behind `after`, or in the `spans`, down to the second `down_to`. Without both the
    list is read from its top.
    """

    reason: str
    after: str | None = None
    spans: list[Span] = []
    down_to: Second | None = None

    @property
    def checkpoint(self) -> Checkpoint | None:
        return Checkpoint(after=self.after, spans=self.spans) if self.after or self.spans else None

    def as_json(self) -> dict[str, Any]:
        return {"reason": self.reason, "after": self.after, "spans": self.spans, "down_to": self.down_to}


class BackfillPoint(Struct, frozen=True):
    """The point from which the backfill of one thread continues, stored in `Thread.backfill`.

    `count` messages are stored from `newest` down to the cursor `after`. Messages up to `held_until` were
    stored before; None: read all older ones.
    """

    after: str | None
    newest: Time | None = None
    held_until: Time | None = field(default=None, name="border")
    count: Annotated[int, Meta(ge=0)] = 0
    oldest_id: str | None = None  # the message at the end of the last answer
    untimed: tuple[str, ...] = ()  # messages behind it, oldest first, that take the time of the next answer

    def as_json(self) -> dict[str, Any]:
        state = {
            "after": self.after,
            "newest": _iso(self.newest),
            "border": _iso(self.held_until),
            "count": self.count,
        }
        more = {"oldest_id": self.oldest_id, "untimed": self.untimed}
        return state | {name: value for name, value in more.items() if value}


def read_checkpoints(stored: Any) -> dict[str, Checkpoint]:
    """Return the readable checkpoints of a stored `SyncRun.checkpoint` by the key of their list."""
    entries = stored.items() if isinstance(stored, dict) else ()
    return {key: checkpoint for key, value in entries if (checkpoint := _read(value, Checkpoint))}


def read_unfinished_lists(stored: Any) -> dict[str, UnfinishedList]:
    """Return the readable entries of a stored `Page.unfinished_lists` by the key of their list."""
    entries = stored.items() if isinstance(stored, dict) else ()
    return {key: entry for key, value in entries if (entry := _read(value, UnfinishedList))}


def read_backfill_point(stored: Any) -> BackfillPoint | None:
    """Return the point of a stored `Thread.backfill`; None if there is none, or it cannot be read."""
    return _read(stored, BackfillPoint)


def _read(stored: Any, kind: type[State]) -> State | None:
    try:
        return msgspec.convert(stored, kind)
    except msgspec.ValidationError:
        return None


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _subtract(span: Span, done: Span) -> list[Span]:
    low, high = span
    done_low, done_high = done
    parts: list[Span] = []
    if done_high < high:
        newer_low = done_high + 1 if low is None else max(low, done_high + 1)
        parts.append((newer_low, high))
    if done_low is not None and (low is None or low < done_low):
        parts.append((low, min(high, done_low - 1)))
    return parts
