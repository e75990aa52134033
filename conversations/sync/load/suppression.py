"""The people whom a sync must not store again. Read in each transaction: one may be deleted while it runs."""

from django.db import connection

from conversations.lib.locks import LOCK_ROWS, ROWS
from conversations.models import Page, Thread
from conversations.models.privacy import PERSON_DELETED, Fingerprint, sender_digest, thread_digest
from conversations.sync.load.transform import ThreadRows

SELECT_KEY = "SELECT key, forgotten_count FROM conversations_forgottenkey WHERE facebook_page_id = %s"
# One round trip, but two statements: the second one sees what was committed while the first waited.
LOCK_AND_SELECT_KEY = f"{LOCK_ROWS}; {SELECT_KEY}"


class SuppressionList:
    """The deleted people of one Page. If there are none, each transaction costs one query without rows."""

    def __init__(self, page: Page):
        self._page_pk, self._page_id = page.pk, page.facebook_page_id
        self._key, self._count = "", 0
        self._digests: set[str] = set()

    def lock_and_load(self) -> None:
        """Take the Page's lock (see `locks.lock_rows()`), as a deletion does, and read new deletions."""
        with connection.cursor() as cursor:
            cursor.execute(LOCK_AND_SELECT_KEY, [ROWS, self._page_pk, self._page_id])
            cursor.nextset()
            row = cursor.fetchone()
        if row and row != (self._key, self._count):
            self._key, self._count = row
            rows = Fingerprint.objects.filter(facebook_page_id=self._page_id)
            self._digests = set(rows.values_list("digest", flat=True))

    def suppresses(self, thread: Thread) -> bool:
        """Whether the thread belongs to a deleted person."""
        return bool(self._digests) and thread_digest(self._key, thread.graph_id) in self._digests

    def suppresses_sender(self, sender_id: str) -> bool:
        """Whether this is an ID of a deleted person."""
        return bool(self._digests) and sender_digest(self._key, sender_id) in self._digests

    def filter_rows(self, rows: list[ThreadRows]) -> list[ThreadRows]:
        """Return the rows, those of deleted people reduced to the fact that the thread exists."""
        if not self._digests:
            return rows
        return [
            self._without_content(row)
            if self.suppresses(row.thread) or self.suppresses_sender(row.sender_id)
            else row
            for row in rows
        ]

    def _without_content(self, row: ThreadRows) -> ThreadRows:
        listed = row.thread
        if not self.suppresses(listed):
            # Another thread of this person: store its own fingerprint, in case Facebook stops naming them.
            # `self._digests` stays as it is, because the transaction may be rolled back.
            digest = thread_digest(self._key, listed.graph_id)
            Fingerprint.objects.bulk_create(
                [Fingerprint(facebook_page_id=self._page_id, digest=digest)], ignore_conflicts=True
            )
        thread = Thread(
            page_id=listed.page_id,
            platform=listed.platform,
            graph_id=listed.graph_id,
            state=Thread.State.UNREADABLE,
            reason=PERSON_DELETED,
        )
        return ThreadRows(thread, None)
