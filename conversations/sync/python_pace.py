"""How Python runs while a sync does: the collector of garbage rarely, its threads in short turns.

One answer of Graph is tens of thousands of objects, none of them in a cycle. By default each seven hundred
start a round of the collector, which looks at all objects there are. And a thread that reads one keeps the
others from running for five milliseconds at a time: the writer, who asks PostgreSQL a dozen times a batch,
would wait as often. Threads that read answers at the same time are no faster, Python lets them take turns;
but the writer had his only after all of them. So one reads at a time.
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (100_000, 20, 20)
TURN_SECONDS = 0.0005

one_reads = threading.Lock()  # for the whole process; held while an answer becomes records, and records rows

Pace = tuple[tuple[int, int, int], float]

_lock = threading.Lock()
_syncs: list[Pace] = []  # what each that runs found


@contextmanager
def sync_pace() -> Iterator[None]:
    """For the whole process; the last sync that ends puts back what the first one found."""
    with _lock:
        _syncs.append(_syncs[0] if _syncs else (gc.get_threshold(), sys.getswitchinterval()))
        _set((THRESHOLDS, TURN_SECONDS))
    try:
        yield
    finally:
        with _lock:
            before = _syncs.pop()
            if not _syncs:
                _set(before)


def _set(pace: Pace) -> None:
    gc.set_threshold(*pace[0])
    sys.setswitchinterval(pace[1])
