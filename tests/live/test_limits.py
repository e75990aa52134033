"""One person, with an account or without one, does not stop the others."""

import http.client
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
import requests

from conversations.lib.attachments import attachments_of
from conversations.sandbox import faults
from tests.crash.processes import wait_until
from tests.factories import ConversationFactory, EventFactory, member, new_key
from tests.machine import slowness

LIMIT = 2_621_440
ALL_AT_ONCE = 300


def chunked(web, path: str, headers: dict, size: int, piece: int = 65_536) -> tuple[int, bytes]:
    """Send a JSON body with a name, of this size, in chunks."""
    return send_chunked(web, path, headers, b'{"name": "' + b"x" * (size - 12) + b'"}', piece)


def send_chunked(web, path: str, headers: dict, body: bytes, piece: int = 10) -> tuple[int, bytes]:
    """Send a body in chunks, without Content-Length."""
    pieces = (body[start : start + piece] for start in range(0, len(body), piece))
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)) as client:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before the end
            client.request("POST", path, body=pieces, headers=headers, encode_chunked=True)
        response = client.getresponse()
        return response.status, response.read()


def test_a_body_is_counted_as_it_arrives_and_may_be_chunked(web, key, page):
    assert chunked(web, "/api/tags", key, 24)[0] == 201
    body = f'{{"facebookPageId": "{page.facebook_page_id}"}}'.encode()
    headers = key | {"Prefer": "respond-async"}
    assert send_chunked(web, "/api/conversations/sync", headers, body)[0] == 202
    for headers in ({}, key):  # before anybody asks who it is
        status, body = chunked(web, "/api/tags", headers, LIMIT + 70_000)
        assert (status, b"too large" in body) == (413, True)
    refused = requests.post(f"{web.url}/login", data=b"x" * (LIMIT + 1), timeout=60)
    assert refused.status_code == 413
    assert chunked(web, "/api/tags", key, LIMIT)[0] == 400  # it is read: the name is too long
    exported = requests.get(f"{web.url}/metrics", timeout=60).text
    refused_for = r'inbox_http_requests_refused_total\{process="[^"]+",reason="too_large"\} [1-9]'
    assert re.search(refused_for, exported)


def test_strangers_leave_the_site_to_its_users(web, page, key):
    def status(path: str) -> int:
        return requests.get(web.url + path, allow_redirects=False, timeout=60).status_code

    with ThreadPoolExecutor(100) as threads:
        paths = ["/api/conversations", "/login", "/admin/"] * (ALL_AT_ONCE // 3)
        flood = [threads.submit(status, path) for path in paths]
        ready = [status(path) for path in ("/readyz", "/metrics", "/readyz")]
        users = [requests.get(f"{web.url}/api/pages", headers=key, timeout=60).status_code for _ in range(5)]
        answers = Counter(request.result() for request in flood)
    assert ready == [200] * 3
    assert users == [200] * 5
    assert set(answers) <= {200, 302, 401, 503}
    assert "Internal Server Error" not in web.log


@pytest.fixture
def attachment(page, shop, world) -> str:
    """The address of an attachment whose link has expired."""
    conversation = ConversationFactory(page=page)
    event = EventFactory(
        conversation=conversation,
        graph_id="m_1",
        attachments=[{"id": "1", "image_data": {"url": "https://cdn.example/old"}}],
    )
    assert attachments_of(event.attachments, {}, "")[0].expires
    return f"/api/conversations/{conversation.pk}/events/{event.pk}/attachments/0"


@pytest.fixture
def keys(page) -> list[dict[str, str]]:
    """Those of more users than would fit with four requests each."""
    users = [member(page) for _ in range(6)]
    return [{"Authorization": f"Token {new_key(user)}"} for user in users]


def test_requests_that_ask_facebook_are_few_per_user_and_hold_nothing(web, sandbox, attachment, keys):
    answers: list[requests.Response] = []

    def ask(headers: dict[str, str]) -> None:
        with suppress(requests.RequestException):  # those that wait end with the process
            answers.append(requests.get(web.url + attachment, headers=headers, timeout=60))

    sandbox.faults.add(faults.hang(), times=None, path="/m_1")
    for headers in keys * 6:
        threading.Thread(target=ask, args=[headers], daemon=True).start()
    wait_until(lambda: len(answers) == 2 * len(keys), "four of each may wait")
    assert {answer.status_code for answer in answers} == {429}
    assert answers[0].headers["Retry-After"]
    answer = requests.get(f"{web.url}/api/pages", headers=keys[0], timeout=5 * slowness())
    assert answer.status_code == 200


def test_a_user_has_twenty_streams(web, page, key, open_stream):
    streams = [open_stream("GET", f"{web.url}/api/events", key) for _ in range(20)]
    assert {stream.response.status_code for stream in streams} == {200}
    refused = requests.get(f"{web.url}/api/events", headers=key, timeout=60)
    assert (refused.status_code, "20" in refused.json()["error"]) == (429, True)
    streams[0].close()
    wait_until(lambda: is_open(web, key, open_stream), "a closed stream leaves its place")


def is_open(web, key, open_stream) -> bool:
    stream = open_stream("GET", f"{web.url}/api/events", key)
    return stream.response.status_code == 200
