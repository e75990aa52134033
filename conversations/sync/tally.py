"""Counts each thread that a run lists once, however often it is listed."""

from conversations.models import SyncRun

STORED = ("", "unchanged", "updated", "inserted")  # new once is new for the run, changed once is changed
TROUBLE = ("", "skipped", "owed")  # counts as it stands now, and before what was stored


class Tally:
    """One byte for each thread, at the place of its primary key: memory does not follow the inbox."""

    def __init__(self, run: SyncRun, known_total: int = 0):
        self._run, self._known_total = run, known_total
        self._results = bytearray()
        self._undo: list[tuple[int, int]] = []

    def mark(self) -> None:
        """What is counted from now on may be taken back."""
        self._undo.clear()

    def take_back(self) -> None:
        """As if nothing had been counted since the mark; the run's own counters are the caller's."""
        for thread_id, result in reversed(self._undo):
            self._results[thread_id] = result
        self._undo.clear()

    def count(self, thread_id: int, result: str) -> None:
        """Takes this result for the thread, beside what this run has seen of it before."""
        missing = thread_id + 1 - len(self._results)
        if missing > 0:
            self._results.extend(bytes(missing + 4096))
        self._undo.append((thread_id, self._results[thread_id]))
        trouble, stored = divmod(self._results[thread_id], len(STORED))
        if before := TROUBLE[trouble] or STORED[stored]:
            self._add(before, -1)
        if result in TROUBLE:
            trouble = TROUBLE.index(result)
        else:
            trouble, stored = 0, max(stored, STORED.index(result))
        self._results[thread_id] = trouble * len(STORED) + stored
        self._add(TROUBLE[trouble] or STORED[stored], 1)
        self._run.total = max(self._known_total, self.accounted)

    def has(self, thread_id: int) -> bool:
        """Whether this run has seen the thread."""
        return thread_id < len(self._results) and self._results[thread_id] > 0

    def _add(self, counter: str, number: int) -> None:
        setattr(self._run, counter, getattr(self._run, counter) + number)

    @property
    def accounted(self) -> int:
        return self._run.synced + self._run.skipped + self._run.owed
