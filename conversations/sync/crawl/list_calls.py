"""The calls that read a list, and how far each of their answers takes the reading of the list."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from conversations.graph.errors import EndlessListError, GraphError
from conversations.graph.records import Conversation
from conversations.sync.crawl.windows import CursorWindow, Request, Window
from conversations.sync.crawl.worker_pool import Call
from conversations.sync.load.transform import ThreadRows
from conversations.sync.stored_state import Checkpoint, Span

logger = logging.getLogger(__name__)


class ListSource(Struct, frozen=True):
    """Which list to read. `make_rows` runs in the thread that made the call; `notify` adds a note."""

    page_id: str
    folder: str | None = None  # None: the inbox
    make_rows: Callable[[list[Conversation]], list[ThreadRows]] = lambda batch: []
    notify: Callable[[str], None] = logger.warning


class CursorMoved(Struct, frozen=True):
    """The list is read by its cursor, down to `after`; or to its end."""

    after: str | None
    is_end: bool = False

    def apply(self, checkpoint: Checkpoint) -> None:
        checkpoint.after, checkpoint.is_complete = self.after, self.is_end


class SpanDone(Struct, frozen=True):
    """This span of time is read."""

    span: Span

    def apply(self, checkpoint: Checkpoint) -> None:
        checkpoint.mark_done(self.span)
        checkpoint.is_complete = not checkpoint.spans


class WindowsStarted(Struct, frozen=True):
    """From now on the list is read by time, beginning with the newest second of this span, which is read."""

    span: Span

    def apply(self, checkpoint: Checkpoint) -> None:
        checkpoint.after, checkpoint.spans = None, [(None, self.span[1])]
        SpanDone(self.span).apply(checkpoint)


Step = CursorMoved | SpanDone | WindowsStarted


@dataclass(eq=False)
class ProbeCall(Call):
    """A call that only tests whether Graph honors time bounds."""


@dataclass(eq=False)
class ListCall(Call):
    """A call for one part of a list. Its answer is a ConversationBatch.

    `rows` are those of the answer, made by the thread of the call. When the answer has arrived, the reader
    sets the other fields: `step` for the checkpoint (None: it stays), `needs_outcome` if reading continues
    only if this answer brings anything new, `end_reason` if the list cannot be read any further, and
    `endless` if only its window cannot, because it never ends.
    """

    window: Window
    request: Request
    rows: list[ThreadRows]
    step: Step | None = field(default=None, init=False)
    needs_outcome: bool = field(default=False, init=False)
    end_reason: GraphError | None = field(default=None, init=False)
    endless: EndlessListError | None = field(default=None, init=False)

    @property
    def is_first_page(self) -> bool:
        return isinstance(self.window, CursorWindow) and self.request.after is None
