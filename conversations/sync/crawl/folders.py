"""The folders beside the inbox, and how a crawl finds out whether Facebook shows them.

Facebook no longer documents these folders. It may refuse one, or ignore the parameter and show the inbox.
"""

from conversations.graph.errors import GraphError, StaleCursorError
from conversations.graph.records import ConversationBatch
from conversations.models import SyncRun
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.list_state import ListState

FOLDERS = ("page_done", "other", "pending", "spam")


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
            if self._context.capabilities(platform).get("folders", {}).get(folder, "ok") == "ok"
        ]

    def has_inbox(self, platform: str) -> bool:
        """Whether the first answer of the inbox is known."""
        return platform in self._inbox_ids

    def add_inbox(self, platform: str, batch: ConversationBatch) -> None:
        self._inbox_ids.setdefault(platform, set()).update(record.id for record in batch.conversations)

    def check(self, state: ListState, batch: ConversationBatch) -> bool:
        """Return whether this first answer is a folder's own, and not the inbox. Remember it."""
        ids = {record.id for record in batch.conversations}
        is_ignored = len(ids & self._inbox_ids.get(state.platform, set())) * 2 > len(ids)
        self._remember(state, "ignored" if is_ignored else "ok")
        return not is_ignored

    def remember_refusal(self, state: ListState) -> None:
        self._remember(state, "refused")

    def _remember(self, state: ListState, result: str) -> None:
        self._context.capabilities(state.platform).setdefault("folders", {})[state.folder] = result


def is_refusal(error: GraphError) -> bool:
    """Whether Facebook refuses this folder, now and later. A refused token or app says nothing about it."""
    return not (error.stops or error.is_retried or isinstance(error, StaleCursorError))
