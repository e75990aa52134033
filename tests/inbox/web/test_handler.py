"""A request is answered in one thread, whose questions to the database are limited in time."""

import asyncio
import threading

import pytest
from django.db import connection
from django.test import Client

from conversations.actions import bulk_operations
from conversations.actions.bulk_operations import start_tagging, work
from conversations.actions.targets import targets_by_id
from conversations.lib import timeouts
from conversations.lib.request_scope import RequestScope, current_scope
from inbox.web.handler import RequestHandler, note_user_of
from tests.factories import ConversationFactory, TagFactory, new_key, superuser
from tests.inbox.web.asgi import request

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/conversations"


@pytest.fixture
def handler(monkeypatch):
    monkeypatch.setattr(timeouts, "READ_SECONDS", 0.2)
    handler = RequestHandler()
    yield handler
    handler._threads.shutdown()


@pytest.fixture
def user():
    return superuser()


def ask(handler, user, address: str, *, method: str = "GET", body: bytes = b"") -> tuple[int, dict, bytes]:
    """Return status, headers and body of the response."""
    path = address.partition("?")[0]
    return request(handler, address, headers_of(user, path), method=method, body=body)


def headers_of(user, path: str) -> list[tuple[bytes, bytes]]:
    """A key for REST, a session for pages."""
    if path.startswith("/api/"):
        return [(b"authorization", f"Token {new_key(user)}".encode())]
    browser = Client()
    browser.force_login(user)
    return [(b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode())]


@pytest.fixture
def locked():
    """A table that the questions of every request have to wait for."""
    row = ConversationFactory(sender_name="Anna")
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE conversations_conversation IN ACCESS EXCLUSIVE MODE")
    yield row
    other.close()


QUESTIONS = [
    LIST,
    f"{LIST}?total=none&status=done",
    f"{LIST}?search=anna",
    f"{LIST}/1",
    "/api/insight?search=anna",
    "/admin/conversations/conversation/",
]


@pytest.mark.parametrize("address", QUESTIONS)
def test_question_that_takes_too_long_is_a_503_in_words(handler, user, locked, address):
    status, _, body = ask(handler, user, address)
    assert status == 503
    assert "took" in body.decode()


def test_search_that_took_too_long_works_later(handler, user):
    row, address = ConversationFactory(sender_name="Anna"), f"{LIST}?search=anna"
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE conversations_conversation IN ACCESS EXCLUSIVE MODE")
    status, _, body = ask(handler, user, address)
    assert (status, b"Narrow it" in body) == (503, True)
    other.close()
    status, _, body = ask(handler, user, address)
    assert (status, f'"id":{row.pk}'.encode() in body) == (200, True)


def test_dry_run_is_limited(handler, user, locked):
    tag = TagFactory()
    body = f'{{"filter": {{}}, "tagIds": [{tag.pk}], "action": "assign", "dry_run": true}}'.encode()
    status, _, answered = ask(handler, user, f"{LIST}/bulk-tags", method="POST", body=body)
    assert (status, b"Narrow it" in answered) == (503, True)


def held_for_a_while(statement: str, *parameters: int) -> threading.Timer:
    """Hold a lock for longer than the limit. Join the timer at the end."""
    other = connection.copy()
    other.inc_thread_sharing()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(statement, parameters)
    release = threading.Timer(3 * timeouts.READ_SECONDS, other.close)
    release.start()
    return release


def test_undo_of_a_large_operation_may_take_long_to_find_it(handler, user, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 1)
    tag = TagFactory()
    targets = targets_by_id([ConversationFactory().pk, ConversationFactory().pk])
    operation = start_tagging("assign", targets, [tag], actor=user)
    work()
    release = held_for_a_while("LOCK TABLE conversations_interactionevent IN ACCESS EXCLUSIVE MODE")
    status, *_ = ask(handler, user, f"/api/acts/{operation.operation}/undo", method="POST")
    release.join()
    work()
    assert (status, tag.conversation_rows.count()) == (202, 0)


def test_change_may_wait_for_the_rows_of_its_page(handler, user):
    row, tag = ConversationFactory(), TagFactory()
    release = held_for_a_while("SELECT pg_advisory_xact_lock(2, %s)", row.page_id)
    body = f'{{"tagIds": [{tag.pk}]}}'.encode()
    status, _, answered = ask(handler, user, f"{LIST}/{row.pk}/tags", method="POST", body=body)
    release.join()
    assert (status, tag.name.encode() in answered) == (200, True)


def test_stream_has_the_headers_of_every_response(handler, user):
    headers = headers_of(user, LIST)

    async def first_chunk():
        sent = asyncio.Queue()
        scope = {"headers": headers}
        scope |= {"type": "http", "http_version": "1.1", "method": "GET", "path": "/api/events"}
        scope |= {"query_string": b"", "client": ("127.0.0.1", 1), "server": ("localhost", 80)}
        requests = [{"type": "http.request", "body": b""}]
        leaves = asyncio.Event()

        async def receive():
            if requests:
                return requests.pop()
            await leaves.wait()
            return {"type": "http.disconnect"}

        running = asyncio.create_task(handler(scope, receive, sent.put))
        start, chunk = await sent.get(), await sent.get()
        leaves.set()
        await asyncio.wait_for(running, 5)
        return start, chunk

    start, chunk = asyncio.run(first_chunk())
    sent_headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    assert sent_headers["content-type"] == "text/event-stream"
    assert sent_headers["cross-origin-resource-policy"] == "same-origin"
    assert chunk["body"] == b": open\n\n"


@pytest.mark.parametrize("kind", ["key", "session", "invented key", "nobody", "not asked"])
def test_a_request_tells_who_sent_it(rf, user, kind):
    """Admission counts the requests of a user by that; a page that asks for no user tells nothing."""
    request = rf.get("/healthz" if kind == "not asked" else "/api/pages")
    if kind == "key":
        request.META["HTTP_AUTHORIZATION"] = f"Token {new_key(user)}"
    elif kind == "invented key":
        request.META["HTTP_AUTHORIZATION"] = "Token 0"
    elif kind == "session":
        browser = Client()
        browser.force_login(user)
        request.COOKIES = {name: cookie.value for name, cookie in browser.cookies.items()}
    RequestHandler().get_response(request)
    token = current_scope.set(scope := RequestScope(lambda: None))
    note_user_of(request)
    current_scope.reset(token)
    assert scope.user == (user.pk if kind in ("key", "session") else None)
    assert scope.was_user_read == (kind != "not asked")
