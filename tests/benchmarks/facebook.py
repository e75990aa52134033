"""Steering the sandbox Graph server that runs beside the engines."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]
TOUCHED, MESSAGES_EACH = 9, 3  # of ten changed threads nine are written on in, one is new


@dataclass(frozen=True)
class World:
    conversations: int
    messages: int
    pages: int = 1

    @property
    def all_messages(self) -> int:
        return self.pages * self.conversations * self.messages


@dataclass(frozen=True)
class Pace:
    """How slow Facebook is (1: as measured, 0: no wait) and how many calls a second it takes (0: any)."""

    scale: float
    calls_per_second: int
    updated_ms: str = "honoured"

    @property
    def is_paced(self) -> bool:
        return self.scale > 0


class Facebook:
    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        hello = self._hear()
        self.url, self.pages = hello["url"], hello["pages"]

    def begin(self, pace: Pace) -> None:
        """The untouched world, served at this pace; the one before ends."""
        self._tell("serve")
        self._hear()
        self._steer(
            "POST",
            "set",
            {
                "latency": {"scale": pace.scale},
                "limits": {"calls_per_second": pace.calls_per_second or None},
                "switches": {"updated_ms": pace.updated_ms},
            },
        )

    def change(self, threads: int) -> int:
        """So many threads move to the top; returns the messages that are new in them."""
        fresh = max(1, threads // (TOUCHED + 1))
        page = self.pages[0]
        listed = self._threads(page, threads - fresh)
        for thread in listed + [self._new_thread(number) for number in range(fresh)]:
            for number in range(MESSAGES_EACH):
                self._steer("POST", "message", {"thread": thread, "message": f"And {number}"})
        self.clear_ledger()
        return threads * MESSAGES_EACH + fresh

    def calls(self) -> list[dict[str, Any]]:
        """What was asked since the ledger was cleared, in order of arrival."""
        return self._steer("GET", "ledger")["calls"]

    def clear_ledger(self) -> None:
        self._steer("DELETE", "ledger")

    def end(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _threads(self, page: dict[str, str], number: int) -> list[str]:
        """Ids from all over the list, not only from its top."""
        params: dict[str, str] = {"fields": "id", "limit": "5000"}
        headers = {"Authorization": f"Bearer {page['token']}"}
        ids: list[str] = []
        while True:
            url = f"{self.url}/v26.0/{page['id']}/conversations"
            answer = requests.get(url, params=params, headers=headers, timeout=60).json()
            ids += [thread["id"] for thread in answer["data"]]
            if "next" not in answer["paging"]:
                return ids[:: max(1, len(ids) // number)][:number] if number else []
            params["after"] = answer["paging"]["cursors"]["after"]

    def _new_thread(self, number: int) -> str:
        return self._steer("POST", "message", {"customer": f"New Customer {number}"})["thread"]

    def _steer(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(method, f"{self.url}/_sandbox/{route}", json=body or {}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The sandbox ended with exit code {self._process.wait()}.")
        return json.loads(line)


@contextmanager
def facebook(world: World) -> Iterator[Facebook]:
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
        server.end()
