"""The web process under load: `uvicorn tests.load.web:application`. Inbox, which notes the time of requests.

At its end it writes JSON to the file LOAD_TIMES: a line for each request, and how late its event loop was.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.load.settings"

from inbox.asgi import application as inbox
from tests.load.timing import SPENT, Spent

LOOKS_PER_SECOND = 20  # at the event loop
STREAM = "/api/events"

requests: list[dict[str, Any]] = []
loop_delays: list[tuple[float, float]] = []  # when, and by how many seconds the loop was late


async def application(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        await with_report(scope, receive, send)
    elif scope["path"] == STREAM:
        await inbox(scope, receive, send)  # it lasts as long as its reader wants
    else:
        await measure(scope, receive, send)


async def measure(scope, receive, send) -> None:
    started, at, status = time.perf_counter(), time.time(), 0

    async def send_on(message: dict) -> None:
        nonlocal status
        status = message.get("status", status)
        await send(message)

    spent: list[Spent] = []
    await inbox({**scope, SPENT: spent}, receive, send_on)
    seconds = time.perf_counter() - started
    row = {"at": at, "kind": kind_of(scope), "status": status, "seconds": seconds}
    requests.append(row | (parts(spent[0], started, seconds) if spent else {}))


def parts(spent: Spent, started: float, seconds: float) -> dict[str, float]:
    """Return the seconds before the thread, in SQL, of processor time, and those that it waited otherwise."""
    waited = max(0.0, spent.thread - spent.lock - spent.sql - spent.processor)
    return {
        "queue": spent.entered - started,
        "lock": spent.lock,
        "sql": spent.sql,
        "processor": spent.processor,
        "waited": waited,
        "after": max(0.0, seconds - (spent.entered - started) - spent.thread),
        "statements": spent.statements,
    }


def kind_of(scope) -> str:
    """Return what people would call the request."""
    path, parameters = scope["path"], parse_qs(scope["query_string"].decode())
    if path == "/api/conversations":
        is_deep = "search_in" in parameters
        return "search in messages" if is_deep else "search" if "search" in parameters else "list"
    last = path.rpartition("/")[2]
    known = {
        "bulk-tags": "tag",
        "undo": "undo",
        "events": "events of a conversation",
        "read": "mark as read",
        "facebook": "webhook",
    }
    return known.get(last, "conversation" if last.isdigit() else "other")


async def with_report(scope, receive, send) -> None:
    watching = asyncio.create_task(watch_loop())

    async def report_before_end(message: dict) -> None:
        if message["type"] == "lifespan.shutdown.complete":  # the process ends with it
            report = {"requests": requests, "loop_delays": loop_delays}
            Path(os.environ["LOAD_TIMES"]).write_text(json.dumps(report))
            watching.cancel()
        await send(message)

    await inbox(scope, receive, report_before_end)


async def watch_loop() -> None:
    while True:
        due = time.perf_counter() + 1 / LOOKS_PER_SECOND
        await asyncio.sleep(1 / LOOKS_PER_SECOND)
        loop_delays.append((time.time(), time.perf_counter() - due))
