"""Whom a sync must not store again. Asked in each transaction: somebody may be forgotten while it runs."""

from django.db import connection

from conversations.forgetting.people import FORGOTTEN
from conversations.forgetting.tables import Fingerprint, of_sender, of_thread
from conversations.locks import LOCK_ROWS, ROWS
from conversations.models import Page, Thread
from conversations.sync.transform import ThreadRows

FOUND = "SELECT key, forgotten_count FROM conversations_forgottenkey WHERE facebook_page_id = %s"
# In one go, two statements all the same: the second sees what was written before the lock was free.
LOCK_AND_LOOK = f"{LOCK_ROWS}; {FOUND}"


class Forgotten:
    """Of one Page. Where nobody was forgotten there is one look-up for each answer of Facebook, of no row."""

    def __init__(self, page: Page):
        self._page_pk, self._page_id = page.pk, page.facebook_page_id
        self._key, self._count = "", 0
        self._digests: set[str] = set()

    def lock_and_look(self) -> None:
        """locks.lock_rows() of the Page, as whoever forgets does, too; then who was forgotten meanwhile."""
        with connection.cursor() as cursor:
            cursor.execute(LOCK_AND_LOOK, [ROWS, self._page_pk, self._page_id])
            cursor.nextset()
            found = cursor.fetchone()
        if found and found != (self._key, self._count):
            self._key, self._count = found
            rows = Fingerprint.objects.filter(facebook_page_id=self._page_id)
            self._digests = set(rows.values_list("digest", flat=True))

    def has(self, thread: Thread) -> bool:
        return bool(self._digests) and of_thread(self._key, thread.graph_id) in self._digests

    def hide(self, rows: list[ThreadRows]) -> list[ThreadRows]:
        """Of what belongs to somebody forgotten only that there is a thread."""
        if not self._digests:
            return rows
        return [self._hidden(row) if self.has(row.thread) or self._is_theirs(row) else row for row in rows]

    def _is_theirs(self, row: ThreadRows) -> bool:
        return bool(row.sender_id) and of_sender(self._key, row.sender_id) in self._digests

    def _hidden(self, row: ThreadRows) -> ThreadRows:
        seen = row.thread
        if not self.has(
            seen
        ):  # a further thread of theirs: known by itself, should Facebook name them no more
            # Not in what is held here: the transaction may yet be undone.
            digest = of_thread(self._key, seen.graph_id)
            Fingerprint.objects.bulk_create(
                [Fingerprint(facebook_page_id=self._page_id, digest=digest)], ignore_conflicts=True
            )
        return ThreadRows(
            Thread(
                page_id=seen.page_id,
                platform=seen.platform,
                graph_id=seen.graph_id,
                state=Thread.State.UNREADABLE,
                reason=FORGOTTEN,
            ),
            None,
        )
