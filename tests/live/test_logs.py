"""The log of a web process with its jobs, and what it reports to Sentry: ids everywhere, nothing private."""

import json
from collections.abc import Iterator

import pytest
import requests
from django.db import connection

from conversations.models import SyncRun
from conversations.sandbox import faults
from tests.crash.processes import wait_until
from tests.live.process import Web
from tests.live.sentry_server import SentryServer

TEXT, NAME, MAIL = "three lamps please", "Ana Fernandes", "ana@example.com"
PASSWORD, COOKIE, QUERY = "hush-hush-7", "biscuit-55", "lampshade"


@pytest.fixture
def sentry() -> Iterator[SentryServer]:
    server = SentryServer()
    yield server
    server.close()


@pytest.fixture
def spoil(transactional_db) -> Iterator:
    """Let PostgreSQL refuse each row of a table with an error that quotes a text of it."""
    spoilt: list[str] = []

    def refuse(table: str, column: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT spoilt CHECK ({column}::int > 0) NOT VALID")
        spoilt.append(table)

    yield refuse
    for table in spoilt:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT spoilt")


def lines(web: Web, **values) -> list[dict]:
    """Return the lines of the log, each of which must be JSON, that have these values."""
    found = [json.loads(line) for line in web.log.splitlines()]
    return [line for line in found if all(line.get(name) == value for name, value in values.items())]


def event_of(envelope: bytes) -> dict:
    return json.loads(envelope.splitlines()[2])


def test_ids_lead_from_a_request_to_its_job_and_facebooks_answer_and_nothing_private_is_told(
    start_web, sentry, spoil, page, shop, world, sandbox, key
):
    world.add_conversation(shop, NAME, [TEXT])
    web = start_web(LOG_FORMAT="json", SENTRY_DSN=sentry.dsn)
    web.wait_until_ready()
    secrets = [TEXT, NAME, MAIL, PASSWORD, COOKIE, QUERY, page.access_token, key["Authorization"][6:]]

    # A request that fails, with private things wherever a request can have them.
    spoil("tags_tag", "name")
    headers = key | {"X-Request-ID": "request-1", "Cookie": f"a={COOKIE}", "X-Forwarded-For": "10.1.2.3"}
    body = {"name": f"{NAME} {MAIL} {PASSWORD}"}
    answer = requests.post(f"{web.url}/api/tags", json=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (500, "request-1")
    wait_until(lambda: sentry.with_text("request-1"), "the failed request is reported")
    [error] = lines(web, request="request-1", level="ERROR")
    assert "DataError: (22P02)" in error["exception"]
    [envelope] = sentry.with_text("request-1")
    event = event_of(envelope)
    assert (event["tags"]["method"], event["tags"]["route"]) == ("POST", "api/tags$")
    assert set(event["user"]) == {"id"}
    assert set(event) == {
        "event_id", "exception", "level", "logger", "message", "platform", "release", "tags", "timestamp",
        "user",
    }  # fmt: skip

    # A sync whose call Facebook refuses, for good.
    sandbox.faults.add(faults.graph_error(100, "Unsupported"), times=99)
    start = {"pageId": page.pk}
    headers = key | {"X-Request-ID": "request-2", "Prefer": "respond-async"}
    assert (
        requests.post(
            f"{web.url}/api/conversations/sync", json=start, headers=headers, timeout=60
        ).status_code
        == 202
    )
    run = SyncRun.objects.get()
    wait_until(lambda: lines(web, run=run.pk, level="ERROR"), "the run has failed")
    refusals = lines(web, run=run.pk, request="request-2", logger="conversations.graph.transport")
    assert refusals, web.log
    assert all(line["task"] == "sync_page" and line["job"] and line["graph_trace"] for line in refusals)
    [failed] = lines(web, run=run.pk, level="ERROR")
    assert failed["graph_trace"] in {line["graph_trace"] for line in refusals}
    wait_until(lambda: sentry.with_text(failed["graph_trace"]), "the refused call is reported")
    [envelope] = sentry.with_text(failed["graph_trace"])
    assert event_of(envelope)["tags"]["request"] == "request-2"
    sandbox.faults.clear()

    # A job that fails.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[('sync', 'check_access', 0, NULL, NULL, %s, NULL)]"
            "::procrastinate_job_to_defer_v1[])",
            [json.dumps({"page_id": MAIL})],
        )
    wait_until(lambda: sentry.with_text("check_access"), "the failed job is reported")
    [failed] = lines(web, task="check_access", level="ERROR", logger="procrastinate.worker")
    assert failed["message"].startswith(f"Job check_access[{failed['job']}] ended with status: Error")
    [envelope] = sentry.with_text("check_access")
    assert event_of(envelope)["tags"]["job"] == str(failed["job"])

    # The access log, and an id that is none.
    odd = requests.get(
        f"{web.url}/api/conversations?search={QUERY}", headers=key | {"X-Request-ID": "a b"}, timeout=60
    )
    made = odd.headers["X-Request-ID"]
    assert made.isalnum()
    wait_until(lambda: lines(web, request=made), "the request is in the access log")
    assert lines(web, request=made)[0]["message"].endswith('"GET /api/conversations HTTP/1.1" 200')
    web.stop()
    for secret in secrets:
        assert secret not in web.log
        assert not sentry.with_text(secret), sentry.with_text(secret)
    assert lines(web)  # each line is JSON
