"""How far the older messages of a thread are read: the state that the next run resumes from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from conversations.graph.readers.list_progress import ListProgress
from conversations.models import Platform, Thread
from conversations.sync.load.batch_loader import ThreadResult
from conversations.sync.stored_state import BackfillPoint


@dataclass
class RequestedMessages:
    """How far the messages are requested: `count` of them, down to the position `after` (None: none yet).

    `count_now` of them were requested in this run, in `answers_now` answers.
    """

    after: str | None
    count: int
    is_restarted: bool = False
    count_now: int = field(default=0, init=False)
    answers_now: int = field(default=0, init=False)
    progress: ListProgress = field(default_factory=ListProgress, init=False)


class StoredMessages(Struct, frozen=True):
    """The messages that this backfill has stored: `count` of them, from `newest` down to `oldest`.

    `oldest_id` is the message at the end of the last answer, `untimed` are those behind it that have no time:
    they take that of the next older message.
    """

    newest: datetime | None = None
    oldest: datetime | None = None
    count: int = 0
    oldest_id: str | None = None
    untimed: tuple[str, ...] = ()


class BackfillState:
    """How far one thread is read, from its newest message down to `held_until` (None: to its oldest).

    The threads of the pool change `requested`, which is ahead, and the writer replaces `stored`. `result` is
    that of the thread in the list. A backfill `is_superseded` once the thread has changed since: another one
    has replaced it.
    """

    def __init__(self, thread: Thread, point: BackfillPoint, result: str = "unchanged"):
        count = point.count if point.after else 0
        self.thread, self.held_until, self.result = thread, point.held_until, result
        self.requested = RequestedMessages(point.after, count)
        self.stored = StoredMessages(point.newest, point.newest, count, point.oldest_id, point.untimed)
        self.is_superseded = False

    @classmethod
    def start(cls, outcome: ThreadResult) -> "BackfillState":
        """The state after a list showed the thread."""
        thread, shown = outcome.thread, outcome.shown
        if outcome.needs_audit:
            return cls(thread, BackfillPoint(None), outcome.result)  # read the whole thread again
        point = BackfillPoint(
            shown.after, shown.newest, thread.complete_until, shown.count, shown.oldest_id, shown.untimed
        )
        return cls(thread, point, outcome.result)

    def point(self, after: str | None) -> BackfillPoint:
        """The point from which the next run continues, with everything stored down to this cursor."""
        stored = self.stored
        return BackfillPoint(
            after, stored.newest, self.held_until, stored.count, stored.oldest_id, stored.untimed
        )

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

    def has(self, outcome: ThreadResult) -> bool:
        """Whether this state of the thread has a backfill already: lists show threads more than once.

        Messages of the same second do not change the time of the thread. If there are so many that a gap
        remains to those that the backfill began with, it has to begin again.
        """
        backfill = self._by_thread.get(outcome.thread.pk)
        is_same = backfill is not None and backfill.thread.updated_time == outcome.thread.updated_time
        return is_same and not outcome.has_gap

    def remove(self, backfill: BackfillState) -> None:
        """Remove a backfill that has ended, unless another one has replaced it."""
        if self._by_thread.get(backfill.thread.pk) is backfill:
            del self._by_thread[backfill.thread.pk]
