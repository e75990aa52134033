"""The one way to a GraphClient with this installation's settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from conversations.budget import SharedBudget
from conversations.graph.client import GraphClient
from conversations.models import Platform


@contextmanager
def open_client(
    facebook_page_id: str, token: str, *, platform: str = Platform.MESSENGER, **options: Any
) -> Iterator[GraphClient]:
    """A client that shares the Page's budget of calls with all our processes; `options` as GraphClient's."""
    with SharedBudget(facebook_page_id, platform) as budget:
        client = _client(token, platform=platform, budget=budget, **options)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def open_person_client(token: str, **options: Any) -> Iterator[GraphClient]:
    """A client for what is no Page's: a person's token, whose few calls no Page's budget pays for."""
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
