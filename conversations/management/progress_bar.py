"""How a sync shows itself to who started it: a bar on a terminal, quiet lines elsewhere."""

import sys
import time
from collections.abc import Collection, Iterator
from typing import Protocol, TextIO, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from conversations.models import Page, SyncRun
from conversations.sync.progress import SyncProgress

T = TypeVar("T")

QUIET_SECONDS = 10  # between two lines where there is no terminal
PATIENCE_SECONDS = 2  # what takes longer shows how far it is


class Display(Protocol):
    def show(self, progress: SyncProgress) -> None: ...
    def close(self) -> None: ...


def display_for(page: Page, stream: TextIO = sys.stderr) -> Display:
    return Bar(page, stream) if stream.isatty() else Lines(page, stream)


class Lines:
    def __init__(self, page: Page, stream: TextIO):
        self._page, self._stream = page, stream
        self._last, self._next = "", time.monotonic() + QUIET_SECONDS

    def show(self, progress: SyncProgress) -> None:
        """A line when the state changes, and now and then while it does not."""
        if progress.status in ENDED:
            return
        if progress.status == self._last and time.monotonic() < self._next:
            return
        self._last, self._next = progress.status, time.monotonic() + QUIET_SECONDS
        self._stream.write(f"[page {self._page.pk}] {progress.status}: {in_words(progress)}\n")
        self._stream.flush()

    def close(self) -> None:
        pass


class Bar:
    def __init__(self, page: Page, stream: TextIO):
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[words]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream),
        )
        # How many there are is known from an earlier run; a first run cannot tell how much is left.
        self._is_known = page.last_synced_at is not None
        self._task = self._progress.add_task(str(page), total=None, words="")
        self._started = time.monotonic()
        self._progress.start()

    def show(self, progress: SyncProgress) -> None:
        done = progress.synced + progress.skipped
        ended = progress.status in ENDED
        total = progress.total if ended or (self._is_known and progress.total > done) else None
        self._progress.update(self._task, completed=done, total=total, words=self._words(progress))

    def _words(self, progress: SyncProgress) -> str:
        seconds = max(time.monotonic() - self._started, 0.001)
        return f"{in_words(progress)}, {progress.synced / seconds:,.0f}/s"

    def close(self) -> None:
        self._progress.stop()


ENDED = {
    SyncRun.Status.COMPLETE,
    SyncRun.Status.COMPLETE_WITH_ERRORS,
    SyncRun.Status.ERROR,
    SyncRun.Status.INTERRUPTED,
    SyncRun.Status.CANCELLED,
}


def in_words(progress: SyncProgress) -> str:
    if progress.seconds is not None:
        return f"{progress.message} Again in {progress.seconds} s"
    counts = (
        (progress.synced, "thread"),
        (progress.events_created, "new message"),
        (progress.requests, "request"),
    )
    return ", ".join(counted(number, name) for number, name in counts)


def counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"


def late_bar(items: Collection[T], words: str) -> Iterator[T]:
    """The items one by one, with a bar on standard error as soon as they have taken over two seconds."""
    begun, progress = time.monotonic(), Progress(console=Console(stderr=True))
    task = progress.add_task(words, total=len(items))
    try:
        for item in items:
            yield item
            progress.advance(task)
            if not progress.live.is_started and time.monotonic() - begun > PATIENCE_SECONDS:
                progress.start()
    finally:
        if progress.live.is_started:
            progress.stop()
