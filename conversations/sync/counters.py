"""The run's counters of threads: each thread counts once, however often Facebook lists it."""

from conversations.models import SyncRun

# The strongest result of a thread wins: a thread that was new once is new for this run, and so on.
STORED_RESULTS = ("", "unchanged", "updated", "inserted")
# These describe the thread's present state and hide what was stored, until it is stored again.
INCOMPLETE_RESULTS = ("", "skipped", "owed")
BLOCK = 64  # neighbors that a ByteMap holds together


def strength(result: str) -> int:
    """The rank of a result among those of one thread: 0 if nothing was stored."""
    return STORED_RESULTS.index(result) if result in STORED_RESULTS else 0


class ByteMap:
    """Maps integers to numbers from 0 to 255; those never set are 0.

    Memory follows the count of the keys and not their size: four bytes for each of many neighbors, 300 for
    a key without neighbors.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}

    def __getitem__(self, key: int) -> int:
        block = self._blocks.get(key // BLOCK)
        return block[key % BLOCK] if block else 0

    def __setitem__(self, key: int, number: int) -> None:
        block = self._blocks.get(key // BLOCK)
        if block is None:
            block = self._blocks[key // BLOCK] = bytearray(BLOCK)
        block[key % BLOCK] = number


class ThreadCounters:
    """The result of each thread of one run, by primary key, and the run's counters that follow from them."""

    def __init__(self, run: SyncRun, known_total: int = 0):
        self._run, self._known_total = run, known_total
        self._results = ByteMap()
        self._undo: list[tuple[int, int]] = []

    def mark(self) -> None:
        """Set the point to which `roll_back()` returns."""
        self._undo.clear()

    def roll_back(self) -> None:
        """Drop the results since `mark()`. The caller restores the counters of the run itself."""
        for thread_id, result in reversed(self._undo):
            self._results[thread_id] = result
        self._undo.clear()

    def count(self, thread_id: int, result: str) -> None:
        """Combine a result with what this run already knows of the thread, and adjust the counters."""
        known = self._results[thread_id]
        self._undo.append((thread_id, known))
        incomplete, stored = divmod(known, len(STORED_RESULTS))
        if before := INCOMPLETE_RESULTS[incomplete] or STORED_RESULTS[stored]:
            self._add(before, -1)
        if result in INCOMPLETE_RESULTS:
            incomplete = INCOMPLETE_RESULTS.index(result)
        else:
            incomplete, stored = 0, max(stored, STORED_RESULTS.index(result))
        self._results[thread_id] = incomplete * len(STORED_RESULTS) + stored
        self._add(INCOMPLETE_RESULTS[incomplete] or STORED_RESULTS[stored], 1)
        self._run.total = max(self._known_total, self._run.accounted)

    def has(self, thread_id: int) -> bool:
        """Whether this run has counted the thread."""
        return self._results[thread_id] > 0

    def _add(self, counter: str, number: int) -> None:
        setattr(self._run, counter, getattr(self._run, counter) + number)
