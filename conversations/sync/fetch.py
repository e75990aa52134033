"""Asks Graph with several threads at once; what comes is taken by one, who writes.

The threads know nothing of the database, the writer nothing of the network. Between them are a few
answers at most: whoever is faster waits, so memory does not depend on the size of the Page.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError

THREADS = 6  # for each platform: two calls a second of 1.7 seconds each keep between three and four at work
ANSWERS = 4  # that wait for the writer


class FetchingStopped(Exception):
    """The threads' own: nobody wants the answer any more."""


class Source(Protocol):
    """What there is to ask. All its methods are called under the fetcher's lock and must be quick."""

    def has_work(self) -> bool:
        """Whether something is to be asked, were nothing under way."""

    def take(self) -> "Call | None":
        """The next call, None where there is none just now."""

    def answered(self, call: "Call", value: Any) -> None:
        """Its answer or its GraphError came: what follows from it may be asked now."""


@dataclass(eq=False)
class Call:
    """One question of a source. `ask(client)` is made in a thread and returns what `value` becomes."""

    source: Source
    ask: Callable[[GraphClient], Any]
    value: Any = None

    @property
    def error(self) -> Exception | None:
        return self.value if isinstance(self.value, Exception) else None


@dataclass(frozen=True)
class Pause:
    """A thread waits for Facebook, for so long and for this reason."""

    error: GraphError
    seconds: float


@dataclass(frozen=True)
class Note:
    words: str


Item = Call | Pause | Note


class Fetcher:
    """`add()` sources, `next()` their answers until it says None: there is nothing left to ask."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._sources: dict[str, list[Source]] = {}
        self._items: deque[Item] = deque()
        self._answers = self._under_way = 0
        self._together = 0  # of the answers: taken by next_call_if(), and counted until they are dealt with
        self._starting: dict[str, int] = {}  # by platform, the thread whose call waits for its start

    def start(self, platform: str, client: GraphClient) -> None:
        """Threads for this platform; they end when the fetcher is stopped."""
        self._sources[platform] = []
        for _ in range(THREADS):
            # Daemons: a call that hangs must not keep the process from ending.
            threading.Thread(
                target=self._work, args=(platform, client), name=f"fetch {platform}", daemon=True
            ).start()

    def stop(self) -> None:
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()

    def add(self, platform: str, source: Source) -> None:
        """The sources added first are asked first."""
        with self._changed:
            self._sources[platform].append(source)
            self._changed.notify_all()

    def drop(self, platform: str) -> None:
        """Nothing more is asked for this platform."""
        with self._changed:
            self._sources[platform] = []
            self._changed.notify_all()

    def tell(self, change: Callable[[], None]) -> None:
        """Changes a source, which the threads use, too."""
        with self._changed:
            change()
            self._changed.notify_all()

    def put(self, item: Pause | Note) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """For a client: a pause that ends when the fetcher does."""
        if self.stopping.wait(seconds):
            raise FetchingStopped

    def started(self, platform: str) -> None:
        """For a client: the call of this thread starts. Until then nothing else is taken for the platform.

        So what is asked next is chosen when it may be asked, by all that is known then: walks are cut into
        fewer parts.
        """
        with self._changed:
            if self._starting.get(platform) == threading.get_ident():
                del self._starting[platform]
                self._changed.notify_all()

    def next(self, seconds: float) -> Item | None:
        """What came next, once what was taken before is dealt with; None: nothing is left to ask.

        Raises TimeoutError where nothing came within these seconds.
        """
        with self._changed:
            self._answers, self._together = self._answers - self._together, 0
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

    def next_call_if(self, is_wanted: Callable[[Call], bool]) -> Call | None:
        """What `next()` would return, if it is there already, a call, and wanted together with the last.

        It keeps its place among those that wait: no more of them are held, or lost by a kill.
        """
        with self._changed:
            item = self._items[0] if self._items else None
            if not isinstance(item, Call) or not is_wanted(item):
                return None
            self._together += 1
            self._items.popleft()
            return item

    def _is_idle(self) -> bool:
        return not self._under_way and not any(
            source.has_work() for sources in self._sources.values() for source in sources
        )

    # -- in the threads ------------------------------------------------------------------------------------
    def _work(self, platform: str, client: GraphClient) -> None:
        while call := self._take(platform):
            try:
                call.value = call.ask(client)
            except FetchingStopped:
                return
            except Exception as error:  # the writer decides what it means
                call.value = error
            self.started(platform)  # however it went
            self._hand_over(call)

    def _take(self, platform: str) -> Call | None:
        with self._changed:
            while not self.stopping.is_set():
                if platform not in self._starting and (call := self._next_call(platform)):
                    self._under_way += 1
                    self._starting[platform] = threading.get_ident()
                    return call
                self._changed.wait()
        return None

    def _next_call(self, platform: str) -> Call | None:
        calls = (source.take() for source in self._sources[platform])
        return next(filter(None, calls), None)

    def _hand_over(self, call: Call) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._answers < ANSWERS or self.stopping.is_set())
            self._answers += 1
            self._items.append(call)
            # In this order under one lock: the writer gets the answers of a chain as they follow each other.
            call.source.answered(call, call.value)
            self._under_way -= 1
            self._changed.notify_all()
