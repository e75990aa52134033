"""The state of one list while it is read: its checkpoint, its readers and what they brought."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from conversations.graph.records import ConversationBatch
from conversations.sync.crawl.list_calls import ListCall
from conversations.sync.crawl.list_reader import ListReader
from conversations.sync.stored_state import Checkpoint

REST = "/rest"


@dataclass(eq=False)
class ListState:
    """One list. First it is read by `reader`; then its head is read again, by another one."""

    platform: str
    folder: str | None  # None: the inbox
    checkpoint: Checkpoint
    reader: ListReader
    is_rest: bool = False  # what an earlier run left of an endless list
    head_reader: ListReader | None = field(
        default=None, init=False
    )  # reads the head again as soon as `reader` is at its end
    is_reading_head: bool = field(default=False, init=False)  # `reader` reads the head
    calls: int = field(default=0, init=False)  # of `reader`
    changes: int = field(default=0, init=False)  # the writer's count when `reader` began
    newest: datetime | None = field(default=None, init=False)  # at the top when `reader` began
    needs_head: bool = field(init=False)  # threads may have moved past the reader: read the head again
    was_complete: bool = field(init=False)  # an earlier run has read it to its end: only the head is read
    left: Checkpoint | None = field(default=None, init=False)  # where the list goes on, if it never ended

    def __post_init__(self) -> None:
        self.needs_head = self.checkpoint.head is not None and not self.is_rest
        self.was_complete = self.checkpoint.is_complete

    @property
    def list_key(self) -> str:
        return list_key(self.platform, self.folder)

    @property
    def key(self) -> str:
        return self.list_key + REST if self.is_rest else self.list_key

    @property
    def is_head_unfinished(self) -> bool:
        return self.is_reading_head and self.reader.is_unfinished

    def keep_left(self) -> None:
        """Keep where the list goes on before its head is read, if it never ended."""
        if self.reader.is_unfinished and not self.is_reading_head:
            self.left = Checkpoint(after=self.checkpoint.after, spans=list(self.checkpoint.spans))

    def switch_to_head(self, head: ListReader, changes: int) -> None:
        """The first answer of the head has arrived, so everything before it is stored."""
        self.keep_left()
        self.checkpoint.is_complete = True
        self.reader, self.head_reader, self.is_reading_head = head, None, True
        self.calls, self.newest, self.changes = 0, None, changes

    def move_checkpoint(self, call: ListCall) -> None:
        """Move the checkpoint behind an answer."""
        if call.is_first_page:
            self.checkpoint = Checkpoint(self.newest)
        if call.step is not None:
            call.step.apply(self.checkpoint)


def list_key(platform: str, folder: str | None) -> str:
    """The key of a list in `SyncRun.checkpoint`."""
    return f"{platform}/{folder or 'inbox'}"


def newest_time(batch: ConversationBatch) -> datetime | None:
    """The newest time that may become a watermark. One in the future would hide all changes until then."""
    now = timezone.now()
    times = (record.updated_time for record in batch.conversations if record.updated_time)
    return max((time for time in times if time <= now), default=None)
