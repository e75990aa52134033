"""Reads one list of Graph's, newest first: decides which call comes next and where the list ends."""

from dataclasses import replace
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, InvalidRequestError, StaleCursorError
from conversations.graph.records import ConversationBatch
from conversations.sync.crawl.list_calls import (
    CursorMoved,
    ListCall,
    ListSource,
    ProbeCall,
    SpanDone,
    WindowsStarted,
)
from conversations.sync.crawl.windows import (
    BEFORE_FACEBOOK,
    CursorWindow,
    Overlap,
    Request,
    TimeWindow,
    Window,
    WindowSplitter,
    end_of,
    is_outside,
    seconds_of,
)
from conversations.sync.gil import parse_lock
from conversations.sync.load.transform import ThreadRows
from conversations.sync.stored_state import Checkpoint

MAX_RESTARTS = 3  # of one list, after Facebook rejected its own cursor
RESUMED_SECONDS_PER_CALL = 86400  # a first guess for the windows of a checkpoint


class ListReader:
    """A source of calls that read a list. Create one with `full()`, `since()` or `resume()`.

    It reads by the list's cursors, one call after the other; or, if Graph honors time bounds and the list is
    read to its end, by several windows of time side by side. `windows` says whether Graph honors bounds (None
    while this is unknown), `is_distrusted` that it stopped doing so, and `error` why reading ended early.
    `is_unfinished`: the list, or a window of it, never ended (see ListProgress).
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
        self._restarts = 0
        self._splitter: WindowSplitter | None = None
        self._open: list[Window] = [CursorWindow()]

    @classmethod
    def full(cls, source: ListSource, *, windows: bool | None = False) -> "ListReader":
        """Read from the top to the oldest thread.

        Of a folder other than the inbox it makes one call and waits for `confirm()`.
        """
        reader = cls(source)
        reader.windows = windows
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
        follows: "ListReader | None" = None,
    ) -> "ListReader":
        """Read from the top until an answer goes below this second.

        `has_bounds`: Graph honors time bounds, so that older threads are not requested at all.
        `is_second_stored`: all threads that the list showed of this second, when it was read last, are
        stored; then an answer without changes is the end. `follows`: a reader that must be at its end first.
        """
        reader = cls(source)
        reader._stop_second, reader._is_stop_second_stored = second, is_second_stored
        reader._follows = follows
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
            self._splitter = WindowSplitter(max(high for _, high in checkpoint.spans))
            return [
                TimeWindow(high, low, low is None, RESUMED_SECONDS_PER_CALL) for low, high in checkpoint.spans
            ]
        return [CursorWindow(after=checkpoint.after)]

    # -- for the worker pool -------------------------------------------------------------------------------
    @property
    def is_over(self) -> bool:
        """Whether the end was reached and no call is in progress."""
        return not (self._open or self._is_probing or self.error or self.is_unfinished)

    def has_work(self) -> bool:
        return bool(self._open) and not self._is_waiting and (self._follows is None or self._follows.is_over)

    def take(self) -> ListCall | ProbeCall | None:
        if not self.has_work():
            return None
        if window := self._idle_window() or self._new_window():
            return self._call_for(window)
        return self._probe()

    def _idle_window(self) -> Window | None:
        return next((window for window in self._open if not window.is_busy), None)

    def _new_window(self) -> Window | None:
        """Split one of the windows that are read now, unless some never end: each costs twenty calls."""
        splitter = None if self.is_unfinished else self._splitter
        window = splitter.split(self._time_windows()) if splitter else None
        if window:
            self._open.append(window)
        return window

    def _time_windows(self) -> list[TimeWindow]:
        return [window for window in self._open if isinstance(window, TimeWindow)]

    def _call_for(self, window: Window) -> ListCall:
        window.is_busy = True
        request = window.request
        rows: list[ThreadRows] = []
        # It refers to `rows` and not to the call: a reference cycle would stay until a collection.
        return ListCall(self, lambda client: self._ask(client, request, rows), window, request, rows)

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
            self._source.page_id, folder=self._source.folder, after=request.after, **request.bounds
        )
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
        middle = times[len(times) // 2]  # not the newest: a single thread may have an odd time
        self._splitter = WindowSplitter(middle)
        rest = TimeWindow(max(times), is_open_ended=True)
        self._open[self._open.index(window)] = rest
        call.step = WindowsStarted((end[0] + 1, rest.high))
        self._lower(rest, end, Request(after=batch.after))

    def _advance_by_time(self, call: ListCall, window: TimeWindow, batch: ConversationBatch) -> None:
        """The next call begins with the second in which this answer ended."""
        if self._splitter:
            is_empty = batch.after is None and not batch.conversations
            self._splitter.on_probe(window, self._time_windows(), is_empty=is_empty)
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
        window.progress.record(batch.ids)
        if window.progress.error is None:
            return True
        call.endless, self.is_unfinished = window.progress.error, True
        self._open.remove(window)
        return False

    def _restart(self, window: Window, error: GraphError) -> None:
        """The cursor is stale: read from the top again, or a window from its newest second."""
        self._restarts += 1
        self._is_stop_second_stored = False  # what was stored since then no longer shows as a change
        self._source.notify(f"Restarted reading the list: {error}")
        window.restart()
        if self._restarts == MAX_RESTARTS:
            text = "Facebook repeatedly rejected its own cursors for this list. The next sync tries again."
            self.error, self._open = GraphError(text), []

    def _drop_windows(self) -> None:
        """Graph does not honor the bounds that it seemed to: read from the top again, by the cursor."""
        self._source.notify("Facebook does not honor time bounds. The list is read again from its top.")
        self.windows, self.is_distrusted, self._splitter = False, True, None
        self._open = [CursorWindow()]
