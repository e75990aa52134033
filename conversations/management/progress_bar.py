"""How syncs show themselves to who started them: a bar for each on a terminal, quiet lines elsewhere."""

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

from conversations.models import Page
from conversations.sync.progress import OnProgress, SyncProgress

QUIET_SECONDS = 10  # between two lines where there is no terminal

OpenDisplay = Callable[[Page], OnProgress]


@contextmanager
def displays(stream: TextIO, *, tell_ends: bool = False) -> Iterator[OpenDisplay]:
    """Gives what opens a display for one Page after the other, also from several threads.

    `tell_ends`: lines also tell of a sync that has ended, while others go on.
    """
    if not stream.isatty():
        yield lambda page: Lines(page, stream, tell_ends=tell_ends).show
        return
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold", markup=False),  # a name may look like markup
        BarColumn(bar_width=None),
        Words(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield lambda page: Bar(page, bars).show


class Lines:
    def __init__(self, page: Page, stream: TextIO, *, tell_ends: bool):
        self._page, self._stream, self._tell_ends = page, stream, tell_ends
        self._last, self._next = "", time.monotonic() + QUIET_SECONDS
        self._notes = Notes()

    def show(self, progress: SyncProgress) -> None:
        """A line when the state changes, and now and then while it does not."""
        for note in self._notes.new_in(progress):
            self._write(note)
        if progress.is_end and not self._tell_ends:
            return
        if progress.status == self._last and time.monotonic() < self._next:
            return
        self._last, self._next = progress.status, time.monotonic() + QUIET_SECONDS
        self._write(f"{progress.status}: {in_words(progress, progress.seconds)}")

    def _write(self, line: str) -> None:
        self._stream.write(f"[page {self._page.pk}] {line}\n")
        self._stream.flush()


class Bar:
    def __init__(self, page: Page, bars: Progress):
        self._page, self._bars, self._notes = page, bars, Notes()
        # How many there are is known from an earlier run; a first run cannot tell how much is left.
        self._is_known = page.last_synced_at is not None
        self._task = bars.add_task(str(page), total=None, words=str)
        self._started = time.monotonic()

    def show(self, progress: SyncProgress) -> None:
        for note in self._notes.new_in(progress):
            self._bars.console.print(f"{self._page}: {note}", markup=False, highlight=False)
        done = progress.synced + progress.skipped
        total = progress.total if progress.is_end or (self._is_known and progress.total > done) else None
        words = partial(self._words, progress, time.monotonic())
        self._bars.update(self._task, completed=done, total=total, words=words)

    def _words(self, progress: SyncProgress, shown_at: float) -> str:
        now = time.monotonic()
        if progress.seconds is not None:
            return in_words(progress, max(0, round(progress.seconds - (now - shown_at))))
        return f"{in_words(progress)}, {progress.synced / max(now - self._started, 0.001):,.0f}/s"


class Words(ProgressColumn):
    """Asked anew whenever the bar is drawn: the seconds of a pause count down while nothing happens."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["words"]())


class Notes:
    """Tells each note of a run once."""

    def __init__(self) -> None:
        self._told = 0

    def new_in(self, progress: SyncProgress) -> tuple[str, ...]:
        new, self._told = progress.notes[self._told :], len(progress.notes)
        return new


def in_words(progress: SyncProgress, seconds: int | None = None) -> str:
    if seconds is not None:  # first: what a narrow terminal cuts off is the reason
        return f"Waiting for Facebook, {seconds} s. {progress.message}"
    counts = (
        (progress.synced, "thread"),
        (progress.events_created, "new message"),
        (progress.requests, "request"),
    )
    return ", ".join(counted(number, name) for number, name in counts)


def counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"
