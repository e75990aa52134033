"""The progress of an import of threads: a bar on a terminal, a line every ten seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

LINE_SECONDS = 10

OnThreads = Callable[[int, int], None]  # threads that are done, and all


@contextmanager
def thread_progress(stream: TextIO, description: str) -> Iterator[OnThreads]:
    if not stream.isatty():
        yield Lines(stream, description).show
        return
    from rich.console import Console  # rich is slow to import
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=stream)) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class Lines:
    def __init__(self, stream: TextIO, description: str):
        self._stream, self._description = stream, description
        self._next_at = time.monotonic() + LINE_SECONDS

    def show(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + LINE_SECONDS
            self._stream.write(f"{self._description}: {done:,} of {total:,} threads\n")
            self._stream.flush()
