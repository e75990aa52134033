"""Opens a GraphClient with this installation's settings. All code that calls Facebook uses this module."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from conversations.connections.shared_budget import SharedBudget
from conversations.graph.client import GraphClient
from conversations.models import Platform


@contextmanager
def open_client(
    facebook_page_id: str, token: str, *, platform: str = Platform.MESSENGER, **options: Any
) -> Iterator[GraphClient]:
    """Yield a client that shares the Page's call budget with all our processes.

    `options` are those of GraphClient.
    """
    with SharedBudget(facebook_page_id, platform) as budget:
        client = _client(token, platform=platform, budget=budget, **options)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def open_user_client(token: str, **options: Any) -> Iterator[GraphClient]:
    """Yield a client for a user's token. Its few calls are not counted in the budget of a Page."""
    client = _client(token, **options)
    try:
        yield client
    finally:
        client.close()


def _client(token: str, **options: Any) -> GraphClient:
    return GraphClient(
        token,
        url=settings.GRAPH_API_URL,
        version=settings.GRAPH_API_VERSION,
        app_secret=settings.FACEBOOK_APP_SECRET,
        calls_per_second=settings.GRAPH_CALLS_PER_SECOND,
        retry_seconds=settings.GRAPH_RETRY_SECONDS,
        **options,
    )
