"""The processes of a load: web, worker, sandbox and locust, on a PostgreSQL of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.cluster import ROOT, TEMPLATE, Cluster
from tests.benchmarks.facebook import Facebook, Speed
from tests.benchmarks.live import wait_until_ready
from tests.benchmarks.processes import installed, run_module
from tests.live.process import free_port

from .sizes import Sizes

DATABASE, SECRET = "load", "of the load"
LOCUST = ROOT / ".venv-load" / "bin" / "locust"
AT_FACEBOOK = Speed(scale=1.0, calls_per_second=0)  # Inbox keeps to two calls a second by itself


class LoadFailed(Exception):
    """The load could not be run; the text is for the terminal."""


@dataclass
class Installation:
    """What is running, and the folder in which processes leave what they have seen."""

    cluster: Cluster
    facebook: Facebook
    folder: Path
    port: int
    web: subprocess.Popen
    worker: subprocess.Popen

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop_web(self) -> dict[str, Any]:
        """Return the times that it has taken."""
        self.web.terminate()
        self.web.wait()
        return json.loads((self.folder / "times.json").read_text())

    def processes(self) -> dict[str, psutil.Process]:
        postmaster = int(self.cluster.server.pid_file_line(0))
        ids = {"web": self.web.pid, "worker": self.worker.pid, "PostgreSQL": postmaster}
        return {name: psutil.Process(pid) for name, pid in ids.items()} | {"sandbox": self.facebook.process}


def fill(cluster: Cluster, facebook: Facebook, sizes: Sizes) -> dict[str, Any]:
    """Create the database with its rows. Return what `rows.py` tells of them."""
    cluster.create(DATABASE, TEMPLATE)
    task = {"conversations": sizes.conversations, "staff": sizes.staff, "synced": facebook.pages}
    variables = environment(cluster, facebook)
    return run_module("tests.load.rows", environment=variables, standard_input=json.dumps(task))


def environment(cluster: Cluster, facebook: Facebook) -> dict[str, str]:
    return installed(cluster, DATABASE) | {
        "FACEBOOK_WEBHOOK_SECRETS": SECRET,
        "EMBEDDED_WORKER": "0",
        "SYNC_EVERY_MINUTES": "0",
        "GRAPH_API_URL": facebook.url,
    }


@contextmanager
def running(cluster: Cluster, facebook: Facebook, folder: Path) -> Iterator[Installation]:
    """Start the sandbox, a web process and a worker; they are stopped at the end."""
    facebook.restart(AT_FACEBOOK)
    settings, port = environment(cluster, facebook), free_port()
    settings |= {"LOAD_TIMES": str(folder / "times.json")}
    web = ["-m", "uvicorn", "tests.load.web:application", "--port", str(port), "--log-level", "warning"]
    worker = ["manage.py", "procrastinate", "worker"]
    started = [start(name, command, settings, folder) for name, command in (("web", web), ("worker", worker))]
    try:
        wait_until_ready(port)
        yield Installation(cluster, facebook, folder, port, *started)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def start(name: str, command: list[str], settings: Mapping[str, str], folder: Path) -> subprocess.Popen:
    """Start a process of Inbox, whose log goes to the folder."""
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=settings, stdout=log, stderr=log)


def start_locust(installation: Installation, sizes: Sizes, rows: dict[str, Any]) -> subprocess.Popen:
    folder, address = installation.folder, installation.address
    synced = [page["id"] for page in installation.facebook.pages]
    more = {
        name: getattr(sizes, name) for name in ("staff", "pause", "streams", "webhooks", "seconds", "warm_up")
    }
    task = rows | more | {"address": address, "secret": SECRET, "synced": synced}
    (folder / "task.json").write_text(json.dumps(task))
    settings = {"LOAD_TASK": str(folder / "task.json"), "LOAD_SEEN": str(folder / "seen.json")}
    users = str(sizes.staff + sizes.streams + min(10, sizes.webhooks) + len(synced))
    command = [str(LOCUST), "-f", "tests/load/locustfile.py", "--headless", "--host", f"http://{address}"]
    command += ["--users", users, "--spawn-rate", users, "--run-time", f"{round(sizes.seconds)}s"]
    command += ["--stop-timeout", str(sizes.last_seconds), "--csv", str(folder / "locust"), "--only-summary"]
    with (folder / "locust.log").open("w") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=installed(installation.cluster, DATABASE) | settings,
            stdout=log,
            stderr=log,
        )
