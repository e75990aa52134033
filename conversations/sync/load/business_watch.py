"""Watches during a run for further IDs of the business, and corrects at once what they prove wrong."""

from collections.abc import Callable

from conversations.models import Page, SyncRun, Thread
from conversations.sync.load.business import (
    THREADS,
    describe,
    find_business_ids,
    find_in_stored_threads,
    forget_pairs,
    revoke_business_ids,
    save_business_ids,
)
from conversations.sync.load.people.evidence import REVOKED, Evidence, doubtful_ids
from conversations.sync.load.separation import mixed_conversations, separate
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.load.transform import ThreadRows

JOINED = (
    "Conversations that proved to be one person's were joined: {:,}. `manage.py separateconversations` lists"
    " them and undoes it."
)


class BusinessWatch:
    """The business of one run. `begin()` and `commit()` are called around each transaction.

    `moved` are the threads that the present transaction has moved to another conversation.
    """

    def __init__(self, page: Page, run: SyncRun, suppressed: SuppressionList):
        self._page, self._run, self._suppressed = page, run, suppressed
        self._committed = page.business_aliases
        self._joined = self._joined_before = 0
        self._is_first = run.mode == SyncRun.Mode.FULL
        # A run that was resumed has not seen all threads itself.
        self._has_all = self._is_first and not run.checkpoint
        self._evidence = Evidence(page)
        self.moved: list[Thread] = []

    def begin(self) -> None:
        """Forget what a transaction that was rolled back had found."""
        self._page.business_aliases, self._joined = self._committed, self._joined_before
        self.moved = []

    def commit(self) -> None:
        self._committed, self._joined_before = self._page.business_aliases, self._joined
        self._is_first = False

    def find(
        self, rows: list[ThreadRows], shape: Callable[[], list[ThreadRows]], *, is_whole: bool
    ) -> list[ThreadRows]:
        """Find IDs of the business in an answer. Return its rows, shaped again if there are new ones.

        `is_whole`: the answer is the whole list.
        """
        is_final = is_whole or self._run.mode == SyncRun.Mode.INCREMENTAL
        if self._is_first:  # of a full run: it takes apart what earlier runs mixed
            self._separate()
        known = self._page.business_ids
        if not all(known <= row.people.business_ids for row in rows):
            rows = shape()
        while found := find_business_ids(self._page, rows, is_final=is_final):
            self._add(found)
            rows = shape()
        if self._has_all and (doubtful := doubtful_ids(self._page)):
            self._evidence.add(rows, doubtful)
        in_answer = {row.thread.graph_id for row in rows}
        self.moved = [thread for thread in self.moved if thread.graph_id not in in_answer]
        return rows

    def find_at_the_end(self, *, is_whole: bool) -> None:
        """Find IDs of the business after all lists were read, and take wrong decisions back.

        `is_whole`: all lists were read to their ends.
        """
        if is_whole and self._has_all:
            self._revoke()
        while found := find_in_stored_threads(self._page):
            self._add(found)

    def _add(self, found: dict[str, str]) -> None:
        save_business_ids(self._page, found)
        self._run.notes += describe(found)
        self._separate()
        forget_pairs(self._page, found)

    def _revoke(self) -> None:
        wrong, found = self._evidence.wrong_ids()
        if not wrong:
            return
        revoke_business_ids(self._page, wrong)
        self._run.notes += [REVOKED.format(key) for key in wrong]
        if found:
            self._add(dict.fromkeys(found, THREADS))
        known = {thread.pk for thread in self.moved}
        self.moved += [thread for thread in self._evidence.threads_to_read(wrong) if thread.pk not in known]

    def _separate(self) -> None:
        for mixed in mixed_conversations(self._page):
            self.moved += separate(self._page, mixed, self._suppressed.suppresses_sender)

    def note_joined(self, count: int) -> None:
        """Count joined conversations in the notes of the run."""
        if count:
            before = JOINED.format(self._joined)
            self._joined += count
            others = [note for note in self._run.notes if note != before]
            self._run.notes = [*others, JOINED.format(self._joined)]
