"""How fast webhooks are answered, worked on, and shown to readers of the event stream.

One web process, one worker and the sender share the machine. The sender keeps its rate, whether the answers
come in time or not, and measures from the planned time of each delivery.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
import requests

from .cluster import ROOT, TEMPLATE, Cluster
from .engines import copy_limit
from .live_rows import PAGE
from .measure import EngineFailure
from .processes import installed, run_module
from .starts import listening

DATABASE, COPIES = "bench_live", "bench_live_copy"
SECRET = "of the benchmark"
START_SECONDS = 60
STORE = """
INSERT INTO conversations_webhookdelivery
  (body, received_at, state, attempts, error, items, failed_items, people)
VALUES (%s, now(), 'pending', 0, '', 0, 0, '{}')
"""
PROCESSING = """
SELECT extract(epoch FROM conversation.updated_at - delivery.received_at)::float
FROM (SELECT people, received_at FROM conversations_webhookdelivery ORDER BY id DESC LIMIT %s) AS delivery
JOIN conversations_conversation AS conversation ON conversation.sender_id = ANY(delivery.people)
"""


@dataclass
class Live:
    """Seconds of each kind of wait, and what was counted."""

    door: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)  # one POST with many items
    screen: list[float] = field(default_factory=list)
    processing: list[float] = field(default_factory=list)  # from the row of a delivery to that of its message
    processed: list[float] = field(default_factory=list)  # messages per second, of each round
    copied: list[float] = field(default_factory=list)  # the same rows by COPY


@dataclass(frozen=True)
class LiveSizes:
    door_rate: int = 200
    screen_rate: int = 50
    seconds: int = 20
    items: int = 1000
    messages: int = 5000  # that are processed in one round
    readers: int = 200
    conversations: int = 2000

    @staticmethod
    def of_seconds(seconds: int) -> "LiveSizes":
        """Return the standard sizes in proportion, apart from the rates."""
        standard = LiveSizes()
        sizes = {
            name: getattr(standard, name) * seconds // standard.seconds
            for name in ("items", "messages", "readers", "conversations")
        }
        return LiveSizes(seconds=seconds, **sizes)


Log = Callable[[str], None]


def measure_live(cluster: Cluster, sizes: LiveSizes, rounds: int, log: Log) -> Live:
    result = Live()
    for number in range(rounds):
        cluster.create(DATABASE, TEMPLATE)
        rows = run_rows(cluster, str(sizes.conversations), str(sizes.readers))
        with processes(cluster) as port:
            measure_processes(cluster, port, rows, sizes, result, log)
        measure_processing(cluster, sizes, number, result, log)
    return result


def measure_processes(
    cluster: Cluster, port: int, rows: dict, sizes: LiveSizes, result: Live, log: Log
) -> None:
    send(cluster, port, [message("first", 0)], rate=1)  # everything has run once
    door = [message(f"door {n}", n % sizes.conversations) for n in range(sizes.door_rate * sizes.seconds)]
    result.door += send(cluster, port, door, rate=sizes.door_rate)["seconds"]
    log(f"live, door: {percentiles(result.door)}")
    large = [many(f"large {n}", sizes) for n in range(5)]
    result.large += send(cluster, port, large, rate=1)["seconds"]
    log(f"live, one POST of {sizes.items:,} items: {percentiles(result.large)}")
    shown = min(sizes.conversations, sizes.screen_rate * sizes.seconds)
    bodies = [message(f"screen {n}", n) for n in range(shown)]
    readers = {"readers": sizes.readers, "keys": rows["keys"], "conversations": rows["conversations"][:shown]}
    sent = send(cluster, port, bodies, rate=sizes.screen_rate, **readers)
    if sent["missing"]:
        raise EngineFailure(f"{sent['missing']} events did not arrive at a reader")
    result.screen += sent["waits"]
    with psycopg.connect(cluster.url(DATABASE)) as connection:
        result.processing += [seconds for (seconds,) in connection.execute(PROCESSING, [shown]).fetchall()]
    log(f"live, screen: {percentiles(result.screen)}; processing: {percentiles(result.processing)}")


def measure_processing(cluster: Cluster, sizes: LiveSizes, number: int, result: Live, log: Log) -> None:
    """Work on deliveries that wait already, and copy the rows that come of it."""
    cluster.create(DATABASE, TEMPLATE)
    run_rows(cluster, str(sizes.conversations), "0")
    with psycopg.connect(cluster.url(DATABASE)) as connection, connection.cursor() as cursor:
        bodies = [
            [message(f"round {number} {n}", n % sizes.conversations).encode()] for n in range(sizes.messages)
        ]
        cursor.executemany(STORE, bodies)
    drained = run_rows(cluster, "drain")
    stored = cluster.count(DATABASE, "conversations_interactionevent")
    if {stored, drained["deliveries"]} != {sizes.messages}:
        raise EngineFailure(f"not all of {sizes.messages} messages were stored: {drained}")
    result.processed.append(sizes.messages / drained["seconds"])
    cluster.create(COPIES, TEMPLATE)
    task = {"source_url": cluster.url(DATABASE), "database_url": cluster.url(COPIES)}
    copy = copy_limit.prepare(task)
    started = time.perf_counter()
    copy()
    result.copied.append(sizes.messages / (time.perf_counter() - started))
    log(f"live, processing: {result.processed[-1]:,.0f} messages/s, COPY {result.copied[-1]:,.0f} messages/s")


# -- deliveries --------------------------------------------------------------------------------------------
def item(mid: str, person: int) -> dict[str, Any]:
    return {
        "sender": {"id": f"7{person:015}"},
        "recipient": {"id": PAGE},
        "timestamp": time.time_ns() // 10**6,
        "message": {"mid": f"m_{mid}", "text": f"Is it still for sale? {mid}"},
    }


def body(items: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": items}]})


def message(mid: str, person: int) -> str:
    return body([item(mid, person)])


def many(mid: str, sizes: LiveSizes) -> str:
    return body([item(f"{mid} {n}", n % sizes.conversations) for n in range(sizes.items)])


def send(
    cluster: Cluster, port: int, bodies: Sequence[str], *, rate: float, **readers: Any
) -> dict[str, Any]:
    """Send the bodies, and wait until all are worked on."""
    task = {"port": port, "secret": SECRET, "rate": rate, "bodies": bodies, **readers}
    sent = run(cluster, "live_load", standard_input=json.dumps(task))
    if sent["failed"]:
        raise EngineFailure(f"{sent['failed']} of {len(bodies)} deliveries were refused")
    query = "SELECT count(*) FROM conversations_webhookdelivery WHERE state = 'pending'"
    with psycopg.connect(cluster.url(DATABASE), autocommit=True) as connection:
        while connection.execute(query).fetchall()[0][0]:
            time.sleep(0.05)
    return sent


# -- processes ---------------------------------------------------------------------------------------------
def run_rows(cluster: Cluster, *arguments: str) -> dict:
    return run(cluster, "live_rows", *arguments)


def run(cluster: Cluster, name: str, *arguments: str, standard_input: str = "") -> Any:
    module, variables = f"{__package__}.{name}", environment(cluster)
    return run_module(module, *arguments, environment=variables, standard_input=standard_input)


def environment(cluster: Cluster) -> dict[str, str]:
    settings = {"FACEBOOK_WEBHOOK_SECRETS": SECRET, "EMBEDDED_WORKER": "0", "SYNC_EVERY_MINUTES": "0"}
    return installed(cluster, DATABASE) | settings


@contextmanager
def processes(cluster: Cluster) -> Iterator[int]:
    """A web process and a worker. Yields the port."""
    with listening() as (_, port):
        pass  # a free port
    web = ["-m", "uvicorn", "inbox.asgi:application", "--port", str(port), "--log-level", "warning"]
    start = partial(
        subprocess.Popen,
        cwd=ROOT,
        env=environment(cluster),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = [start([sys.executable, *web]), start([sys.executable, "manage.py", "procrastinate", "worker"])]
    try:
        wait_until_ready(port)
        yield port
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def wait_until_ready(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=START_SECONDS).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise EngineFailure("the web process and the worker are not ready")


# -- numbers -----------------------------------------------------------------------------------------------
def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that this part of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def percentiles(seconds: Sequence[float]) -> str:
    numbers = [f"p{part} {1000 * percentile(seconds, part / 100):,.0f} ms" for part in (50, 95)]
    return ", ".join([*numbers, f"at most {1000 * max(seconds):,.0f} ms"])
