"""Reads the head of a list again, to find threads that moved to the top while the list was read.

A list moves while it is read: a thread that gets a message jumps to the top, past a reader that is further
down. Therefore the head is read again after each read of more than one call, down to where that read began.
"""

from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.folders import FolderCheck
from conversations.sync.crawl.list_reader import ListReader
from conversations.sync.crawl.list_state import ListState


class HeadReads:
    """Decides for each list whether its head is read again, and starts the reader."""

    def __init__(self, context: CrawlContext, folders: FolderCheck):
        self._context, self._folders = context, folders

    def start(self, state: ListState, *, follows: ListReader | None = None) -> bool:
        """Read the head, if it is needed, once the reader `follows`, if any, is at its end.

        Return whether it is read.
        """
        head = state.checkpoint.head
        if head is None or not state.needs_head or self._is_incomplete(state):
            return False
        is_repeated = state.is_reading_head  # this run has read the head to its end before
        state.head_reader = ListReader.since(
            self._context.list_source(state.platform, state.folder),
            int(head.timestamp()),
            has_bounds=self._has_bounds(state),
            is_second_stored=is_repeated or self._context.is_second_stored,
            is_head=True,
            follows=follows,
        )
        self._context.pool.add(state.platform, state.head_reader)
        return True

    def _is_incomplete(self, state: ListState) -> bool:
        """Whether the watermark must stay. What is left of an endless list is read by later runs."""
        return state.platform in self._context.failures or state.is_head_unfinished

    def _has_bounds(self, state: ListState) -> bool:
        # While nothing of the inbox is known, folders need the whole top of it for their comparison.
        is_known = state.folder or self._folders.has_inbox(state.platform)
        return bool(is_known and self._context.capabilities[state.platform].windows)

    def start_early(self, state: ListState) -> None:
        """Request the head as soon as the list is read, while the writer still has answers to store."""
        if state.is_reading_head or state.head_reader is not None or state.is_rest:
            return
        state.needs_head = state.needs_head or state.calls > 1
        self.start(state, follows=state.reader)

    def finish(self, state: ListState) -> None:
        """Decide whether the head must be read another time, and set the new head."""
        state.needs_head = state.calls > 1 and self._context.writer.changes > state.changes
        if not self._is_incomplete(state):
            state.checkpoint.head = max(filter(None, [state.checkpoint.head, state.newest]), default=None)
