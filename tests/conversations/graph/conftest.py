from collections.abc import Callable

import pytest
from msgspec.structs import fields

from conversations.graph.call_budget import ProcessBudget
from conversations.graph.client import GraphClient
from conversations.graph.options import GraphOptions, Hooks, HttpLimits


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


class CallbackHooks(Hooks):
    """Hooks that call these functions."""

    def __init__(self, **callbacks: Callable):
        vars(self).update(callbacks)


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def pauses(clock) -> list[float]:
    """The pauses of the client in seconds."""
    return clock.slept


def take(values: dict, kind: type) -> dict:
    """Remove the values that are fields of a struct, and return them."""
    return {field.name: values.pop(field.name) for field in fields(kind) if field.name in values}


@pytest.fixture
def make_client(sandbox, shop, clock):
    clients = []

    def make(token: str = shop.token, *, capabilities=None, **values) -> GraphClient:
        """Return a client with these options, limits and hooks, all by their names."""
        limits = HttpLimits(**take(values, HttpLimits))
        defaults = {"url": sandbox.url, "calls_per_second": 0}
        options = GraphOptions(**defaults | take(values, GraphOptions), limits=limits)
        hooks = CallbackHooks(**{"sleep": clock.sleep} | values)
        budget = ProcessBudget(clock=clock.monotonic)
        clients.append(GraphClient(token, options, hooks, budget=budget, capabilities=capabilities))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client) -> GraphClient:
    return make_client()
