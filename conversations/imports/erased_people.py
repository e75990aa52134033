"""Tells which threads of an archive are of people who were deleted: an import does not bring them back."""

from conversations.imports.archives.threads import ArchiveThread
from conversations.imports.staged_rows import is_proof
from conversations.lib.text import clean
from conversations.models import Page
from conversations.models.imports import own_sender_id
from conversations.sync.load.suppression import SuppressionList


class ErasedPeople:
    """The deleted people of one Page. Archives name no IDs: messages are recognized by their fingerprints."""

    def __init__(self, page: Page):
        self._page, self._suppressed = page, SuppressionList(page, by_messages=True)

    def lock_and_load(self) -> None:
        """Take the Page's lock, and read who was deleted until now."""
        self._suppressed.lock_and_load()

    def has(self, thread: ArchiveThread) -> bool:
        key = clean(thread.thread_id)
        if self._suppressed.suppresses_sender(own_sender_id(key)):
            return True
        texts = ((message.time_ms // 1000, message.text) for message in thread.messages if is_proof(message))
        if not self._suppressed.wrote(texts, is_all=True):
            return False
        # One that is stored is of somebody else: a deleted thread had the same messages.
        return not self._page.imported_threads.filter(thread_id=key).exists()
