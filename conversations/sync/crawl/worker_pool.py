"""Threads that call Graph side by side, and the queue through which one writer takes their answers.

The threads know nothing of the database, and the writer knows nothing of the network. The queue between them
holds a few answers at most. The faster side waits, so memory use does not depend on the size of the Page.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError

THREADS = 6  # per platform: two calls a second, 1.7 seconds each, keep between three and four of them busy
QUEUE_SIZE = 4  # answers that wait for the writer


class PoolStopped(Exception):
    """Raised in the pool's own threads: the pool was stopped and no answer is needed any more."""


class Source(Protocol):
    """Something that has calls to make. The pool holds its lock during all methods, so they must be quick."""

    def has_work(self) -> bool:
        """Whether there are calls left to make, apart from those in progress."""

    def take(self) -> "Call | None":
        """Return the next call, or None if there is none at the moment."""

    def on_result(self, call: Any, value: Any) -> None:
        """Handle the answer, or the exception, of a call that this source made.

        The calls that follow from it may be taken now.
        """


@dataclass(eq=False)
class Call:
    """One call of a source. A thread runs `ask(client)`; its result or exception becomes `value`."""

    source: Source
    ask: Callable[[GraphClient], Any]
    value: Any = field(default=None, init=False)

    @property
    def error(self) -> Exception | None:
        return self.value if isinstance(self.value, Exception) else None


class Backoff(Struct, frozen=True):
    """A thread waits for Facebook, for this reason and this long."""

    error: GraphError
    seconds: float


class Notice(Struct, frozen=True):
    """A text for the notes of the run."""

    text: str


Item = Call | Backoff | Notice


class WorkerPool:
    """Runs the calls of sources in threads.

    Start a platform, `add()` its sources, and take the results with `next()` until it returns None.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._sources: dict[str, list[Source]] = {}
        self._threads: dict[str, int] = {}  # by platform
        self._items: deque[Item] = deque()
        self._answers = self._in_progress = 0
        # Answers taken by next_call_if(): they count among `_answers` until the writer has handled them.
        self._taken_together = 0
        self._starting: dict[str, int] = {}  # by platform, the thread whose call has not started yet

    def start(
        self, platform: str, client: GraphClient, threads_needed: Callable[[], int] = lambda: THREADS
    ) -> None:
        """Start the threads of a platform, and more as soon as they are needed. They end after `stop()`."""
        self._sources[platform], self._threads[platform] = [], 0
        self._start_threads(platform, client, threads_needed)

    def _start_threads(self, platform: str, client: GraphClient, threads_needed: Callable[[], int]) -> None:
        for _ in range(max(threads_needed(), THREADS) - self._threads[platform]):
            self._threads[platform] += 1
            # Daemon threads: a call that hangs must not keep the process from ending.
            threading.Thread(
                target=self._work,
                args=(platform, client, threads_needed),
                name=f"fetch {platform}",
                daemon=True,
            ).start()

    def stop(self) -> None:
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()

    def add(self, platform: str, source: Source) -> None:
        """Add a source. Sources that were added earlier are preferred."""
        with self._changed:
            self._sources[platform].append(source)
            self._changed.notify_all()

    def drop(self, platform: str) -> None:
        """Make no more calls for a platform."""
        with self._changed:
            self._sources[platform] = []
            self._changed.notify_all()

    def update(self, change: Callable[[], None]) -> None:
        """Run `change` under the lock. The writer changes sources only this way: the threads use them too."""
        with self._changed:
            change()
            self._changed.notify_all()

    def put(self, item: Backoff | Notice) -> None:
        """Queue an item for the writer. It does not count towards the size of the queue."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Sleep in a thread of the pool. Raises PoolStopped as soon as the pool is stopped."""
        if self.stopping.wait(seconds):
            raise PoolStopped

    def started(self, platform: str) -> None:
        """Report that the call of this thread starts. Until then no other call of the platform is taken.

        So the next call is chosen only when it may be made, with all that is known by then. Lists are split
        into fewer windows this way.
        """
        with self._changed:
            if self._starting.get(platform) == threading.get_ident():
                del self._starting[platform]
                self._changed.notify_all()

    def next(self, seconds: float) -> Item | None:
        """Return the next item, or None if nothing is left to call. The previous item counts as handled.

        Raises TimeoutError if nothing arrives within `seconds`.
        """
        with self._changed:
            self._answers, self._taken_together = self._answers - self._taken_together, 0
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._items or self._is_idle(), seconds):
                raise TimeoutError
            if not self._items:
                return None
            item = self._items.popleft()
            if isinstance(item, Call):
                self._answers -= 1
            self._changed.notify_all()
            return item

    def next_call_if(self, matches: Callable[[Call], bool]) -> Call | None:
        """Return what `next()` would return, if it is in the queue already, is a call and matches.

        It keeps its slot in the queue until the next `next()`. So no more answers are in memory than before,
        and no more are lost if the process is killed.
        """
        with self._changed:
            item = self._items[0] if self._items else None
            if not isinstance(item, Call) or not matches(item):
                return None
            self._taken_together += 1
            self._items.popleft()
            return item

    def _is_idle(self) -> bool:
        return not self._in_progress and not any(
            source.has_work() for sources in self._sources.values() for source in sources
        )

    # -- in the threads ------------------------------------------------------------------------------------
    def _work(self, platform: str, client: GraphClient, threads_needed: Callable[[], int]) -> None:
        while call := self._take(platform):
            try:
                call.value = call.ask(client)
            except PoolStopped:
                return
            except Exception as error:  # the writer decides what it means
                call.value = error
            self.started(platform)  # in case it failed before it started
            self._put_result(call)
            with self._changed:
                self._start_threads(platform, client, threads_needed)

    def _take(self, platform: str) -> Call | None:
        with self._changed:
            while not self.stopping.is_set():
                if platform not in self._starting and (call := self._next_call(platform)):
                    self._in_progress += 1
                    self._starting[platform] = threading.get_ident()
                    return call
                self._changed.wait()
        return None

    def _next_call(self, platform: str) -> Call | None:
        calls = (source.take() for source in self._sources[platform])
        return next(filter(None, calls), None)

    def _put_result(self, call: Call) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._answers < QUEUE_SIZE or self.stopping.is_set())
            self._answers += 1
            self._items.append(call)
            # In this order under one lock, so that the writer gets the answers of a chain in their order.
            call.source.on_result(call, call.value)
            self._in_progress -= 1
            self._changed.notify_all()
