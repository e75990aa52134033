"""Measures how long sessions wait for locks of another one."""

import threading
import time

import psycopg

SAMPLE_SECONDS = 0.005
WAITS = """
SELECT waiting.pid, coalesce(waiting.relation::regclass::text, waiting.locktype),
  extract(epoch FROM clock_timestamp() - waiting.waitstart)::float, activity.query
FROM pg_locks AS waiting JOIN pg_stat_activity AS activity USING (pid)
WHERE NOT waiting.granted AND waiting.waitstart IS NOT NULL AND activity.application_name <> %(name)s
  AND EXISTS (
    SELECT FROM pg_stat_activity AS blocking
    WHERE blocking.application_name = %(name)s AND blocking.pid = ANY (pg_blocking_pids(waiting.pid))
  )
"""


class LockWaits:
    """Samples, in a thread, who waits for the session with this application_name."""

    def __init__(self, url: str, name: str):
        self.samples = 0
        self.longest: dict[str, tuple[float, str]] = {}  # by what is locked: seconds, statement
        self._name, self._ended = name, threading.Event()
        self._connection = psycopg.connect(url, autocommit=True)
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()
        self._connection.close()

    def _sample(self) -> None:
        while not self._ended.is_set():
            for _, locked, seconds, statement in self._connection.execute(WAITS, {"name": self._name}):
                if seconds > self.longest.get(locked, (0.0, ""))[0]:
                    self.longest[locked] = seconds, statement[:200]
            self.samples += 1
            time.sleep(SAMPLE_SECONDS)

    @property
    def seconds(self) -> float:
        return max((seconds for seconds, _ in self.longest.values()), default=0.0)
