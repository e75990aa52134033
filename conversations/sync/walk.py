"""The walk over what Facebook lists of a Page, newest first, and into its long threads.

Facebook's list moves while it is read: a thread that is written to jumps to the top, past a walk that is
further down. Therefore the head is read again after each walk of more than one call, down to where the
walk began. The watermark, `Page.watermarks`, is the time at the top of the last such reading.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DataError, OperationalError, transaction
from django.utils import timezone

from conversations.graph import records
from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    AccessTokenError,
    CursorError,
    GoneError,
    GraphError,
    RateLimitError,
    TooMuchDataError,
    TransientError,
)
from conversations.locks import lock_rows
from conversations.models import Page, Platform, SyncRun, Thread
from conversations.sync import loader, runs
from conversations.sync.loader import Outcome
from conversations.sync.tally import Tally
from conversations.sync.transform import EventRow, ThreadRows, newest_until, to_events, to_rows
from conversations.text import clean

logger = logging.getLogger(__name__)

RESTARTS = 3  # of a walk whose cursor Facebook no longer knows
HEAD_READINGS = 5  # after that what still moves is newer than the watermark: the next run reads it
SILENCE = 3  # threads in a row without an answer: then it is not for them, and the list is asked first


class PageWalk:
    """One run over one Page. `report()` is called after each commit."""

    def __init__(self, page: Page, run: SyncRun, client: GraphClient, report: Callable[[], None]):
        self._page, self._run, self._client, self._report = page, run, client, report
        is_known = run.mode == SyncRun.Mode.FULL and page.watermark(Platform.MESSENGER) is not None
        self._tally = Tally(run, known_total=page.threads.count() if is_known else 0)
        self._platform = Platform.MESSENGER
        self._changes = 0  # threads that a batch wrote something of
        self._unanswered = 0  # threads in a row
        self._unstorable: set[int] = set()  # hashes of ids that not even the ledger can hold

    def pay_debts(self) -> None:
        """Asks first for the threads that earlier runs could not read."""
        owed = list(self._page.threads.filter(state=Thread.State.OWED).order_by("-pk"))
        while owed and self._unanswered < SILENCE:
            thread = owed.pop()
            try:
                self._store([self._client.conversation(thread.graph_id)])
            except GraphError as error:
                self._give_up(thread, error)
        if owed:
            with self._writing():
                for thread in owed:
                    self._tally.count(thread.pk, "owed")
                self._save_run()

    def walk(self) -> datetime | None:
        """Everything down to the watermark (a full run: to the end); returns the new watermark."""
        resume = self._run.resume
        head = datetime.fromisoformat(resume["head"]) if resume.get("head") else None
        floor = None if self._run.mode == SyncRun.Mode.FULL else self._page.watermark(Platform.MESSENGER)
        moved = bool(resume)
        if not resume.get("walked"):
            head, calls = self._walk_down(resume.get("after"), floor, head)
            moved = moved or calls > 1
        for _ in range(HEAD_READINGS):
            if not moved or head is None:
                break
            self._run.resume = {"walked": True, "head": head.isoformat()}
            changes = self._changes
            newer, calls = self._walk_down(None, head, None)
            head = max(head, newer or head)
            moved = calls > 1 and self._changes > changes
        return max(filter(None, [self._page.watermark(Platform.MESSENGER), head]), default=None)

    # -- the list ------------------------------------------------------------------------------------------
    def _walk_down(
        self, after: str | None, floor: datetime | None, head: datetime | None
    ) -> tuple[datetime | None, int]:
        """From this cursor (None: the top) to the floor (None: the end): the top's time, the calls made."""
        for _ in range(RESTARTS):
            try:
                return self._walk_once(after, floor, head)
            except CursorError as error:
                logger.warning("[page %s] the walk begins anew: %s", self._page.pk, error)
                self._run.notes.append(f"The walk began anew: {error}")
                after = head = None
        raise GraphError("Facebook forgets its place in the list again and again; the next sync tries anew.")

    def _walk_once(
        self, after: str | None, floor: datetime | None, head: datetime | None
    ) -> tuple[datetime | None, int]:
        calls = 0
        page_id = self._page.facebook_page_id
        for batch in self._client.conversations(page_id, platform=self._platform, after=after):
            calls += 1
            self._unanswered = 0
            times = [record.updated_time for record in batch.conversations if record.updated_time]
            head = head or _newest(times)
            if not self._run.resume.get("walked"):
                place = {"after": batch.after} if batch.after or head is None else {"walked": True}
                self._run.resume = place | {"head": head.isoformat() if head else None}
                self._skip_nameless(batch.nameless)
            changes = self._changes
            self._store(batch.conversations)
            if floor is not None and times and _is_below(floor, times[-1], changed=self._changes > changes):
                break
        return head, calls

    def _skip_nameless(self, count: int) -> None:
        if count:
            self._run.skipped += count
            self._run.notes.append(f"{count} things that Facebook listed had no id.")

    # -- one batch -----------------------------------------------------------------------------------------
    def _store(self, batch: list[records.Conversation]) -> None:
        outcomes = self._save(self._shape(batch))
        self._report()
        for outcome in outcomes:
            if outcome.needs_history and self._unanswered < SILENCE:
                self._read_history(outcome)

    def _shape(self, batch: list[records.Conversation]) -> list[ThreadRows]:
        now = timezone.now()
        rows = [to_rows(record, self._page, self._platform, now=now) for record in batch]
        if all(row.conversation for row in rows):
            return rows
        # Facebook may no longer name the customer; the ledger still does.
        known = self._page.threads.filter(graph_id__in=[row.thread.graph_id for row in rows])
        senders = dict(known.values_list("graph_id", "conversation__sender_id"))
        senders_now = [senders.get(row.thread.graph_id) or "" for row in rows]
        return [
            to_rows(record, self._page, self._platform, now=now, sender_id=sender)
            for record, sender in zip(batch, senders_now, strict=True)
        ]

    def _save(self, rows: list[ThreadRows]) -> list[Outcome]:
        """Stores the batch and the run's new state in one transaction."""
        with self._writing():
            outcomes = self._save_what_fits(rows)
            for outcome in outcomes:
                self._tally.count(outcome.thread.pk, outcome.result)
                if outcome.needs_history:
                    self._tally.count(outcome.thread.pk, "owed")  # until the rest is read
                self._run.events_created += outcome.events_created
                self._changes += outcome.result in ("inserted", "updated")
            self._save_run()
        return outcomes

    def _save_what_fits(self, rows: list[ThreadRows]) -> list[Outcome]:
        """The whole batch at once; if PostgreSQL refuses a value in it, one by one without that record."""
        try:
            with transaction.atomic():
                return loader.save_batch(self._page, rows)
        except (DataError, OperationalError) as error:
            if not loader.is_about_a_value(error):
                raise
            if len(rows) == 1:
                return self._save_refused(rows[0], error)
        return [outcome for row in rows for outcome in self._save_what_fits([row])]

    def _save_refused(self, row: ThreadRows, error: Exception) -> list[Outcome]:
        reason = f"PostgreSQL cannot hold it: {str(error).splitlines()[0]}"
        logger.warning("[page %s] thread %.100s skipped: %s", self._page.pk, row.thread.graph_id, reason)
        row.thread.state, row.thread.reason, row.thread.record = Thread.State.UNREADABLE, reason, None
        row.thread.unreadable_count = len(row.events)
        row.conversation, row.events = None, []
        try:
            with transaction.atomic():
                return loader.save_batch(self._page, [row])
        except (DataError, OperationalError):
            key = hash(row.thread.graph_id)
            if key not in self._unstorable:
                self._unstorable.add(key)
                self._run.skipped += 1
                self._run.notes.append(f"Thread {row.thread.graph_id[:100]}… was skipped: {reason}")
            return []

    def _save_run(self) -> None:
        self._run.status = SyncRun.Status.SYNCING
        self._run.requests = self._client.requests
        self._run.total = max(self._run.total, self._tally.accounted)
        runs.save(self._run)

    # -- long threads --------------------------------------------------------------------------------------
    def _read_history(self, outcome: Outcome) -> None:
        """The messages that did not come with the list, down to those that we held before."""
        thread = outcome.thread
        try:
            try:
                newest = self._read_older(thread, outcome.after)
            except CursorError:
                newest = self._read_older(thread, None)
        except GraphError as error:
            self._give_up(thread, error)
        else:
            self._unanswered = 0
            with self._writing():
                loader.close_history(thread, outcome.newest or newest)
                self._tally.count(thread.pk, outcome.result)
                self._save_run()
            self._report()

    def _read_older(self, thread: Thread, after: str | None) -> datetime | None:
        """Stores the messages from this cursor on (None: from the newest); returns up to when they reach."""
        newest, since, now = None, thread.updated_time, timezone.now()
        for batch in self._client.messages(thread.graph_id, after=after):
            events = to_events(batch.messages, self._page, since=since)
            unreadable = batch.unreadable + len(batch.messages) - len(events)
            self._save_messages(thread, events, unreadable, is_newest=after is None and newest is None)
            if events:
                newest, since = newest or newest_until(now, events), events[0].occurred_at
                if thread.complete_until and since < thread.complete_until:
                    break
        return newest

    def _save_messages(
        self, thread: Thread, events: list[EventRow], unreadable: int, *, is_newest: bool
    ) -> None:
        with self._writing():
            self._run.events_created += loader.save_messages(thread, events, unreadable)
            if is_newest and events:
                loader.show_newest(thread, events[-1])
            self._save_run()
        self._report()

    def _give_up(self, thread: Thread, error: GraphError) -> None:
        """Notes why a thread was not read, for good or until the next run; what stops the Page is raised."""
        if isinstance(error, AccessTokenError | RateLimitError):
            raise error
        is_final = isinstance(error, GoneError | TooMuchDataError)
        logger.warning("[page %s] thread %.100s: %s", self._page.pk, thread.graph_id, error)
        self._unanswered = self._unanswered + 1 if isinstance(error, TransientError) else 0
        with self._writing():
            state = Thread.State.UNREADABLE if is_final else Thread.State.OWED
            loader.leave_history(thread, state, clean(str(error)))
            self._tally.count(thread.pk, "skipped" if is_final else "owed")
            self._save_run()
        self._report()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with transaction.atomic():
            lock_rows([self._page.pk])
            yield


def _is_below(floor: datetime, last: datetime, *, changed: bool) -> bool:
    """Whether a batch that ends at this time is the last to be read.

    Times are whole seconds: in the floor's own second there may be something new, but only above what is
    not, for the list is ordered more finely than it shows.
    """
    return last < floor or (last == floor and not changed)


def _newest(times: list[datetime]) -> datetime | None:
    """The newest time that may be a watermark: one in the future would hide what is written until then."""
    now = timezone.now()
    return max((time for time in times if time <= now), default=None)
