"""Counts each thread that a run lists once, however often it is listed."""

from conversations.models import SyncRun

RESULTS = ("", "inserted", "updated", "unchanged", "skipped", "owed")
TROUBLE = ("skipped", "owed")


class Tally:
    """One byte for each thread, at the place of its primary key: memory does not follow the inbox."""

    def __init__(self, run: SyncRun, known_total: int = 0):
        self._run, self._known_total = run, known_total
        self._results = bytearray()

    def count(self, thread_id: int, result: str) -> None:
        """Takes this result for the thread, beside what this run has seen of it before."""
        missing = thread_id + 1 - len(self._results)
        if missing > 0:
            self._results.extend(bytes(missing + 4096))
        before = RESULTS[self._results[thread_id]]
        now = _combined(before, result)
        self._results[thread_id] = RESULTS.index(now)
        if before:
            setattr(self._run, before, getattr(self._run, before) - 1)
        setattr(self._run, now, getattr(self._run, now) + 1)
        self._run.total = max(self._known_total, self.accounted)

    @property
    def accounted(self) -> int:
        return self._run.synced + self._run.skipped + self._run.owed


def _combined(before: str, now: str) -> str:
    """New once is new for the run, changed once is changed; trouble counts as it stands now."""
    if now in TROUBLE or before in ("", *TROUBLE):
        return now
    return before if RESULTS.index(before) < RESULTS.index(now) else now
