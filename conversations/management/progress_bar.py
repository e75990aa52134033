"""Shows the progress of syncs on the command line: a bar for each Page on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from conversations.lib.durations import format_duration
from conversations.models import Page, SyncRun
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
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold", markup=False),  # a name may look like markup
        BarColumn(bar_width=None),
        MessageColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield lambda page: Bar(page, bars).show


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


class Bar:
    """Shows a progress bar of a Page."""

    def __init__(self, page: Page, bars: Progress):
        self._page, self._bars, self._notes = page, bars, NoteFilter()
        # The total is known from an earlier run; the first run cannot tell how much is left.
        self._is_total_known = page.last_synced_at is not None
        self._task = bars.add_task(str(page), total=None, message=str)
        self._started = time.monotonic()

    def show(self, progress: SyncProgress) -> None:
        for note in self._notes.new_in(progress):
            self._bars.console.print(f"{self._page}: {note}", markup=False, highlight=False)
        done = progress.done
        total = (
            progress.total if progress.is_end or (self._is_total_known and progress.total > done) else None
        )
        message = partial(self._message, progress, time.monotonic())
        self._bars.update(self._task, completed=done, total=total, message=message)

    def _message(self, progress: SyncProgress, shown_at: float) -> str:
        now = time.monotonic()
        if progress.seconds is not None:
            return describe_progress(progress, max(0, round(progress.seconds - (now - shown_at))))
        return f"{describe_progress(progress)}, {progress.synced / max(now - self._started, 0.001):,.0f}/s"


class MessageColumn(ProgressColumn):
    """Builds its text each time the bar is drawn, so that the seconds of a wait count down."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["message"]())


class NoteFilter:
    """Returns each note of a run once."""

    def __init__(self) -> None:
        self._count = 0

    def new_in(self, progress: SyncProgress) -> tuple[str, ...]:
        new, self._count = progress.notes[self._count :], len(progress.notes)
        return new


def describe_progress(progress: SyncProgress, seconds: int | None = None) -> str:
    """Return the counters, or what the run waits for if it waits for `seconds`."""
    if seconds is not None:  # the reason comes last: a narrow terminal cuts it off
        return f"Waiting for Facebook, {format_duration(seconds)}. {progress.message}"
    counts = (
        (progress.synced, "thread"),
        (progress.events_created, "new message"),
        (progress.requests, "request"),
    )
    return ", ".join(pluralize(number, name) for number, name in counts)


def status_label(status: str) -> str:
    """Return the status as shown to people, inside a line: `complete`, `completed with errors`, `failed`."""
    return str(SyncRun.Status(status).label).lower()


def pluralize(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"


def printable(text: str) -> str:
    """Return text from Facebook without characters that would control the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
