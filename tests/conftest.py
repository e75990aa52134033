"""The cast: a sandbox Graph server with an empty Page, and the same Page connected to us."""

import pytest

from conversations import models
from conversations.sandbox import Page, SandboxServer, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def shop(world) -> Page:
    """The Page at Facebook."""
    return world.add_page("900000000000001", "Demo Shop")


@pytest.fixture
def sandbox(world, shop, settings):
    with SandboxServer(world) as server:
        settings.GRAPH_API_URL = server.url
        settings.GRAPH_CALLS_PER_SECOND = 0
        settings.GRAPH_RETRY_SECONDS = 0.001
        yield server


@pytest.fixture
def page(db, shop, sandbox) -> models.Page:
    """The Page with us."""
    return models.Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)
