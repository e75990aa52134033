"""Whole processes, from start to end: `manage.py syncconversations`, and the replaced application in Node.

The latter is as fast as its description allows; see `engines/node`.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from tests import biome

from .cluster import ROOT, Cluster
from .facebook import Facebook, Speed
from .graph_fields import FIELDS
from .measure import EngineFailure, Sample, make_sample

NODE = Path(__file__).with_name("engines") / "node"
# The name of each engine, and what its process is told beside the task.
NODE_ENGINES = {
    "node before": ("before.mjs", {}),
    "node after": ("after.mjs", {}),
    "node after, prefetching": ("after.mjs", {"PREFETCH": "1"}),
}

NODE_AFTER = ("node after", "node after, prefetching")


@cache
def why_no_node() -> str:
    """Return why the engines in Node cannot run here; "" if they can."""
    if shutil.which("node") is None:
        return "node is missing (Debian: apt-get install nodejs npm)"
    return biome.install()  # npm installs the driver together with it


@dataclass(frozen=True)
class Process:
    command: list[str]
    environment: dict[str, str]


def process(cluster: Cluster, facebook: Facebook, engine: str, database: str, speed: Speed) -> Process:
    """Return the process of an engine for the one Page of the sandbox."""
    page = facebook.pages[0]
    if engine == "ours":
        calls = {"GRAPH_API_URL": facebook.url, "GRAPH_CALLS_PER_SECOND": str(speed.calls_per_second)}
        command = [sys.executable, "manage.py", "syncconversations", "--page", page["id"], "--json"]
        return Process(command, installed(cluster, database) | calls)
    file, options = NODE_ENGINES[engine]
    parts = conninfo_to_dict(cluster.url(database))
    task = {
        "database": {"database": database} | {name: parts[name] for name in ("host", "port", "user")},
        "graph_url": facebook.url,
        "page_id": page["id"],
        "token": page["token"],
        "fields": FIELDS,
    }
    command = [shutil.which("node") or "node", str(NODE / file)]
    return Process(command, os.environ | options | {"BENCHMARK_TASK": json.dumps(task)})


def installed(cluster: Cluster, database: str) -> dict[str, str]:
    """Return the environment of an installation: its modules are compiled once, not at each start."""
    return cluster.environment(database) | {"PYTHONDONTWRITEBYTECODE": ""}


def connect_page(cluster: Cluster, facebook: Facebook, database: str) -> None:
    """Connect the Page, as the administrator has done before the first sync."""
    page = facebook.pages[0]
    code = f"from conversations.models import Page; Page.objects.create(**{values(page)!r})"
    cluster.manage(database, "shell", "--no-imports", "-v0", "-c", code)


def values(page: dict[str, str]) -> dict[str, str]:
    return {"facebook_page_id": page["id"], "name": page["name"], "access_token": page["token"]}


def measure_process(cluster: Cluster, facebook: Facebook, engine: str, database: str, speed: Speed) -> Sample:
    facebook.clear_call_log()
    before = cluster.counters(database, at_end=False)
    used = run(engine, process(cluster, facebook, engine, database, speed))
    return make_sample([used], cluster.counters(database) - before, facebook.calls())


def run(engine: str, process: Process) -> dict[str, Any]:
    """Run a process to its end, and return what it printed last and what it used."""
    used_before, started = cpu_of_children(), time.perf_counter()
    done = subprocess.run(
        process.command, env=process.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise EngineFailure(f"{engine} failed:\n{done.stderr[-4000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    events = result.get("events", result.get("eventsCreated"))
    cpu = cpu_of_children() - used_before
    return {"seconds": seconds, "client_cpu": cpu, "events": events, "peak_mb": 0.0, "profile": ""}


def cpu_of_children() -> float:
    """Return the CPU time of the ended child processes. Only one process is measured at a time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_module(name: str, *arguments: str, environment: dict[str, str], standard_input: str = "") -> Any:
    """Run a module in a process of its own. Returns the JSON of its last line; raises EngineFailure."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=ROOT,
        env=environment,
        input=standard_input,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EngineFailure(f"{name} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])
