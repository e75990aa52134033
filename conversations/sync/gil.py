"""Settings of the Python interpreter while a sync runs: garbage collection and thread switching.

One answer of Graph becomes tens of thousands of objects, none of them in a reference cycle. By default every
700 new objects start a garbage collection, which visits all objects. By default, too, a thread that parses an
answer keeps the others from running for five milliseconds at a time; the writer, which queries PostgreSQL a
dozen times for each batch, would wait as often. Threads that parse at the same time finish no sooner, because
they share the GIL, and the writer would get its turn only after all of them. Therefore one thread parses at a
time. Where many syncs run, there is always another one that uses the time, and threads are switched as rarely
as by default: each switch costs, and each thread that waits for the GIL wakes up once per interval to ask.
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GC_THRESHOLDS = (100_000, 20, 20)
SWITCH_INTERVAL_SECONDS = 0.0005
MANY_SYNCS = 4  # in one process: then threads are switched as before

# One for the whole process. A thread holds it while it turns an answer into records, and records into rows.
parse_lock = threading.Lock()

GilSettings = tuple[tuple[int, int, int], float]  # thresholds of the collector, switch interval in seconds

_lock = threading.Lock()
_previous: list[GilSettings] = []  # for each running sync, the settings from before the first of them


@contextmanager
def tuned_gil() -> Iterator[None]:
    """Tune the interpreter for a sync. When the last running sync ends, the original settings return."""
    with _lock:
        _previous.append(_previous[0] if _previous else (gc.get_threshold(), sys.getswitchinterval()))
        _tune()
    try:
        yield
    finally:
        with _lock:
            before = _previous.pop()
            _tune() if _previous else _apply(before)


def _tune() -> None:
    is_shared = len(_previous) >= MANY_SYNCS
    _apply((GC_THRESHOLDS, _previous[0][1] if is_shared else SWITCH_INTERVAL_SECONDS))


def _apply(settings: GilSettings) -> None:
    gc.set_threshold(*settings[0])
    sys.setswitchinterval(settings[1])
