import pytest

from conversations.graph.call_budget import ProcessBudget
from conversations.graph.client import GraphClient


class FakeTime:
    """A clock that moves only when the code under test sleeps, or when a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def pauses(clock) -> list[float]:
    """The pauses of the client in seconds."""
    return clock.slept


@pytest.fixture
def make_client(sandbox, shop, clock):
    clients = []

    def make(token: str = shop.token, **options) -> GraphClient:
        budget = ProcessBudget(clock=clock.monotonic)
        defaults = {"url": sandbox.url, "calls_per_second": 0, "budget": budget, "sleep": clock.sleep}
        clients.append(GraphClient(token, **defaults | options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client) -> GraphClient:
    return make_client()
