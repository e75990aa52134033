"""Control of the sandbox Graph server, which runs in a process beside the engines."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

ROOT = Path(__file__).parents[2]
EXISTING, MESSAGES_EACH = 9, 3  # of ten changed threads, nine exist already and one is new


@dataclass(frozen=True)
class World:
    conversations: int
    messages: int
    pages: int = 1

    @property
    def all_messages(self) -> int:
        return self.pages * self.conversations * self.messages


@dataclass(frozen=True)
class Speed:
    """How fast the sandbox responds and how it treats calls."""

    scale: float  # of the latency; 1: as measured at Facebook, 0: none
    calls_per_second: int  # accepted; 0: any number
    updated_ms: str = "honoured"  # the switch of the sandbox for time windows
    max_limit: int | None = None  # conversations that one response has at most, whatever is requested
    max_weight: int | None = None  # conversations x messages of one call: more is refused

    @property
    def is_limited(self) -> bool:
        return self.scale > 0


class Facebook:
    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        greeting = self._receive()
        self.url, self.pages = greeting["url"], greeting["pages"]

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self._process.pid)

    def restart(self, speed: Speed) -> None:
        """Stop serving the current world and serve the original one at this speed."""
        self._send("serve")
        self._receive()
        self._control(
            "POST",
            "set",
            {
                "latency": {"scale": speed.scale},
                "limits": {
                    "calls_per_second": speed.calls_per_second or None,
                    "max_weight": speed.max_weight,
                },
                "switches": {"updated_ms": speed.updated_ms, "max_limit": speed.max_limit},
            },
        )

    def change(self, threads: int) -> int:
        """Add messages to this number of threads and return the number of new messages."""
        new = max(1, threads // (EXISTING + 1))
        page = self.pages[0]
        listed = self._threads(page, threads - new)
        for thread in listed + [self._new_thread(number) for number in range(new)]:
            for number in range(MESSAGES_EACH):
                self._control("POST", "message", {"thread": thread, "message": f"And {number}"})
        self.clear_call_log()
        return threads * MESSAGES_EACH + new

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls since the call log was cleared, in order of arrival."""
        return self._control("GET", "ledger")["calls"]

    def clear_call_log(self) -> None:
        self._control("DELETE", "ledger")

    def stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _threads(self, page: dict[str, str], number: int) -> list[str]:
        """Return ids from all over the list, not only from its top."""
        params: dict[str, str] = {"fields": "id", "limit": "5000"}
        headers = {"Authorization": f"Bearer {page['token']}"}
        ids: list[str] = []
        while True:
            url = f"{self.url}/v26.0/{page['id']}/conversations"
            response = requests.get(url, params=params, headers=headers, timeout=60).json()
            ids += [thread["id"] for thread in response["data"]]
            if "next" not in response["paging"]:
                return ids[:: max(1, len(ids) // number)][:number] if number else []
            params["after"] = response["paging"]["cursors"]["after"]

    def _new_thread(self, number: int) -> str:
        return self._control("POST", "message", {"customer": f"New Customer {number}"})["thread"]

    def _control(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = requests.request(method, f"{self.url}/_sandbox/{route}", json=body or {}, timeout=60)
        response.raise_for_status()
        return response.json()

    def _send(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The sandbox ended with exit code {self._process.wait()}.")
        return json.loads(line)


@contextmanager
def facebook(world: World) -> Iterator[Facebook]:
    """Start the sandbox server with this world, and stop it at the end of the block."""
    shape = {"pages": world.pages, "conversations": world.conversations, "messages": world.messages}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.facebook_server", json.dumps(shape)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    server = Facebook(process)
    try:
        yield server
    finally:
        server.stop()
