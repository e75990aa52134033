"""How many Pages a second are synced by one, two and four workers, and who takes the processors meanwhile."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psutil

from inbox.postgres import Server
from tests import migrated
from tests.benchmarks.charts import Bar, bars
from tests.benchmarks.sections import write_section
from tests.load.samples import Sampler
from tests.machines.nodes import ANYWHERE, Node, worker
from tests.machines.waiting import say, wait_until

WORKERS = [int(number) for number in os.environ.get("WORKERS", "1,2,4").split(",")]
MESSAGES = 3  # of each conversation, so that a list brings all of them
FIRST_NUMBER = 10  # of the machines of this part
FULL = 0.9  # of all processors
LONGEST_SECONDS = 1800
WORTH_IT = 1.2  # what the next workers must bring to be worth it


@dataclass(frozen=True)
class Run:
    """Seconds; those of processors are of all cores together."""

    workers: int
    pages: int
    conversations: int
    seconds: float
    postgres: float
    working: float
    sandbox: float

    @property
    def pages_a_second(self) -> float:
        return self.pages / self.seconds

    def share(self, seconds: float) -> float:
        return seconds / (self.seconds * cores())

    @property
    def busy(self) -> float:
        return self.share(self.postgres + self.working + self.sandbox)


def cores() -> int:
    return len(os.sched_getaffinity(0))


def measure(hub: str, server: Server, port: int, size: tuple[int, int]) -> list[Run]:
    """Sync so many Pages of so many conversations with each number of workers."""
    from conversations.sandbox import SandboxServer, World

    pages, conversations = size
    world = World()
    shops = [world.add_page(f"8{number:014}", f"Shop {number}") for number in range(pages)]
    for shop in shops:
        for _ in range(conversations):
            world.add_conversation(shop, messages=MESSAGES)
    with SandboxServer(world, host=ANYWHERE, port=port):
        return [measure_one(hub, server, port, shops, number, conversations) for number in WORKERS]


def measure_one(hub: str, server: Server, port: int, shops: Sequence, number: int, conversations: int) -> Run:
    from tests.servers import django_connected_to  # it needs the models

    name = f"workers_{number}"
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {migrated.DATABASE}")
    nodes = [worker(hub, FIRST_NUMBER + position) for position in range(number)]
    try:
        for node in nodes:
            node.make(node.variables(name, port))
            node.start()
        with django_connected_to(server.url(name)):
            run = sync_all(server, nodes, shops, conversations)
    finally:
        for node in nodes:
            node.remove()
    say(f"{label(run)}: {run.pages_a_second:.2f} Pages a second, {run.seconds:.0f} s, {run.busy:.0%} busy")
    return run


def sync_all(server: Server, nodes: list[Node], shops: Sequence, conversations: int) -> Run:
    from conversations.models import Conversation, Page
    from conversations.tasks import request_sync

    pages = [Page.objects.create(facebook_page_id=shop.id, access_token=shop.token) for shop in shops]
    wait_until(lambda: living_workers() == len(nodes), 120)
    processes = {node.name: psutil.Process(node.pid) for node in nodes}
    sampler = Sampler(processes | {"postgres": psutil.Process(int(server.pid_file_line(0)))})
    sampler.begin()
    began, own = time.monotonic(), time.process_time()
    for page in pages:
        request_sync(page, trigger="api")
    wait_until(all_complete, LONGEST_SECONDS, progress)
    seconds, own = time.monotonic() - began, time.process_time() - own
    sampler.stop()
    expected = len(shops) * conversations
    if (stored := Conversation.objects.count()) != expected:
        raise SystemExit(f"{stored} conversations were stored, not {expected}")
    used = {name: usage.used for name, usage in sampler.usages.items()}
    postgres = used.pop("postgres")
    return Run(len(nodes), len(pages), conversations, seconds, postgres, sum(used.values()), own)


def living_workers() -> int:
    from django.utils import timezone
    from procrastinate.contrib.django.models import ProcrastinateWorker

    recent = timezone.now() - timedelta(seconds=30)
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=recent).count()


def progress() -> str:
    from conversations.models import Conversation, SyncRun

    complete, active = SyncRun.objects.filter(status="complete").count(), SyncRun.objects.active().count()
    stored = Conversation.objects.count()
    return f"  {complete} syncs complete, {active} in progress, {stored:,} conversations"


def all_complete() -> bool:
    from conversations.models import Page, SyncRun

    is_active = SyncRun.objects.active().exists()
    return not is_active and not Page.objects.exclude(runs__status="complete").exists()


# -- the document ------------------------------------------------------------------------------------------
def write(runs: list[Run], folder: Path) -> None:
    charts = folder / "scale"
    charts.mkdir(exist_ok=True)
    (charts / "workers.svg").write_text(chart(runs))
    write_section(folder / "scale.md", "workers", "\n".join(text(runs)))


def chart(runs: list[Run]) -> str:
    values = [
        Bar(label(run), rate, rate, rate, "ours", f"PostgreSQL {run.share(run.postgres):.0%}")
        for run in runs
        for rate in [run.pages_a_second]
    ]
    return bars("Pages a second by workers", "a second", values)


def label(run: Run) -> str:
    return f"{run.workers} worker{'s' * (run.workers > 1)}"


def text(runs: list[Run]) -> Iterator[str]:
    first = runs[0]
    yield (
        f"`make machines` wrote this part. First syncs of {first.pages} Pages of {first.conversations}"
        f" conversations of {MESSAGES} messages at Facebook's pace, each worker in a network of its own with"
        " the default queues (20 syncs at the same time). Workers, PostgreSQL and the sandbox share"
        f" {cores()} cores; shares are of all of them."
    )
    yield ""
    yield "| workers | Pages a second | messages a second | seconds | PostgreSQL | workers | sandbox | idle |"
    yield "|---|---|---|---|---|---|---|---|"
    for run in runs:
        messages = run.pages_a_second * run.conversations * MESSAGES
        shares = [run.share(part) for part in (run.postgres, run.working, run.sandbox)]
        parts = [f"{share:.0%}" for share in (*shares, max(0.0, 1 - run.busy))]
        numbers = [run.workers, f"{run.pages_a_second:.2f}", f"{messages:,.0f}", f"{run.seconds:.0f}"]
        yield f"| {' | '.join(map(str, [*numbers, *parts]))} |"
    yield ""
    yield "![Pages a second by workers](scale/workers.svg)"
    yield ""
    yield verdict(runs)


def verdict(runs: list[Run]) -> str:
    """Say where more workers stop helping, and why."""
    for before, run in pairwise(runs):
        if run.pages_a_second < before.pages_a_second * WORTH_IT:
            is_full = max(before.busy, run.busy) > FULL
            reason = "all cores are taken" if is_full else "the calls to Facebook take the time"
            return (
                f"From {label(before)} to {run.workers} it grows by less than a fifth: {reason}."
                f" {limit_of_postgres(run)}"
            )
    return f"It still grows with {label(runs[-1])}. {limit_of_postgres(runs[-1])}"


def limit_of_postgres(run: Run) -> str:
    """The arithmetic: where PostgreSQL would be full if it had cores of its own."""
    seconds = run.postgres / run.pages
    return (
        f"A Page costs PostgreSQL {seconds:.2f} s of a core, so one core of its own is full at"
        f" {1 / seconds:.1f} Pages a second (arithmetic)."
    )
