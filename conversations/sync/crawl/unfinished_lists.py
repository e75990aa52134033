"""Lists that never end: what is left of them is pending, and later runs read on from there.

What such a list has shown is whole, so the watermark moves and the next run is incremental again. Only what
is left of the list is kept on the Page, in `Page.unfinished_lists`, until a run reaches its end.
"""

from conversations.graph.errors import EndlessListError
from conversations.sync.coverage import list_name
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.list_state import ListState
from conversations.sync.stored_state import Checkpoint, UnfinishedList, read_unfinished_lists


class UnfinishedLists:
    """The unfinished lists of the Page, and which of them count as pending in this run."""

    def __init__(self, context: CrawlContext):
        self._context, self._page = context, context.page
        self._counted: set[str] = set()

    def to_continue(self, states: dict[str, ListState]) -> list[tuple[str, str | None, UnfinishedList]]:
        """Return the lists that this run does not read from their top: (platform, folder, what is left)."""
        found = []
        for key, entry in read_unfinished_lists(self._page.unfinished_lists).items():
            platform, folder = split_key(key)
            is_read = key in states and self._is_read_from_top(states[key])
            is_open = platform in self._context.platforms and platform not in self._context.failures
            if is_open and not is_read and key not in self._counted and entry.checkpoint:
                found.append((platform, folder, entry))
        return found

    def leave(self, state: ListState, error: EndlessListError) -> None:
        """Count a list as pending, once, and keep where it goes on."""
        if state.list_key in self._counted:
            return
        self._counted.add(state.list_key)
        self._keep(state, state.checkpoint, str(error))
        writer = self._context.writer
        name = list_name(state.platform, state.folder)
        writer.leave_pending(f"{name}: {error} The next sync continues there.")

        def save() -> None:
            self._page.save(update_fields=["unfinished_lists"])
            writer.transaction.save_run()

        writer.transaction.commit(save)

    def finish(self, state: ListState) -> None:
        """Keep where a list goes on after all its windows were read, or that its end was reached."""
        known = self._known(state)
        if known and (state.left or state.is_head_unfinished):
            # If the head never ends, there is no time down to which everything is read, and no watermark.
            is_lost = state.is_head_unfinished and not state.folder
            self._keep(state, None if is_lost else state.left, known.reason)
        elif known and self._is_whole(state):
            lists = self._page.unfinished_lists.items()
            self._page.unfinished_lists = {key: each for key, each in lists if key != state.list_key}

    def count_unread(self) -> None:
        """Count as pending what this run did not read."""
        for key, entry in read_unfinished_lists(self._page.unfinished_lists).items():
            if key not in self._counted:
                self._context.writer.leave_pending(f"{list_name(*split_key(key))}: {entry.reason}")

    def _is_whole(self, state: ListState) -> bool:
        is_all = state.is_rest or self._is_read_from_top(state)
        return is_all and state.platform not in self._context.failures

    def _is_read_from_top(self, state: ListState) -> bool:
        down_to = self._context.watermark_second(state.platform, state.folder)
        return down_to is None and not (state.is_rest or state.was_complete)

    def _known(self, state: ListState) -> UnfinishedList | None:
        return read_unfinished_lists(self._page.unfinished_lists).get(state.list_key)

    def _keep(self, state: ListState, left: Checkpoint | None, reason: str) -> None:
        entry = UnfinishedList(reason)
        known = None if self._is_read_from_top(state) else self._known(state)
        down_to = known.down_to if known else self._context.watermark_second(state.platform, state.folder)
        if left and (left.after or left.spans) and (state.folder or state.is_rest or state.checkpoint.head):
            entry = UnfinishedList(reason, left.after, left.spans, down_to)
        elif known:  # what an earlier run left is older than this
            entry = UnfinishedList(reason, known.after, known.spans, down_to)
        self._page.unfinished_lists = self._page.unfinished_lists | {state.list_key: entry.as_json()}


def split_key(key: str) -> tuple[str, str | None]:
    """Return the platform and the folder of a `list_state.list_key()`."""
    platform, _, folder = key.partition("/")
    return platform, None if folder == "inbox" else folder
