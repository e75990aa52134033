"""The sandbox Graph server in a process of its own: `python -m tests.benchmarks.facebook_server WORLD`.

The line `serve` on standard input restarts it: each time with the same world, an empty call log and no
state of earlier calls, because a copy of this process (by fork) serves. Any other line stops it. Every
thread has been listed once before, because generating its texts is work that Facebook would do on its own
machines.
"""

import json
import os
import signal
import sys
import time
from email.message import Message
from urllib.parse import urlencode

from conversations.sandbox import Page, SandboxServer, World, seed_page
from conversations.sandbox.request import Request

from .graph_fields import FIELDS


def main(shape: dict[str, int]) -> None:
    world = World()
    for number in range(shape["pages"]):
        page = world.add_page(f"9000000000{number:05}", f"Shop {number}")
        seed_page(world, page, conversations=shape["conversations"], messages=shape["messages"], seed=number)
    sandbox = SandboxServer(world, port=free_port())
    for page in world.pages.values():
        list_once(sandbox, page)
    send({"url": sandbox.url, "pages": [describe(page) for page in world.pages.values()]})
    serve_on_demand(sandbox)


def describe(page: Page) -> dict[str, str]:
    return {"id": page.id, "name": page.name, "token": page.token}


def free_port() -> int:
    """Return a port that all copies use, because the address is part of every response."""
    with SandboxServer() as sandbox:
        return sandbox.port


def list_once(sandbox: SandboxServer, page: Page) -> None:
    headers = Message()
    headers["Authorization"] = f"Bearer {page.token}"
    headers["Host"] = f"{sandbox.host}:{sandbox.port}"
    params = {"fields": FIELDS, "limit": "100", "platform": "messenger"}
    sandbox.switches.updated_ms = "honoured"
    while True:
        target = f"/v26.0/{page.id}/conversations?{urlencode(params)}"
        response, _ = sandbox.answer(Request.read("GET", target, headers, headers["Host"]))
        paging = json.loads(response.body)["paging"]
        if "next" not in paging:
            return
        params["after"] = paging["cursors"]["after"]


def serve_on_demand(sandbox: SandboxServer) -> None:
    server_pid = 0
    for line in sys.stdin:
        if server_pid:
            os.kill(server_pid, signal.SIGKILL)
            os.waitpid(server_pid, 0)
            server_pid = 0
        if line.strip() == "serve":
            server_pid = os.fork()
            if not server_pid:
                serve(sandbox)
        else:
            send({})
    if server_pid:
        os.kill(server_pid, signal.SIGKILL)


def serve(sandbox: SandboxServer) -> None:
    parent = os.getppid()
    sandbox.call_log.clear()
    sandbox.start()
    send({})
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def send(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
