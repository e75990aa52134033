"""The world's time: real, standing still, or moved by hand."""

import time
from datetime import UTC, datetime

Moment = datetime | float | int | str


def epoch(moment: Moment) -> float:
    """Seconds since 1970 of a datetime, a number, or an ISO text (no zone: UTC)."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def graph_time(seconds: float) -> str:
    """Facebook's form: always UTC, whole seconds, no colon in the offset."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(seconds))


class WorldClock:
    """Runs with the real time until it is fixed; `advance` moves it either way."""

    def __init__(self) -> None:
        self._fixed: float | None = None
        self._ahead = 0.0
        self._advanced = 0.0

    def now(self) -> float:
        return time.time() + self._ahead if self._fixed is None else self._fixed

    def monotonic(self) -> float:
        """For the call limits: real waiting counts even while the clock is fixed, and so does `advance`."""
        return time.monotonic() + self._advanced

    def fix(self, moment: Moment) -> None:
        self._fixed = epoch(moment)

    def run(self, moment: Moment | None = None) -> None:
        """Tick in real time, from `moment` on (default: the real time)."""
        self._fixed = None
        self._ahead = 0.0 if moment is None else epoch(moment) - time.time()

    def advance(self, seconds: float) -> None:
        self._advanced += seconds
        if self._fixed is None:
            self._ahead += seconds
        else:
            self._fixed += seconds
