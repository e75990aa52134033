"""The state of one list while it is read: its checkpoint, its readers and what they brought."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from conversations.graph.records import ConversationBatch
from conversations.sync.checkpoint import Checkpoint
from conversations.sync.crawl.list_reader import ListCall, ListReader


@dataclass(eq=False)
class ListState:
    """One list. First it is read by `reader`; then its head is read again, by another one."""

    platform: str
    folder: str | None  # None: the inbox
    checkpoint: Checkpoint
    reader: ListReader
    head_reader: ListReader | None = None  # reads the head again as soon as `reader` is at its end
    is_reading_head: bool = False  # `reader` reads the head
    calls: int = 0  # of `reader`
    changes: int = 0  # the writer's count when `reader` began
    newest: datetime | None = None  # the newest time at the top when `reader` began
    needs_head: bool = False  # threads may have moved past the reader: the head must be read again

    @property
    def key(self) -> str:
        return list_key(self.platform, self.folder)

    def switch_to_head(self, head: ListReader, changes: int) -> None:
        """The first answer of the head has arrived, so everything before it is stored."""
        self.checkpoint.is_complete = True
        self.reader, self.head_reader, self.is_reading_head = head, None, True
        self.calls, self.newest, self.changes = 0, None, changes

    def move_checkpoint(self, call: ListCall, batch: ConversationBatch) -> None:
        """Move the checkpoint behind an answer."""
        if call.is_first_page:
            self.checkpoint = Checkpoint(self.newest)
        checkpoint = self.checkpoint
        if call.windows_from is not None:
            checkpoint.after, checkpoint.spans = None, [(None, call.windows_from)]
        if call.done_span:
            checkpoint.mark_done(call.done_span)
            checkpoint.is_complete = not checkpoint.spans
        elif call.by_cursor:
            checkpoint.after, checkpoint.is_complete = batch.after, call.is_end


def list_key(platform: str, folder: str | None) -> str:
    """The key of a list in `SyncRun.checkpoint`."""
    return f"{platform}/{folder or 'inbox'}"


def newest_time(batch: ConversationBatch) -> datetime | None:
    """The newest time that may become a watermark. One in the future would hide all changes until then."""
    now = timezone.now()
    times = (record.updated_time for record in batch.conversations if record.updated_time)
    return max((time for time in times if time <= now), default=None)
