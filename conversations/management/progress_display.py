"""Shows the progress of syncs on the command line: a bar for each Page on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from conversations.management.progress_text import (
    NoteFilter,
    describe_progress,
    printable,
    status_label,
)
from conversations.models import Page
from conversations.sync.progress import OnProgress, SyncProgress

LINE_SECONDS = 10  # between two lines about the same status where there is no terminal

OpenDisplay = Callable[[Page], OnProgress]


@contextmanager
def progress_displays(stream: TextIO, *, show_end: bool = False) -> Iterator[OpenDisplay]:
    """Yield a function that opens a display for a Page. Several threads may call it.

    With `show_end`, lines also report the end of each sync; useful while other syncs go on.
    """
    if not stream.isatty():
        yield lambda page: Lines(page, stream, show_end=show_end).show
        return
    from conversations.management.progress_bar import progress_bars  # rich is slow to import

    with progress_bars(stream) as open_bar:
        yield open_bar


class Lines:
    """Writes lines such as `[Demo Shop] syncing: 100 threads, 250 new messages, 3 requests`."""

    def __init__(self, page: Page, stream: TextIO, *, show_end: bool):
        self._page, self._stream, self._show_end = page, stream, show_end
        self._last_status, self._next_line_at = "", time.monotonic() + LINE_SECONDS
        self._notes = NoteFilter()

    def show(self, progress: SyncProgress) -> None:
        """Write a line when the status changes, and every LINE_SECONDS while it does not."""
        for note in self._notes.new_in(progress):
            self._write(note)
        if progress.is_end and not self._show_end:
            return
        if progress.status == self._last_status and time.monotonic() < self._next_line_at:
            return
        self._last_status, self._next_line_at = progress.status, time.monotonic() + LINE_SECONDS
        self._write(f"{status_label(progress.status)}: {describe_progress(progress, progress.seconds)}")

    def _write(self, line: str) -> None:
        self._stream.write(f"[{printable(str(self._page))}] {line}\n")
        self._stream.flush()
