"""The walk over one list of Graph's, newest first: what is to be asked next, and where the end is."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import CursorError, GraphError, RefusedRequestError
from conversations.graph.records import Conversation, ConversationBatch
from conversations.sync.fetch import Call
from conversations.sync.place import Place, Span
from conversations.sync.python_pace import one_reads
from conversations.sync.transform import ThreadRows
from conversations.sync.windows import (
    BEFORE_FACEBOOK,
    Cutter,
    Window,
    end_of,
    is_outside,
    seconds_of,
)

logger = logging.getLogger(__name__)

RESTARTS = 3  # of a walk whose cursor Facebook no longer knows


@dataclass(eq=False)
class ListCall(Call):
    """One answer of the list, a ConversationBatch, and what the writer must know of it for the place."""

    rows: list[ThreadRows] = field(default_factory=list)  # of the answer, shaped by the thread that asked
    window: Window | None = None  # None: a call that only finds out whether windows are honoured
    low: int | None = None  # the bound that was asked for: the window may have lost its older part since
    is_top: bool = False
    by_cursor: bool = False  # asked without bounds: the window may have got some since
    ends_walk: GraphError | None = None  # why the walk cannot go on after this answer
    ends: bool = False  # a list that is walked by its cursors ends with this answer
    awaits: bool = False  # whether the walk goes on depends on whether this answer brings anything new
    covers: Span | None = None
    begins_windows: int | None = None  # from this second down, time leads on and no longer the cursor


class ListWalk:
    """Walks from the top, or from `place`, to the first thread of all or to where `floor` was left behind.

    By its cursors, one call after the other; where Graph honours bounds of time (`windows`: yes, no, or not
    known yet) and the walk goes to the end, by several windows side by side. `windows` tells what it found
    out, `error` why it could not go on. One that is `on_trial` makes one call and waits to be told `go_on()`.
    `since`: a second, where bounds are honoured: older threads are not asked for. `shape` makes the rows of
    an answer, in the thread that asked. `is_floor_known`: of the floor's second all is held that stood there
    when the floor was left behind, so that below an answer without news there is none. `follows`: a walk that
    must have come to its end before.
    """

    def __init__(
        self,
        page_id: str,
        *,
        folder: str | None = None,
        floor: int | None = None,
        since: int | None = None,
        place: Place | None = None,
        windows: bool | None = False,
        on_trial: bool = False,
        is_floor_known: bool = True,
        follows: "ListWalk | None" = None,
        shape: Callable[[list[Conversation]], list[ThreadRows]] = lambda batch: [],
        note: Callable[[str], None] = logger.warning,
    ):
        self._page_id, self._folder, self._floor = page_id, folder, floor
        self._shape, self._note = shape, note
        self.windows = windows if floor is None else False
        self.error: GraphError | None = None
        self.is_distrusted = False  # windows were honoured, and then no more
        self._is_probing = self._awaits = False
        self._is_on_trial, self._is_floor_known = on_trial, is_floor_known
        self._follows = follows
        self._restarts, self._cursors = 0, set[int]()
        self._cutter: Cutter | None = None
        self._open = [Window(low=since)] if since is not None else self._begin(place or Place())

    def _begin(self, place: Place) -> list[Window]:
        if place.spans and self.windows is not False:
            self.windows = True  # they were honoured when this place was left
            self._cutter = Cutter(max(high for _, high in place.spans))
            return [Window(high, low, is_tail=low is None, pace=86400) for low, high in place.spans]
        return [Window(after=place.after)]

    # -- for the fetcher -----------------------------------------------------------------------------------
    @property
    def is_over(self) -> bool:
        """Whether the end was reached and nothing is under way."""
        return not self._open and not self._is_probing and self.error is None

    def has_work(self) -> bool:
        return bool(self._open) and not self._awaits and (self._follows is None or self._follows.is_over)

    def take(self) -> ListCall | None:
        if not self.has_work():
            return None
        window = next((window for window in self._open if not window.is_busy), None)
        if window is None and self._cutter:
            window = self._cutter.cut(self._open)
        if window is None:
            return self._probe()
        window.is_busy = True
        asked = window.detour or replace(window)
        is_top = window.high is None and window.after is None
        rows: list[ThreadRows] = []
        return ListCall(
            self,
            lambda client: self._ask(client, asked, rows),  # not the call: a cycle lives until Python looks
            rows=rows,
            window=window,
            low=asked.low,
            is_top=is_top,
            by_cursor=asked.high is None,
        )

    def answered(self, call: Call, value: Any) -> None:
        assert isinstance(call, ListCall)  # noqa: S101 - nothing else is taken from here
        if call.window is None:
            self._is_probing = False
            self.windows = (
                isinstance(value, ConversationBatch) and not value.conversations and not value.after
            )
        elif call.window in self._open:
            call.window.is_busy = False
            self._understand(call, call.window, value)
            call.ends_walk = self.error
            if self._is_on_trial and isinstance(value, ConversationBatch):
                self._is_on_trial, self._awaits = False, True

    def go_on(self) -> None:
        """The list is what it was asked for as."""
        self._awaits = False

    def leave(self) -> None:
        """Nothing more of this list is wanted."""
        self._open = []

    def settle(self, *, changed: bool) -> None:
        """The answer that was awaited: the second of the floor may hold more that is new, or it does not."""
        self._awaits = False
        if not changed and self._is_floor_known:
            self._open = []

    def _probe(self) -> ListCall | None:
        """Beside the first call: until that is answered there is nothing else to ask."""
        if self.windows is not None or self._is_probing:
            return None
        self._is_probing = True
        return ListCall(self, self._ask_probe)

    # -- in the threads ------------------------------------------------------------------------------------
    def _ask(self, client: GraphClient, window: Window, rows: list[ThreadRows]) -> ConversationBatch:
        batch = client.conversation_batch(
            self._page_id, folder=self._folder, after=window.after, **window.bounds
        )
        with one_reads:
            rows += self._shape(batch.conversations)
        return batch

    def _ask_probe(self, client: GraphClient) -> ConversationBatch:
        return client.conversation_batch(
            self._page_id, folder=self._folder, updated_before_ms=BEFORE_FACEBOOK * 1000
        )

    # -- what an answer means ------------------------------------------------------------------------------
    def _understand(self, call: ListCall, window: Window, value: Any) -> None:
        if isinstance(value, CursorError):
            self._restart(window, value)
        elif isinstance(value, RefusedRequestError) and window.bounds:
            self._distrust()
        elif not isinstance(value, ConversationBatch):
            self.error, self._open = value, []
        elif window.high is None:
            self._follow(call, window, value)
        elif is_outside(value, window):
            self._distrust()
        else:
            self._step_down(call, window, value)

    def _follow(self, call: ListCall, window: Window, batch: ConversationBatch) -> None:
        """By the cursor."""
        end = end_of(batch)
        if batch.after is None or (self._floor is not None and end is not None and end[0] < self._floor):
            call.ends = True
            self._open.remove(window)
        elif self.windows and end is not None:
            self._begin_windows(call, window, batch, end)
        elif self._is_new(batch.after):
            window.after = batch.after
            self._awaits = call.awaits = end is not None and end[0] == self._floor

    def _begin_windows(
        self, call: ListCall, window: Window, batch: ConversationBatch, end: tuple[int, str]
    ) -> None:
        times = seconds_of(batch)
        self._cutter = Cutter(times[len(times) // 2])  # not the newest: one alone may have an odd time
        window.is_tail = True
        call.begins_windows = max(times)
        window.high = max(times)
        self._move_down(call, window, end, Window(after=batch.after))

    def _step_down(self, call: ListCall, window: Window, batch: ConversationBatch) -> None:
        """By time: the next call begins with the second in which this answer ended."""
        assert window.high is not None  # noqa: S101 - the caller saw it
        if self._cutter:
            is_empty = batch.after is None and not batch.conversations
            self._cutter.felt(window, self._open, is_empty=is_empty)
        border, behind, detour = window.border, window.behind, window.detour
        window.border, window.behind, window.detour, window.after = "", None, None, None
        if behind and border not in {record.id for record in batch.conversations}:
            # A crowd in that second, an odd time, a thread that moved: only the cursor leads on surely.
            self._follow_cursor(window, behind)
            return
        end = end_of(batch)
        further = replace(detour or window, low=call.low, after=batch.after, detour=None)
        if batch.after is None or (end and window.low is not None and end[0] < window.low):
            call.covers = (call.low if batch.after is None else window.low, window.high)
            self._open.remove(window)
        elif end is None or end[0] >= window.high:
            self._follow_cursor(window, further)  # there is no step to make by time
        else:
            self._move_down(call, window, end, further)

    def _follow_cursor(self, window: Window, further: Window) -> None:
        if self._is_new(further.after or ""):
            window.high, window.detour = further.high or window.high, further

    def _move_down(self, call: ListCall, window: Window, end: tuple[int, str], behind: Window) -> None:
        assert window.high is not None  # noqa: S101 - only windows are moved
        second, border = end
        call.covers = (second + 1, window.high)
        window.pace = max(window.high - second, 1)
        window.behind, window.border = behind, border
        window.high, window.after = second, None

    def _is_new(self, cursor: str) -> bool:
        """A cursor that comes twice is an error: the walk would never end."""
        if hash(cursor) in self._cursors:
            self.error = GraphError("Facebook repeated a cursor: the list would never end.")
            self._open = []
            return False
        self._cursors.add(hash(cursor))
        return True

    def _restart(self, window: Window, error: GraphError) -> None:
        """The cursor is stale: from the top again, a window from its newest second."""
        self._restarts += 1
        self._is_floor_known = False  # what was stored since is no news any more
        self._note(f"The walk began anew: {error}")
        window.after, window.border, window.behind, window.detour = None, "", None, None
        self._cursors.clear()
        if self._restarts == RESTARTS:
            words = "Facebook forgets its place in the list again and again; the next sync tries anew."
            self.error, self._open = GraphError(words), []

    def _distrust(self) -> None:
        """Graph does not honour what it seemed to: from the top again, by the cursor."""
        self._note("Facebook does not honour bounds of time: the list is walked from its top.")
        self.windows, self.is_distrusted, self._cutter = False, True, None
        self._open = [Window()]
        self._cursors.clear()
