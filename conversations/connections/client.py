"""Opens a GraphClient with this installation's settings. All code that calls Facebook uses this module."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from msgspec.structs import replace

from conversations.connections.shared_budget import SharedBudget
from conversations.graph.capabilities import Capabilities
from conversations.graph.client import GraphClient
from conversations.graph.options import GraphOptions, Hooks, HttpLimits
from conversations.models import Platform


@contextmanager
def open_client(
    facebook_page_id: str,
    token: str,
    hooks: Hooks | None = None,
    *,
    platform: str = Platform.MESSENGER,
    instagram_account_id: str = "",
    limits: HttpLimits = HttpLimits(),  # noqa: B008 - it is frozen
    capabilities: Capabilities | None = None,
) -> Iterator[GraphClient]:
    """Yield a client that shares the Page's call budget with all our processes."""
    ids = (facebook_page_id, instagram_account_id)
    options = replace(graph_options(platform, limits), account_ids=tuple(filter(None, ids)))
    with SharedBudget(facebook_page_id, platform) as budget:
        client = GraphClient(token, options, hooks, budget=budget, capabilities=capabilities)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def open_user_client(token: str, hooks: Hooks | None = None) -> Iterator[GraphClient]:
    """Yield a client for a user's token. Its few calls are not counted in the budget of a Page."""
    client = GraphClient(token, graph_options(), hooks)
    try:
        yield client
    finally:
        client.close()


def graph_options(
    platform: str = Platform.MESSENGER,
    limits: HttpLimits = HttpLimits(),  # noqa: B008 - it is frozen
) -> GraphOptions:
    """Return the settings of this installation as the options of a client."""
    return GraphOptions(
        platform=platform,
        url=settings.GRAPH_API_URL,
        version=settings.GRAPH_API_VERSION,
        app_secret=settings.FACEBOOK_APP_SECRET,
        calls_per_second=settings.GRAPH_CALLS_PER_SECOND,
        retry_seconds=settings.GRAPH_RETRY_SECONDS,
        limits=limits,
    )
