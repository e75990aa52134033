"""A bar for what usually takes no time at all."""

import time
from collections.abc import Collection, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")

PATIENCE_SECONDS = 2  # what takes longer shows how far it is


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
