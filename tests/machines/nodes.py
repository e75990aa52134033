"""Machines: network namespaces, each with a cable to the hub, where PostgreSQL and Facebook are."""

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from inbox.postgres.roles import ADMIN
from tests.crash.networks import LETTERS, ip, program

ROOT = Path(__file__).parent.parent.parent
ANYWHERE = "0.0.0.0"  # noqa: S104 - in a namespace that only this program enters


class Node:
    """A machine. `hub` is the address of the hub as it sees it, `address` its own."""

    def __init__(self, hub: str, number: int, command: list[str], clock: str = ""):
        self.name, self._hub_name = f"{hub}-{number}", hub
        self.hub, self.address = f"10.214.{number}.1", f"10.214.{number}.2"
        self._end, self._hub_end = f"{hub[-6:]}n{number}", f"{hub[-6:]}h{number}"
        wrong_clock = ["faketime", "--exclude-monotonic", "-f", clock] if clock else []
        self._command = [program(), "netns", "exec", self.name, *wrong_clock, *command]
        self._environment: dict[str, str] = {}
        self.process: subprocess.Popen | None = None

    def make(self, environment: dict[str, str]) -> None:
        self._environment = environment
        ip("netns", "add", self.name)
        ends = [self._hub_end, "netns", self._hub_name, "type", "veth", "peer", "name", self._end]
        ip("link", "add", *ends, "netns", self.name)
        for namespace, end, address in (
            (self._hub_name, self._hub_end, self.hub),
            (self.name, self._end, self.address),
        ):
            ip("-n", namespace, "address", "add", f"{address}/24", "dev", end)
            ip("-n", namespace, "link", "set", end, "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def variables(self, database: str, port: int) -> dict[str, str]:
        """The environment of processes there: PostgreSQL and Facebook are in the hub."""
        return {
            "DATABASE_URL": f"postgresql://{ADMIN}@{self.hub}:5432/{database}",
            "GRAPH_API_URL": f"http://{self.hub}:{port}",
            "EMBEDDED_WORKER": "0",
            "SYNC_EVERY_MINUTES": "0",
            "ALLOWED_HOSTS": "*",
        }

    @property
    def pid(self) -> int:
        """Of the process that was started. Raises ValueError if none was."""
        if self.process is None:
            raise ValueError(f"nothing runs on {self.name}")
        return self.process.pid

    def start(self) -> None:
        with (Path(os.environ["LOGS"]) / f"{self.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                self._command, env=os.environ | self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kill what runs there: `faketime` has a child."""
        kill_all(self.name)
        if self.process is not None:
            self.process.wait()

    def cut(self) -> None:
        ip("-n", self.name, "link", "set", self._end, "down")

    def mend(self) -> None:
        ip("-n", self.name, "link", "set", self._end, "up")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it was not made
            self.kill()
        subprocess.run([program(), "netns", "del", self.name], check=False, capture_output=True)


def web(hub: str, number: int) -> Node:
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "inbox.asgi:application",
        "--host",
        ANYWHERE,
        "--port",
        "8000",
    ]
    return Node(hub, number, command)


def worker(hub: str, number: int, clock: str = "") -> Node:
    return Node(hub, number, [sys.executable, "manage.py", "runworker"], clock)


def kill_all(namespace: str) -> None:
    for pid in subprocess.check_output([program(), "netns", "pids", namespace], text=True).split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def remove_all(hub: str) -> None:
    """Remove the hub and the machines that are left, with what runs there."""
    listed = subprocess.check_output([program(), "netns", "list"], text=True).splitlines()
    for name in {line.split()[0] for line in listed if line.startswith(hub)}:
        with suppress(subprocess.CalledProcessError):
            kill_all(name)
        subprocess.run([program(), "netns", "del", name], check=False, capture_output=True)


def new_hub() -> str:
    name = "inbox-" + "".join(random.choices(LETTERS, k=6))
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")
    return name
