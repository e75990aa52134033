"""What all parts of the story say and wait for."""

import sys
import time
from collections.abc import Callable

PROGRESS_SECONDS = 15


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def wait_until(
    condition: Callable[[], bool], seconds: float, progress: Callable[[], str] | None = None
) -> None:
    """Wait, and say every PROGRESS_SECONDS how far it is."""
    began = said = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > began + seconds:
            raise SystemExit(f"timed out after {seconds} s: {condition.__name__}")
        if progress and now > said + PROGRESS_SECONDS:
            said = now
            say(progress())
        time.sleep(0.5)
