"""Progress bars that appear only when the work takes long."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")

DELAY_SECONDS = 2  # before the bar appears


def delayed_bar(items: Collection[T], description: str) -> Iterator[T]:
    """Yield the items one by one; after two seconds show a progress bar on standard error."""
    with delayed_count(len(items), description) as count:
        for item in items:
            yield item
            count(1)


@contextmanager
def delayed_count(total: int, description: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that is called with what was done; after two seconds it shows a bar likewise."""
    started, progress = time.monotonic(), Progress(console=Console(stderr=True))
    task = progress.add_task(description, total=total)

    def count(number: int) -> None:
        progress.advance(task, number)
        if not progress.live.is_started and time.monotonic() - started > DELAY_SECONDS:
            progress.start()

    try:
        yield count
    finally:
        if progress.live.is_started:
            progress.stop()


@contextmanager
def delayed_steps() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that shows what is done, how much of it, and of how much; after two seconds."""
    started, progress = time.monotonic(), Progress(console=Console(stderr=True))
    task = progress.add_task("", total=None)

    def show(description: str, done: int, total: int) -> None:
        progress.update(task, description=description, completed=done, total=total or None)
        if not progress.live.is_started and time.monotonic() - started > DELAY_SECONDS:
            progress.start()

    try:
        yield show
    finally:
        if progress.live.is_started:
            progress.stop()
