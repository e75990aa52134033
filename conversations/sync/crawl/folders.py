"""The folders beside the inbox, and how a crawl finds out whether Facebook shows them.

Facebook no longer documents these folders. It may refuse one, or ignore the parameter and show the inbox.
"""

from enum import Enum

from conversations.graph.errors import GraphError, StaleCursorError
from conversations.graph.records import ConversationBatch
from conversations.models import SyncRun
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.list_state import ListState

FOLDERS = ("page_done", "other", "pending", "spam")


class FolderKind(Enum):
    """What Facebook shows under the name of a folder. The values are stored in the Page's capabilities."""

    INBOX = ""  # the inbox was requested
    OWN = "ok"
    DUPLICATE = "ignored"  # the name is ignored: the inbox again
    REFUSED = "refused"


class FolderCheck:
    """Compares the first answer of each folder with the inbox and remembers the result for the Page."""

    def __init__(self, context: CrawlContext):
        self._context = context
        self._inbox_ids: dict[str, set[str]] = {}  # by platform, of the first answers

    def names(self) -> list[tuple[str, str | None]]:
        """The (platform, folder) pairs to read. Only full runs read folders, as others make few calls."""
        if self._context.run.mode != SyncRun.Mode.FULL:
            return []
        return [
            (platform, folder)
            for platform in self._context.platforms
            if platform not in self._context.failures
            for folder in FOLDERS
            if self._context.capabilities[platform].folders.get(folder, "ok") == FolderKind.OWN.value
        ]

    def has_inbox(self, platform: str) -> bool:
        """Whether the first answer of the inbox is known."""
        return platform in self._inbox_ids

    def add_inbox(self, platform: str, batch: ConversationBatch) -> None:
        self._inbox_ids.setdefault(platform, set()).update(record.id for record in batch.conversations)

    def classify(self, state: ListState, batch: ConversationBatch) -> FolderKind:
        """Return what the first answer of a list shows."""
        if state.folder is None:
            return FolderKind.INBOX
        ids = {record.id for record in batch.conversations}
        is_duplicate = len(ids & self._inbox_ids.get(state.platform, set())) * 2 > len(ids)
        return FolderKind.DUPLICATE if is_duplicate else FolderKind.OWN

    def remember(self, state: ListState, kind: FolderKind) -> None:
        """Remember for the Page what Facebook shows of this folder."""
        if state.folder:
            self._context.capabilities[state.platform].folders[state.folder] = kind.value


def is_refusal(error: GraphError) -> bool:
    """Whether Facebook refuses this folder, now and later. A refused token or app says nothing about it."""
    return not (error.stops or error.is_retried or isinstance(error, StaleCursorError))
