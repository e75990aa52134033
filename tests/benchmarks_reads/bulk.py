"""Tags many conversations and takes that back, in a worker of its own, while lists are asked for."""

import subprocess
import sys
import time
from collections.abc import Callable
from math import inf

import orjson
from django.db import connection

from tags.models import Tag
from tests.benchmarks_reads.results import Bulk, Refused

MANY, SHARE = 1_000_000, 8  # conversations: as many, or one in eight of all if these are fewer
WORK = "from conversations.actions.bulk_operations import work; work()"
List = Callable[[], object]


def measure_bulk(
    client, listing: List, percentile: Callable[[float, list[float]], float], rows: int
) -> list[Bulk]:
    """Tag by a filter, then undo. `listing` asks for a list."""
    list_while_working(listing)  # what an interrupted run has left
    number = Tag.objects.count() + 1  # a tag that no conversation has
    tag = Tag.objects.create(name=f"Bulk {number}", slug=f"bulk-{number}", color="#1f7a8c")
    chosen = {"facebookPageId": "9001", "endDate": day_of(min(MANY, rows // SHARE))}
    body = {"filter": chosen, "tagIds": [tag.pk]}
    before = percentile(0.95, sorted(timed(listing) for _ in range(40)))
    bulks = []

    def send(name: str, path: str, body: dict) -> str:
        started, times = time.perf_counter(), []
        try:
            response = orjson.loads(client.get(path, {}, "POST", orjson.dumps(body)))
        except Refused as error:
            print(f"  {error}", flush=True)
            bulks.append(Bulk(name, 0, inf, before, 0.0))
            return ""
        if "state" in response:
            times = list_while_working(listing)
            response = orjson.loads(client.get(f"/api/acts/{response['act']}", {}))
        meanwhile = percentile(0.95, times) if times else 0.0
        bulks.append(Bulk(name, response["changed"], time.perf_counter() - started, before, meanwhile))
        return response.get("act", "")

    path = "/api/conversations/bulk-tags"
    send("dry run", path, {**body, "action": "assign", "dry_run": True})
    act = send("tag", path, {**body, "action": "assign"})
    if act:
        send("undo", f"/api/acts/{act}/undo", {})
    return bulks


def list_while_working(listing: List) -> list[float]:
    """Let a process work on the operation. Return the sorted milliseconds of the lists until its end."""
    times = []
    with subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c", WORK]
    ) as worker:
        while worker.poll() is None:
            times.append(timed(listing))
            time.sleep(0.05)
    if worker.returncode:
        raise RuntimeError("the bulk operation failed")
    return sorted(times)


def timed(call: List) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def day_of(number: int) -> str:
    """Return the day before which the large Page has about as many conversations."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_message_time::date FROM conversations_conversation WHERE page_id = 1"
            " ORDER BY last_message_time OFFSET %s LIMIT 1",
            [number],
        )
        [day] = cursor.fetchone()
    return str(day)
