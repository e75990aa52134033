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
from conversations.lib.log_ids import carried

THREADS = 6  # at most, per platform: two calls a second, 1.7 seconds each, keep between three and four busy
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

    One lock guards everything. Who waits is woken alone, and only for what it waits for: each thread that
    wakes in vain takes the GIL from those that work, and many Pages have hundreds of threads. Therefore there
    are only as many threads as calls in progress, and one that looks for the next call.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._lock = threading.RLock()
        self._has_item = threading.Condition(self._lock)  # for the writer
        self._has_room = threading.Condition(self._lock)  # for threads whose answer has no place in the queue
        self._platforms: dict[str, _Platform] = {}
        self._items: deque[Item] = deque()
        self._answers = self._in_progress = 0
        # Answers taken by next_call_if(): they count among `_answers` until the writer has handled them.
        self._taken_together = 0

    def start(
        self, platform: str, client: GraphClient, threads_needed: Callable[[], int] = lambda: THREADS
    ) -> None:
        """Let calls be made for a platform, by as many threads as it needs. They end after `stop()`."""
        self._platforms[platform] = _Platform(client, threads_needed, threading.Condition(self._lock))

    def stop(self) -> None:
        self.stopping.set()
        with self._lock:
            self._has_room.notify_all()
            for each in self._platforms.values():
                each.has_call.notify_all()

    def add(self, platform: str, source: Source) -> None:
        """Add a source. Sources that were added earlier are preferred."""
        with self._lock:
            self._platforms[platform].sources.append(source)
            self._look_for_call(platform)

    def drop(self, platform: str) -> None:
        """Make no more calls for a platform."""
        with self._lock:
            self._platforms[platform].sources.clear()

    def update(self, change: Callable[[], None]) -> None:
        """Run `change` under the lock. The writer changes sources only this way: the threads use them too."""
        with self._lock:
            change()
            for platform in self._platforms:
                self._look_for_call(platform)

    def put(self, item: Backoff | Notice) -> None:
        """Queue an item for the writer. It does not count towards the size of the queue."""
        with self._lock:
            self._items.append(item)
            self._has_item.notify()

    def sleep(self, seconds: float) -> None:
        """Sleep in a thread of the pool. Raises PoolStopped as soon as the pool is stopped."""
        if self.stopping.wait(seconds):
            raise PoolStopped

    def started(self, platform: str) -> None:
        """Report that the call of this thread starts. Until then no other call of the platform is taken.

        So the next call is chosen only when it may be made, with all that is known by then. Lists are split
        into fewer windows this way.
        """
        with self._lock:
            if self._platforms[platform].starting == threading.get_ident():
                self._platforms[platform].starting = None
                self._look_for_call(platform)

    def next(self, seconds: float) -> Item | None:
        """Return the next item, or None if nothing is left to call. The previous item counts as handled.

        Raises TimeoutError if nothing arrives within `seconds`.
        """
        with self._lock:
            self._make_room(self._taken_together)
            self._taken_together = 0
            if not self._has_item.wait_for(lambda: self._items or self._is_idle(), seconds):
                raise TimeoutError
            if not self._items:
                return None
            item = self._items.popleft()
            if isinstance(item, Call):
                self._make_room(1)
            return item

    def _make_room(self, places: int) -> None:
        self._answers -= places
        self._has_room.notify(places)

    def next_call_if(self, matches: Callable[[Call], bool]) -> Call | None:
        """Return what `next()` would return, if it is in the queue already, is a call and matches.

        It keeps its slot in the queue until the next `next()`. So no more answers are in memory than before,
        and no more are lost if the process is killed.
        """
        with self._lock:
            item = self._items[0] if self._items else None
            if not isinstance(item, Call) or not matches(item):
                return None
            self._taken_together += 1
            self._items.popleft()
            return item

    def _is_idle(self) -> bool:
        return not self._in_progress and not any(
            source.has_work() for each in self._platforms.values() for source in each.sources
        )

    def _look_for_call(self, name: str) -> None:
        """Let one thread see whether there is a call: only one can be taken, until that one has started."""
        platform = self._platforms[name]
        if platform.free_threads:
            platform.has_call.notify()
        elif not self.stopping.is_set() and platform.threads < max(platform.threads_needed(), THREADS):
            platform.threads += 1
            platform.free_threads += 1
            # Daemon threads: a call that hangs must not keep the process from ending.
            threading.Thread(
                target=carried(self._work), args=(name,), name=f"fetch {name}", daemon=True
            ).start()

    # -- in the threads ------------------------------------------------------------------------------------
    def _work(self, name: str) -> None:
        platform = self._platforms[name]
        while call := self._take(platform):
            try:
                call.value = call.ask(platform.client)
            except PoolStopped:
                return
            except Exception as error:  # the writer decides what it means
                call.value = error
            self.started(name)  # in case it failed before it started
            self._put_result(platform, call)

    def _take(self, platform: "_Platform") -> Call | None:
        with self._lock:
            while not self.stopping.is_set():
                if platform.starting is None and (call := platform.next_call()):
                    platform.free_threads -= 1
                    self._in_progress += 1
                    platform.starting = threading.get_ident()
                    return call
                platform.has_call.wait()
        return None

    def _put_result(self, platform: "_Platform", call: Call) -> None:
        with self._lock:
            self._has_room.wait_for(lambda: self._answers < QUEUE_SIZE or self.stopping.is_set())
            self._answers += 1
            self._items.append(call)
            # In this order under one lock, so that the writer gets the answers of a chain in their order.
            call.source.on_result(call, call.value)
            self._in_progress -= 1
            platform.free_threads += 1  # it takes the next call itself
            self._has_item.notify()


@dataclass(eq=False)
class _Platform:
    """The calls of one platform. `starting`: the thread whose call has not started yet."""

    client: GraphClient
    threads_needed: Callable[[], int]
    has_call: threading.Condition  # for a thread that is free
    sources: list[Source] = field(default_factory=list)
    threads: int = 0
    free_threads: int = 0  # those that look for a call
    starting: int | None = None

    def next_call(self) -> Call | None:
        calls = (source.take() for source in self.sources)
        return next(filter(None, calls), None)
