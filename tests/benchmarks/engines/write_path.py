"""The write path of Inbox alone, without the network: what the writer of a sync does with each response.

Requests, decoding and the transformation into rows are not measured: in a sync, other threads do that.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import requests

from tests.benchmarks.graph_fields import FIELDS

from . import ours


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    (page,) = ours.connect(task)
    bodies = list(responses(task))
    return lambda: write(page, bodies)


def responses(task: dict[str, Any]) -> Iterator[bytes]:
    url = f"{task['graph_url']}/v26.0/{task['pages'][0]['id']}/conversations"
    headers = {"Authorization": f"Bearer {task['pages'][0]['token']}"}
    params = {"fields": FIELDS, "platform": "messenger", "limit": "100"}
    while True:
        response = requests.get(url, params=params, headers=headers, timeout=60)
        yield response.content
        paging = response.json().get("paging", {})
        if "next" not in paging:
            return
        params["after"] = paging["cursors"]["after"]


def write(page: Any, bodies: list[bytes]) -> dict[str, Any]:
    from django.utils import timezone

    from conversations.graph.records import ConversationBatch
    from conversations.sync.gil import tuned_gil
    from conversations.sync.load.transform import to_rows

    events, seconds, cpu = 0, 0.0, 0.0
    with tuned_gil():  # as a sync does
        for body in bodies:
            records, now = ConversationBatch.from_graph(orjson.loads(body)).conversations, timezone.now()
            rows = [to_rows(record, page, "messenger", now=now) for record in records]
            wall_before, cpu_before = time.perf_counter(), time.process_time()
            events += store(page, rows)
            seconds += time.perf_counter() - wall_before
            cpu += time.process_time() - cpu_before
    return {"events": events, "seconds": seconds, "client_cpu": cpu}


def store(page: Any, rows: list[Any]) -> int:
    """Store one batch in one transaction, as the writer of a sync does."""
    from django.db import transaction

    from conversations.lib.locks import lock_rows
    from conversations.sync.load.batch_loader import save_batch

    with transaction.atomic():
        lock_rows([page.pk])
        return sum(outcome.events_created for outcome in save_batch(page, rows, tolerant=False))
