"""How far the older messages of a thread are read: the state that the next run resumes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from conversations.models import Platform, Thread
from conversations.sync.load.batch_loader import ThreadResult


@dataclass(eq=False)
class BackfillState:
    """How far one thread is read, from `after` (None: its newest message) down to what was stored before.

    The writer sets `newest` and `since`, the times of the first message that was read and of the last one.
    """

    thread: Thread
    after: str | None = None
    newest: datetime | None = None
    since: datetime | None = None
    held_until: datetime | None = None  # older messages are stored; None: read all of them
    result: str = "unchanged"  # of the thread in the list
    count: int = 0  # messages read, beginning with the newest
    written: int = 0  # messages stored, of those
    is_restarted: bool = False
    is_superseded: bool = False  # the thread has changed since: another backfill has replaced it

    @classmethod
    def start(cls, outcome: ThreadResult) -> "BackfillState":
        """The state after a list showed the thread."""
        thread = outcome.thread
        if outcome.needs_audit:
            return cls(thread, result=outcome.result)  # read the whole thread again
        count = outcome.shown if outcome.after else 0
        return cls(
            thread,
            outcome.after,
            outcome.newest,
            outcome.newest,
            thread.complete_until,
            outcome.result,
            count=count,
            written=count,
        )

    @classmethod
    def resume(cls, thread: Thread) -> "BackfillState":
        """The state in which an earlier run left the thread."""
        raw = thread.backfill or {}
        newest = datetime.fromisoformat(raw["newest"]) if raw.get("newest") else None
        border = datetime.fromisoformat(raw["border"]) if raw.get("border") else None
        count = raw.get("count", 0) if raw.get("after") else 0
        return cls(thread, raw.get("after"), newest, newest, border, count=count, written=count)

    def as_json(self, after: str | None) -> dict[str, str | int | None]:
        """The state from which the next run resumes, stored in `Thread.backfill`."""
        newest = self.newest.isoformat() if self.newest else None
        border = self.held_until.isoformat() if self.held_until else None
        return {"after": after, "newest": newest, "border": border, "count": self.written}

    @property
    def has_window(self) -> bool:
        """Whether Facebook shows only the newest messages of this thread (see INSTAGRAM_WINDOW)."""
        return self.thread.platform == Platform.INSTAGRAM


class Backfills:
    """The backfills of one run that have not ended, one for each thread."""

    def __init__(self) -> None:
        self._by_thread: dict[int, BackfillState] = {}  # by primary key

    def add(self, backfills: Iterable[BackfillState]) -> None:
        """Add backfills that begin now. They supersede earlier ones of the same threads."""
        for backfill in backfills:
            if before := self._by_thread.get(backfill.thread.pk):
                before.is_superseded = True
            self._by_thread[backfill.thread.pk] = backfill

    def has(self, thread: Thread) -> bool:
        """Whether this state of the thread has a backfill already: lists show threads more than once."""
        backfill = self._by_thread.get(thread.pk)
        return backfill is not None and backfill.thread.updated_time == thread.updated_time

    def remove(self, backfill: BackfillState) -> None:
        """Remove a backfill that has ended, unless another one has replaced it."""
        if self._by_thread.get(backfill.thread.pk) is backfill:
            del self._by_thread[backfill.thread.pk]
