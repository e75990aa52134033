"""Fixtures with real web processes that use the database and the sandbox of the test.

`web` is one process for many tests. A test that changes its settings, needs several processes or kills the
database starts its own with `start_web`.
"""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from conversations.models import Page
from inbox.postgres import Server
from tests.conftest import environment_of
from tests.factories import PageFactory, new_key
from tests.live.pooler import pgbouncer
from tests.live.process import Web
from tests.live.shared_web import SharedWeb, uses_shared_web
from tests.live.streams import Stream
from tests.postgres import SERVER

WEBHOOK_SECRETS, VERIFY_TOKEN = ("new secret", "old secret"), "the verify token"
WEB = {
    "SYNC_EVERY_MINUTES": "0",
    "FACEBOOK_WEBHOOK_SECRETS": ",".join(WEBHOOK_SECRETS),
    "FACEBOOK_VERIFY_TOKEN": VERIFY_TOKEN,
}


@pytest.fixture
def sandbox_port(request: pytest.FixtureRequest, shared_web: SharedWeb) -> int:
    """The port that the shared web process knows, for tests that use it; otherwise any free one."""
    return shared_web.sandbox_port if uses_shared_web(request.node) else 0


@pytest.fixture
def start_web(transactional_db, sandbox, open_stream) -> Iterator[Callable[..., Web]]:
    started: list[Web] = []

    def start(**variables: str) -> Web:
        web = Web(environment_of(sandbox) | {"SYNC_EVERY_MINUTES": "0"} | variables)
        started.append(web)
        return web

    yield start
    for web in started:
        web.process.kill()
        web.process.wait()


@pytest.fixture
def web(transactional_db, sandbox, open_stream, shared_web: SharedWeb) -> Iterator[Web]:
    yield shared_web.start(environment_of(sandbox) | WEB)
    shared_web.end_test(connection)


@pytest.fixture
def page(transactional_db, shop) -> Page:
    return PageFactory(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def key(transactional_db, django_user_model) -> dict[str, str]:
    """The authentication header of a superuser."""
    user = django_user_model.objects.create_superuser("boss")
    return {"Authorization": f"Token {new_key(user)}"}


@pytest.fixture
def open_stream() -> Iterator[Callable[..., Stream]]:
    opened: list[Stream] = []

    def start(*arguments, **options) -> Stream:
        opened.append(Stream(*arguments, **options))
        return opened[-1]

    yield start
    for stream in opened:
        stream.close()


@pytest.fixture
def server(request) -> Server:
    return request.config.stash[SERVER]


@pytest.fixture
def pool_url(server, transactional_db) -> Iterator[str]:
    with pgbouncer(server) as url:
        yield url
