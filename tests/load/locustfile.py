"""What locust plays: staff, Facebook's webhooks, event streams, and managers who start first syncs.

Runs in .venv-load and knows nothing of Inbox but its REST. The file LOAD_TASK tells it whom to play; what it
saw goes to the file LOAD_SEEN at the end, for the checks that follow.
"""

import hmac
import json
import os
import random
import socket
import time
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gevent
from locust import FastHttpUser, User, between, constant_throughput, events, task

TASK = json.loads(Path(os.environ["LOAD_TASK"]).read_text())
PAGE = "9001"
SENDERS = min(10, TASK["webhooks"])  # connections that Facebook keeps open
SYNC_AFTER = 0.1  # of the time: the first syncs start
AGAIN_SECONDS = 1
COMING_SECONDS = 0.8 * TASK["warm_up"]  # in which streams are opened
numbers, places, stream_places, manager_places = count(), count(), count(), count()
# When each delivery was sent, its message and its conversation; and the messages that were refused at first.
delivered: list[tuple[float, str, int]] = []
refused: list[str] = []
tagged: list[int] = []  # how many conversations each act has tagged; all are undone
not_undone: list[str] = []
# Per stream: the time and the number of each event of changed conversations, and what ended runs it has seen.
seen: list[dict[str, Any]] = []
known_events: dict[tuple[int, ...] | None, int] = {}
closed_streams: list[float] = []


def headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Token {key}"}


class Staff(FastHttpUser):
    """Looks through lists, searches, opens conversations, tags some of them and takes that back."""

    fixed_count = TASK["staff"]
    wait_time = between(0.4 * TASK["pause"], 1.6 * TASK["pause"])

    def on_start(self) -> None:
        self.key = TASK["keys"][next(places) % len(TASK["keys"])]
        self.shown: list[int] = []
        self.cursor = None
        gevent.sleep(random.uniform(0, TASK["pause"]))  # they do not come all at the same moment

    def ask(self, method: str, path: str, name: str, body: object = None) -> dict:
        """Return the JSON of the answer; nothing where it is an error, which locust counts."""
        with self.client.request(
            method, path, name=name, headers=headers(self.key), json=body, catch_response=True
        ) as response:
            if response.status_code not in (200, 202):
                response.failure(f"status {response.status_code}")
                return {}
            response.success()
            return json.loads(response.content or b"{}")

    def list(self, name: str, **parameters: str) -> None:
        query = urlencode({"limit": "50", "total": "none", **parameters})
        answer = self.ask("GET", f"/api/conversations?{query}", name)
        rows = answer.get("conversations", [])
        self.shown = [row["id"] for row in rows] or self.shown
        self.cursor = answer.get("pagination", {}).get("nextCursor")

    @task(4)
    def newest(self) -> None:
        self.list("list", facebookPageId=random.choice([PAGE, PAGE, "all"]))

    @task(3)
    def filtered(self) -> None:
        more = random.choice(
            [
                {"unread": "true"},
                {"untagged": "true"},
                {"include_tags": f"tag-{random.randint(1, 44)}"},
                {"status": "active", "snoozed": "false"},
                {"exclude_tags": "tag-1,tag-2"},
            ]
        )
        self.list("list", facebookPageId=random.choice([PAGE, "all"]), **more)

    @task(2)
    def scroll(self) -> None:
        if self.cursor:
            self.list("list", facebookPageId=PAGE, cursor=self.cursor)

    @task(3)
    def search(self) -> None:
        self.list("search", facebookPageId="all", search=random.choice(TASK["words"]))

    @task(1)
    def search_in_messages(self) -> None:
        word = random.choice(TASK["words"])
        self.list("search in messages", facebookPageId="all", search=word, search_in="messages")

    @task(6)
    def read(self) -> None:
        if self.shown:
            path = f"/api/conversations/{random.choice(self.shown)}"
            self.ask("GET", path, "conversation")
            self.ask("GET", f"{path}/events?limit=50", "events of a conversation")
            self.ask("POST", f"{path}/read", "mark as read", {})

    @task(3)
    def tag(self) -> None:
        """Mostly one conversation, at times all that are shown; then take it back."""
        if not self.shown:
            return
        ids = self.shown if random.random() < 0.2 else [random.choice(self.shown)]
        body = {"conversationIds": ids, "tagIds": [TASK["tag"]], "action": "assign"}
        done = self.ask("POST", "/api/conversations/bulk-tags", "tag", body)
        if done.get("act"):
            tagged.append(done["changed"])
            gevent.sleep(random.uniform(0.2, 0.4) * TASK["pause"])
            self.undo(done["act"])

    def undo(self, act: str) -> None:
        if not self.ask("POST", f"/api/acts/{act}/undo", "undo", {}):
            not_undone.append(act)


class Facebook(FastHttpUser):
    """Sends a message of a customer at a time. What is not answered with 200 is sent again."""

    fixed_count = SENDERS
    wait_time = constant_throughput(TASK["webhooks"] / SENDERS)

    @task
    def deliver(self) -> None:
        number = next(numbers)
        conversation, sender = TASK["customers"][number % len(TASK["customers"])]
        mid, at = f"m_load_{number}", time.time()
        message = {"mid": mid, "text": f"Is it still for sale? {number}"}
        item = {
            "sender": {"id": sender},
            "recipient": {"id": PAGE},
            "timestamp": int(1000 * at),
            "message": message,
        }
        body = json.dumps(
            {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [item]}]}
        ).encode()
        signature = hmac.digest(TASK["secret"].encode(), body, "sha256").hex()
        signed = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
        while (
            self.client.post("/webhooks/facebook", data=body, headers=signed, name="webhook").status_code
            != 200
        ):
            refused.append(mid)
            gevent.sleep(AGAIN_SECONDS)
        delivered.append((at, mid, conversation))


class Stream(User):
    """Holds one event stream open. It reads lines from the socket: a client of HTTP takes more time."""

    fixed_count = TASK["streams"]

    def on_start(self) -> None:
        self.place = next(stream_places)
        gevent.sleep(COMING_SECONDS * self.place / TASK["streams"])  # people come one after the other

    @task
    def read(self) -> None:
        key = TASK["keys"][self.place % len(TASK["keys"])]
        head = ["GET /api/events HTTP/1.1", f"Host: {TASK['address']}", f"Authorization: Token {key}"]
        host, _, port = TASK["address"].partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall("\r\n".join([*head, "", ""]).encode())
            lines = connection.makefile("rb")
            if b" 200 " in lines.readline():
                self.mine: dict[str, Any] = {"changed": [], "ended": [], "opened": 0.0}
                seen.append(self.mine)
                for line in lines:
                    self.take(line)
        closed_streams.append(time.time())  # it was refused, or ended while it should not
        gevent.sleep(AGAIN_SECONDS)

    def take(self, line: bytes) -> None:
        if line.startswith(b": open"):
            self.mine["opened"] = time.time()
        if line.startswith(b"data: "):
            changed, ended = parse(line)
            if changed is not None:
                self.mine["changed"].append((time.time(), changed))
            if ended is not None:
                self.mine["ended"].append(ended)


@lru_cache(64)  # all streams get the same lines
def parse(line: bytes) -> tuple[int | None, int | None]:
    """Return the number of the event if conversations have changed, and the run if it is complete."""
    event = json.loads(line.removeprefix(b"data: "))
    if "conversationIds" in event:
        ids = event["conversationIds"]
        return known_events.setdefault(None if ids is None else tuple(ids), len(known_events)), None
    return None, event["run"] if event.get("status") == "complete" else None


class Manager(FastHttpUser):
    """Starts the first sync of a Page, and looks at nothing else."""

    fixed_count = len(TASK["synced"])
    wait_time = constant_throughput(0.001)

    def on_start(self) -> None:
        self.place = next(manager_places)
        gevent.sleep(SYNC_AFTER * TASK["seconds"])
        page, key = TASK["synced"][self.place], TASK["keys"][self.place % len(TASK["keys"])]
        wanted = headers(key) | {"Prefer": "respond-async"}
        self.client.post(
            "/api/conversations/sync", json={"facebookPageId": page}, headers=wanted, name="sync"
        )

    @task
    def wait(self) -> None:
        pass


@events.test_stop.add_listener
def write(**_: object) -> None:
    result = {
        "delivered": delivered,
        "refused": refused,
        "tagged": tagged,
        "not_undone": not_undone,
        "streams": seen,
        "events": [list(ids) if ids is not None else None for ids in known_events],
        "closed_streams": closed_streams,
    }
    Path(os.environ["LOAD_SEEN"]).write_text(json.dumps(result))
