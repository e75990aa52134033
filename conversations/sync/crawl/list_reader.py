"""Reads one list of Graph's, newest first: decides which call comes next and where the list ends."""

from typing import Any

from msgspec.structs import replace

from conversations.graph.client import GraphClient, Pace
from conversations.graph.errors import EndlessListError, GraphError, InvalidRequestError, StaleCursorError
from conversations.graph.readers.list_progress import ShownItems
from conversations.graph.records import ConversationBatch
from conversations.sync.crawl.list_calls import (
    CursorMoved,
    ListCall,
    ListSource,
    ProbeCall,
    SpanDone,
    WindowsStarted,
)
from conversations.sync.crawl.window_splitter import WindowSplitter, is_long_list
from conversations.sync.crawl.windows import (
    BEFORE_FACEBOOK,
    CursorWindow,
    Overlap,
    Request,
    TimeWindow,
    Window,
    end_of,
    is_outside,
    seconds_of,
)
from conversations.sync.gil import parse_lock
from conversations.sync.load.transform import ThreadRows
from conversations.sync.stored_state import Checkpoint

MAX_RESTARTS = 3  # of one list, after Facebook rejected its own cursor
# Of one list in one run: a million threads in the usual size. The next run continues where this one stops.
MAX_ANSWERS = 10_000
RESUMED_SECONDS_PER_CALL = 86400  # a first guess for the windows of a checkpoint


class ListReader:
    """A source of calls that read a list. Create one with `full()`, `since()` or `resume()`.

    It reads by the list's cursors, one call after the other; or, if Graph honors time bounds and the list is
    read to its end, by several windows of time side by side. `windows` says whether Graph honors bounds (None
    while this is unknown), `is_distrusted` that it stopped doing so, and `error` why reading ended early.
    `is_unfinished`: the list, or a window of it, never ended (see ListProgress), or is longer than one run
    reads.
    """

    def __init__(self, source: ListSource):
        self._source = source
        self._stop_second: int | None = None
        self._is_stop_second_stored = True
        self.windows: bool | None = False
        self.error: GraphError | None = None
        self.is_distrusted = self.is_unfinished = False
        self._is_probing = self._is_waiting = self._needs_confirmation = False
        self._follows: ListReader | None = None
        self._restarts = self._answers = 0
        self._shown = ShownItems()  # by all windows
        self._is_head = False
        self._total: int | None = None  # threads of a list that is read by cursors, if Facebook counts them
        self._paces = Pace(), Pace()  # in the usual size and in a larger one
        self._splitter: WindowSplitter | None = None
        self._open: list[Window] = [CursorWindow()]

    @classmethod
    def full(cls, source: ListSource, *, windows: bool | None = False) -> "ListReader":
        """Read from the top to the oldest thread.

        Of a folder other than the inbox it makes one call and waits for `confirm()`.
        """
        reader = cls(source)
        reader.windows = windows
        reader._open = [CursorWindow(needs_count=not source.folder)]
        reader._needs_confirmation = bool(source.folder)
        return reader

    @classmethod
    def since(
        cls,
        source: ListSource,
        second: int,
        *,
        has_bounds: bool = False,
        is_second_stored: bool = True,
        is_head: bool = False,
        follows: "ListReader | None" = None,
    ) -> "ListReader":
        """Read from the top until an answer goes below this second.

        `has_bounds`: Graph honors time bounds, so that older threads are not requested at all.
        `is_second_stored`: all threads that the list showed of this second, when it was read last, are
        stored; then an answer without changes is the end. `is_head`: the list was read before, so that it
        shows known threads at other times. `follows`: a reader that must be at its end first.
        """
        reader = cls(source)
        reader._stop_second, reader._is_stop_second_stored = second, is_second_stored
        reader._follows, reader._is_head = follows, is_head
        reader._open = [CursorWindow(low=second if has_bounds else None)]
        return reader

    @classmethod
    def resume(
        cls,
        source: ListSource,
        checkpoint: Checkpoint,
        *,
        windows: bool | None = False,
        stop_second: int | None = None,
        is_second_stored: bool = True,
    ) -> "ListReader":
        """Continue from a checkpoint, to the oldest thread or until an answer goes below `stop_second`."""
        reader = cls(source)
        reader._stop_second, reader._is_stop_second_stored = stop_second, is_second_stored
        reader.windows = windows if stop_second is None else False
        reader._open = reader._resumed_windows(checkpoint)
        return reader

    def _resumed_windows(self, checkpoint: Checkpoint) -> list[Window]:
        if checkpoint.spans and self.windows is not False:
            self.windows = True  # Graph honored bounds when this checkpoint was stored
            top = max(high for _, high in checkpoint.spans)
            self._splitter = WindowSplitter(top, top, 1)
            return [
                TimeWindow(high, low, low is None, RESUMED_SECONDS_PER_CALL) for low, high in checkpoint.spans
            ]
        return [CursorWindow(after=checkpoint.after)]

    # -- for the worker pool -------------------------------------------------------------------------------
    @property
    def is_over(self) -> bool:
        """Whether the end was reached and no call is in progress."""
        return self.has_ended and not self.is_unfinished

    @property
    def has_ended(self) -> bool:
        """Whether no more is read: the end was reached, or the list has none."""
        return not (self._open or self._is_probing or self.error)

    def has_work(self) -> bool:
        is_due = self._follows is None or self._follows.has_ended
        return bool(self._open) and not self._is_waiting and is_due

    def take(self) -> ListCall | ProbeCall | None:
        if not self.has_work():
            return None
        if window := self._idle_window() or self._new_window():
            return self._call_for(window)
        return self._probe()

    def _idle_window(self) -> Window | None:
        """Return the window with the most work left, so that all of them end at about the same time."""
        idle = (window for window in self._open if not window.is_busy)
        return max(idle, key=lambda window: window.threads_left or 0, default=None)

    def _new_window(self) -> Window | None:
        """Split one of the windows that are read now, unless some never end: each costs twenty calls."""
        splitter = None if self.is_unfinished else self._splitter
        if splitter is None:
            return None
        splitter.parallel, splitter.size = self._paces[splitter.is_long]
        window = splitter.split(self._time_windows())
        if window:
            self._open.append(window)
        return window

    def _time_windows(self) -> list[TimeWindow]:
        return [window for window in self._open if isinstance(window, TimeWindow)]

    def _call_for(self, window: Window) -> ListCall:
        window.is_busy = True
        request = replace(window.request, is_large=self._is_large(window))
        rows: list[ThreadRows] = []
        # It refers to `rows` and not to the call: a reference cycle would stay until a collection.
        return ListCall(self, lambda client: self._ask(client, request, rows), window, request, rows)

    def _is_large(self, window: Window) -> bool:
        """Whether it is worth to request more threads than usual: the list is read to its end.

        Not where the next split waits for the answer: to its first call, or to a count beyond all known.
        """
        is_top = isinstance(window, CursorWindow) and window.after is None
        is_awaited = isinstance(window, TimeWindow) and window.needs_count and window.low is None
        is_long = self._splitter.is_long if self._splitter else is_long_list(self._total)
        return self._stop_second is None and is_long and not (is_top or is_awaited)

    def _probe(self) -> ProbeCall | None:
        """Test time bounds beside the first call, while there is nothing else to request."""
        if self.windows is not None or self._is_probing:
            return None
        self._is_probing = True
        return ProbeCall(self, self._ask_probe)

    def on_result(self, call: ListCall | ProbeCall, value: Any) -> None:
        if isinstance(call, ProbeCall):
            self._is_probing = False
            self.windows = (
                isinstance(value, ConversationBatch) and not value.conversations and not value.after
            )
        elif call.window in self._open:
            call.window.is_busy = False
            self._handle(call, value)
            call.end_reason = self.error
            if self._needs_confirmation and isinstance(value, ConversationBatch):
                self._needs_confirmation, self._is_waiting = False, True

    # -- for the writer ------------------------------------------------------------------------------------
    def confirm(self) -> None:
        """Continue: Facebook shows the folder that was requested."""
        self._is_waiting = False

    def abandon(self) -> None:
        """Read no more of this list."""
        self._open = []

    def on_outcome(self, *, changed: bool) -> None:
        """Continue after an answer that `needs_outcome`.

        If it changed anything, there may be more changes in the last second; if not, there are none.
        """
        self._is_waiting = False
        if not changed and self._is_stop_second_stored:
            self._open = []

    # -- in the threads ------------------------------------------------------------------------------------
    def _ask(self, client: GraphClient, request: Request, rows: list[ThreadRows]) -> ConversationBatch:
        batch = client.conversation_batch(
            self._source.page_id,
            folder=self._source.folder,
            after=request.after,
            count=request.count,
            is_large=request.is_large,
            **request.bounds,
        )
        self._paces = client.pace(is_large=False), client.pace(is_large=True)
        with parse_lock:
            rows += self._source.make_rows(batch.conversations)
        return batch

    def _ask_probe(self, client: GraphClient) -> ConversationBatch:
        return client.conversation_batch(
            self._source.page_id, folder=self._source.folder, updated_before_ms=BEFORE_FACEBOOK * 1000
        )

    # -- what an answer means ------------------------------------------------------------------------------
    def _handle(self, call: ListCall, value: Any) -> None:
        match value, call.window:
            case StaleCursorError(), window:
                self._restart(window, value)
            case InvalidRequestError(), window if window.has_bounds:
                self._drop_windows()
            case ConversationBatch(), CursorWindow() as window:
                self._advance_by_cursor(call, window, value)
            case ConversationBatch(), TimeWindow() as window if is_outside(value, window):
                self._drop_windows()
            case ConversationBatch(), TimeWindow() as window:
                self._advance_by_time(call, window, value)
            case _:
                self.error, self._open = value, []

    def _advance_by_cursor(self, call: ListCall, window: CursorWindow, batch: ConversationBatch) -> None:
        end, stop = end_of(batch), self._stop_second
        if window.needs_count:
            window.needs_count, self._total = False, batch.total
        if batch.after is None or (stop is not None and end is not None and end[0] < stop):
            call.step = CursorMoved(batch.after, is_end=True)
            self._open.remove(window)
        elif self.windows and end is not None:
            self._start_windows(call, window, batch, end)
        else:
            call.step = CursorMoved(batch.after)
            if self._record_progress(call, window, batch):
                window.after = batch.after
                self._is_waiting = call.needs_outcome = end is not None and end[0] == stop

    def _start_windows(
        self, call: ListCall, window: CursorWindow, batch: ConversationBatch, end: tuple[int, str]
    ) -> None:
        """Continue by time, in a window that reaches from the newest thread of this answer to the oldest."""
        times = seconds_of(batch)
        newest = sorted(times)[-3:][0]  # not the newest: a single thread may have an odd time
        total = batch.total if batch.total is not None and batch.total > len(times) else None
        self._splitter = WindowSplitter(newest, end[0], len(batch.conversations), total)
        rest = TimeWindow(max(times), is_open_ended=True, below=total and total - len(times))
        self._open[self._open.index(window)] = rest
        call.step = WindowsStarted((end[0] + 1, rest.high))
        self._lower(rest, end, Request(after=batch.after))

    def _advance_by_time(self, call: ListCall, window: TimeWindow, batch: ConversationBatch) -> None:
        """The next call begins with the second in which this answer ended."""
        if self._splitter:
            self._splitter.on_answer(window, self._time_windows(), batch)
        if call.request.high is None:  # requested by the cursor of the whole list
            call.step = CursorMoved(batch.after)
        overlap, by_cursor = window.overlap, replace(call.request, after=batch.after)
        window.lead_on_by_time()
        if overlap and overlap.thread_id not in {record.id for record in batch.conversations}:
            # Too many threads in that second, an odd time, or a thread that moved: only the cursor is safe.
            if self._record_progress(call, window, batch):
                self._continue_by_cursor(window, overlap.fallback)
            return
        end = end_of(batch)
        if batch.after is None or (end and window.low is not None and end[0] < window.low):
            low = call.request.low if batch.after is None else window.low
            call.step = SpanDone((low, window.high))
            self._open.remove(window)
        elif not self._record_progress(call, window, batch):
            return  # the rest of the window is left to the next run
        elif end is None or end[0] >= window.high:
            self._continue_by_cursor(window, by_cursor)  # the answer leads no further down in time
        else:
            call.step = SpanDone((end[0] + 1, window.high))
            self._lower(window, end, by_cursor)

    def _continue_by_cursor(self, window: TimeWindow, request: Request) -> None:
        window.high, window.cursor_request = request.high or window.high, request

    def _lower(self, window: TimeWindow, end: tuple[int, str], fallback: Request) -> None:
        """Move the upper end of a window down to where the answer ended."""
        second, thread_id = end
        window.seconds_per_call = max(window.high - second, 1)
        window.high, window.overlap = second, Overlap(thread_id, fallback)

    def _record_progress(self, call: ListCall, window: Window, batch: ConversationBatch) -> bool:
        """Record what an answer shows, and end a window that never ends. Return whether it is read on."""
        end = end_of(batch)
        window.progress.record_answer(is_new=self._shown.add(self._names(batch)))
        window.progress.record_end(end and end[0])
        self._answers += 1
        is_too_long = self._answers >= MAX_ANSWERS
        if window.progress.error is None and not is_too_long:
            return True
        if is_too_long:
            self._open = []
        else:
            self._open.remove(window)
        if is_too_long or not self._has_reached_stop(window):
            call.endless, self.is_unfinished = window.progress.error or _too_long(), True
        return False

    def _has_reached_stop(self, window: Window) -> bool:
        """Whether a head is read as far as it is needed, although it has no end."""
        stop, oldest = self._stop_second, window.progress.oldest
        return self._is_head and stop is not None and oldest is not None and oldest <= stop

    def _names(self, batch: ConversationBatch) -> list[str]:
        """Return what makes a thread a new one: in a head also its time, because that has moved it there."""
        if self._is_head:
            return [f"{record.id} {record.updated_time}" for record in batch.conversations]
        return batch.ids

    def _restart(self, window: Window, error: GraphError) -> None:
        """The cursor is stale: read from the top again, or a window from its newest second."""
        self._restarts += 1
        self._is_stop_second_stored = False  # what was stored since then no longer shows as a change
        self._source.notify(f"Restarted reading the list: {error}")
        window.restart()
        self._shown = ShownItems()
        if self._restarts == MAX_RESTARTS:
            text = "Facebook repeatedly rejected its own cursors for this list. The next sync tries again."
            self.error, self._open = GraphError(text), []

    def _drop_windows(self) -> None:
        """Graph does not honor the bounds that it seemed to: read from the top again, by the cursor."""
        self._source.notify("Facebook does not honor time bounds. The list is read again from its top.")
        self.windows, self.is_distrusted, self._splitter = False, True, None
        self._shown = ShownItems()
        self._open = [CursorWindow()]


def _too_long() -> EndlessListError:
    return EndlessListError(f"The list goes on after {MAX_ANSWERS:,} answers.")
