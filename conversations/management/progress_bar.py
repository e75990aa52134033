"""A progress bar for each Page that is synced, on a terminal."""

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

from conversations.management.progress_text import NoteFilter, describe_progress
from conversations.models import Page
from conversations.sync.progress import OnProgress, SyncProgress


@contextmanager
def progress_bars(stream: TextIO) -> Iterator[Callable[[Page], OnProgress]]:
    """Yield a function that adds a bar for a Page. Several threads may call it."""
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold", markup=False),  # a name may look like markup
        BarColumn(bar_width=None),
        MessageColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield lambda page: ProgressBar(page, bars).show


class ProgressBar:
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
