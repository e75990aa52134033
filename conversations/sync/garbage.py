"""Python's garbage collector during a sync.

One answer of Graph is fifty thousand objects, none of them in a cycle. By default each seven hundred start a
round of the collector, which looks at all objects there are: two thirds of the time that reading an answer
takes. While syncs run, rounds are rarer.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (100_000, 20, 20)

_lock = threading.Lock()
_syncs: list[tuple[int, int, int]] = []  # what each that runs found


@contextmanager
def rare_collections() -> Iterator[None]:
    """For the whole process; the last sync that ends puts back what the first one found."""
    with _lock:
        _syncs.append(_syncs[0] if _syncs else gc.get_threshold())
        gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        with _lock:
            before = _syncs.pop()
            if not _syncs:
                gc.set_threshold(*before)
