"""The threads of the worker pool: how many there are, and that none of them is forgotten."""

import threading
from typing import Any

import pytest

from conversations.sync.crawl.worker_pool import THREADS, Call, WorkerPool

PLATFORM = "test"
SECONDS = 30  # more than any of these waits takes


class Source:
    """A source of calls that start, and end when the gate is open."""

    def __init__(self, pool: WorkerPool, number: int):
        self.pool, self.left, self.answered = pool, number, 0
        self.gate, self.started = threading.Event(), threading.Semaphore(0)

    def has_work(self) -> bool:
        return self.left > 0

    def take(self) -> Call | None:
        if not self.left:
            return None
        self.left -= 1
        return Call(self, self.ask)

    def ask(self, client: Any) -> str:
        self.pool.started(PLATFORM)
        self.started.release()
        self.gate.wait(SECONDS)
        return "answer"

    def on_result(self, call: Any, value: Any) -> None:
        self.answered += 1


@pytest.fixture
def pool():
    pool = WorkerPool()
    pool.start(PLATFORM, client=None)
    yield pool
    pool.stop()
    for thread in threads():
        thread.join(SECONDS)
    assert not threads()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"fetch {PLATFORM}"]


def answers(pool: WorkerPool) -> list[Any]:
    items: list[Any] = list(iter(lambda: pool.next(SECONDS), None))
    return [call.value for call in items]


@pytest.mark.parametrize("calls", [1, 3])
def test_there_is_one_thread_more_than_calls_in_progress(pool, calls):
    source = Source(pool, calls)
    pool.add(PLATFORM, source)
    for _ in range(calls):
        assert source.started.acquire(timeout=SECONDS)
    assert len(threads()) == calls + 1
    source.gate.set()
    assert answers(pool) == ["answer"] * calls
    assert len(threads()) == calls + 1


def test_there_are_only_so_many_threads(pool):
    source = Source(pool, 3 * THREADS)
    pool.add(PLATFORM, source)
    for _ in range(THREADS):
        assert source.started.acquire(timeout=SECONDS)
    assert len(threads()) == THREADS
    assert source.left == 2 * THREADS
    source.gate.set()
    assert answers(pool) == ["answer"] * 3 * THREADS  # more than have a place in the queue


def test_what_the_writer_adds_is_called(pool):
    source = Source(pool, 1)
    source.gate.set()
    pool.add(PLATFORM, source)
    assert answers(pool) == ["answer"]
    for _ in range(3):
        pool.update(lambda: setattr(source, "left", 2))
        assert answers(pool) == ["answer"] * 2
