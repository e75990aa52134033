"""The people whom a sync must not store again. Read in each transaction: one may be deleted while it runs."""

from collections.abc import Iterable
from unicodedata import normalize

from django.db import connection

from conversations.lib.locks import LOCK_ROWS, ROWS
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.models.privacy import (
    PERSON_DELETED,
    Fingerprint,
    MessageFingerprint,
    message_digest,
    sender_digest,
    thread_digest,
)
from conversations.sync.load.customer import PAIR
from conversations.sync.load.imported.matching import ENOUGH
from conversations.sync.load.imported.staging import MIN_PROOF
from conversations.sync.load.transform import Extent, ThreadRows

RECEIVED = InteractionEvent.Kind.MESSAGE_RECEIVED.value
SELECT_KEY = "SELECT key, forgotten_count FROM conversations_forgottenkey WHERE facebook_page_id = %s"
# One round trip, but two statements: the second one sees what was committed while the first waited.
LOCK_AND_SELECT_KEY = f"{LOCK_ROWS}; {SELECT_KEY}"


class SuppressionList:
    """The deleted people of one Page. If there are none, each transaction costs one query without rows.

    `by_messages`: also people of whom no ID was known, because an archive alone had them.
    """

    def __init__(self, page: Page, *, by_messages: bool | None = None):
        self._page_pk, self._page_id = page.pk, page.facebook_page_id
        self._by_messages = page.has_imports if by_messages is None else by_messages
        self._key, self._count = "", 0
        self._digests: set[str] = set()
        self._messages: set[str] | None = None  # read when they are needed: webhooks never do

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
            self._messages = None

    @property
    def has_people(self) -> bool:
        return bool(self._digests)

    def suppresses(self, thread: Thread) -> bool:
        """Whether the thread belongs to a deleted person."""
        return bool(self._digests) and thread_digest(self._key, thread.graph_id) in self._digests

    def suppresses_sender(self, sender_id: str) -> bool:
        """Whether this is an ID of a deleted person."""
        return bool(self._digests) and sender_digest(self._key, sender_id) in self._digests

    def wrote(self, texts: Iterable[tuple[int, str]], *, is_all: bool) -> bool:
        """Whether a deleted person wrote two of these texts in these seconds, or half if they are all."""
        if not (known := self._known_messages()):
            return False
        found: set[str] = set()
        number = 0
        for second, text in texts:
            number += 1
            found |= set(sorted(self._digests_of(second, normalize("NFC", text)) & known)[:1])
            if len(found) >= ENOUGH:
                return True
        return is_all and bool(found) and 2 * len(found) >= number

    def _known_messages(self) -> set[str]:
        if self._messages is None:
            rows = MessageFingerprint.objects.filter(facebook_page_id=self._page_id)
            is_needed = self._by_messages and self._digests
            self._messages = set(rows.values_list("digest", flat=True)) if is_needed else set()
        return self._messages

    def _digests_of(self, second: int, text: str) -> set[str]:
        """Return the fingerprints that the message may have: nobody knows how Facebook rounds."""
        return {message_digest(self._key, second + near, text) for near in (-1, 0, 1)}

    def filter_rows(self, rows: list[ThreadRows]) -> list[ThreadRows]:
        """Return the rows, those of deleted people reduced to the fact that the thread exists."""
        if not self._digests:
            return rows
        return [
            self._without_content(row)
            if self._is_deleted(row) or self._is_recognized(row)
            else self._without_names(row)
            for row in rows
        ]

    def _is_deleted(self, row: ThreadRows) -> bool:
        """Whether the thread is one of a deleted person, or may be."""
        people = row.thread.people or {}
        pair = [key for key, (role, _) in people.items() if role == PAIR]
        return self.suppresses(row.thread) or any(map(self.suppresses_sender, [row.sender_id, *pair]))

    def _is_recognized(self, row: ThreadRows) -> bool:
        """Whether the messages are those of a deleted person of whom no ID was known. Note the ID."""
        texts = (
            (int(event.occurred_at.timestamp()), event.text)
            for event in row.events
            if event.kind == RECEIVED and len(event.text) >= MIN_PROOF
        )
        if not self.wrote(texts, is_all=row.shown.extent is Extent.WHOLE):
            return False
        if Conversation.objects.filter(page=self._page_pk, sender_id=row.sender_id).exists():
            return False  # somebody else: a deleted thread of an archive had the same messages
        if row.people.is_certain:
            self._add(sender_digest(self._key, row.sender_id))
        return True

    def _without_names(self, row: ThreadRows) -> ThreadRows:
        """Remove deleted people from those who stand in the thread of somebody else."""
        people = {
            key: value for key, value in (row.thread.people or {}).items() if not self.suppresses_sender(key)
        }
        row.thread.people = people or None
        return row

    def _add(self, digest: str) -> None:
        """Store a fingerprint. `self._digests` stays as it is: the transaction may be rolled back."""
        fingerprint = Fingerprint(facebook_page_id=self._page_id, digest=digest)
        Fingerprint.objects.bulk_create([fingerprint], ignore_conflicts=True)

    def _without_content(self, row: ThreadRows) -> ThreadRows:
        listed = row.thread
        if not self.suppresses(listed):
            # Another thread of this person: store its own fingerprint, in case Facebook stops naming them.
            self._add(thread_digest(self._key, listed.graph_id))
        elif row.people.is_certain and not self.suppresses_sender(row.sender_id):
            self._add(sender_digest(self._key, row.sender_id))  # a new ID of this person
        thread = Thread(
            page_id=listed.page_id,
            platform=listed.platform,
            graph_id=listed.graph_id,
            state=Thread.State.UNREADABLE,
            reason=PERSON_DELETED,
        )
        return ThreadRows(thread, None)
