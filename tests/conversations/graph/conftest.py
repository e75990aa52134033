import pytest

from conversations.graph.client import GraphClient


@pytest.fixture
def pauses() -> list[float]:
    """How long the client would have slept."""
    return []


@pytest.fixture
def make_client(sandbox, shop, pauses):
    clients = []

    def make(token: str = shop.token, **options) -> GraphClient:
        given = {"url": sandbox.url, "calls_per_second": 0, "sleep": pauses.append}
        clients.append(GraphClient(token, **given | options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client) -> GraphClient:
    return make_client()
