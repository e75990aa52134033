"""Tells which threads of an archive are of people who were deleted: an import does not bring them back."""

from collections.abc import Iterable
from unicodedata import normalize

from conversations.imports.archives.threads import ArchiveMessage, ArchiveThread
from conversations.imports.staged_rows import is_proof
from conversations.lib.text import clean
from conversations.models import Page
from conversations.models.imports import own_sender_id
from conversations.models.privacy import MessageFingerprint
from conversations.sync.load.imported.matching import ENOUGH
from conversations.sync.load.suppression import SuppressionList


class ErasedPeople:
    """The deleted people of one Page. Archives name no IDs: messages are recognized by their fingerprints."""

    def __init__(self, page: Page):
        self._suppressed, self._page_id = SuppressionList(page), page.facebook_page_id
        self._digests: set[str] = set()

    def lock_and_load(self) -> None:
        """Take the Page's lock, and read who was deleted until now."""
        self._suppressed.lock_and_load()
        rows = MessageFingerprint.objects.filter(facebook_page_id=self._page_id)
        self._digests = set(rows.values_list("digest", flat=True))

    def has(self, thread: ArchiveThread) -> bool:
        if self._suppressed.suppresses_sender(own_sender_id(clean(thread.thread_id))):
            return True
        return bool(self._digests) and self._wrote(thread.messages)

    def _wrote(self, messages: Iterable[ArchiveMessage]) -> bool:
        """Whether a deleted person wrote ENOUGH of these messages."""
        found = set()
        for message in messages:
            if is_proof(message) and (digest := self._digest(message)) in self._digests:
                found.add(digest)
            if len(found) >= ENOUGH:
                return True
        return False

    def _digest(self, message: ArchiveMessage) -> str:
        """Return the fingerprint of the message, by the second in which Facebook may show it."""
        second, text = message.time_ms // 1000, normalize("NFC", message.text)
        tried = [self._suppressed.digest_of_message(second + near, text) for near in (0, 1, -1)]
        return next((one for one in tried if one in self._digests), tried[0])
