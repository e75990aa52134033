"""The sandbox Graph server in a process of its own: `python -m tests.benchmarks.facebook_server WORLD`.

`serve` on standard input begins it anew: each time with the same world, an empty ledger and no memory of
earlier calls, for it is a copy of this process (by fork) that serves. Every thread was listed once before:
making its texts is work that Facebook would do on machines of its own. `end` ends it.
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

from .question import FIELDS


def main(shape: dict[str, int]) -> None:
    world = World()
    for number in range(shape["pages"]):
        page = world.add_page(f"9000000000{number:05}", f"Shop {number}")
        seed_page(world, page, conversations=shape["conversations"], messages=shape["messages"], seed=number)
    sandbox = SandboxServer(world, port=free_port())
    for page in world.pages.values():
        list_once(sandbox, page)
    say({"url": sandbox.url, "pages": [vars_of(page) for page in world.pages.values()]})
    serve_on_demand(sandbox)


def vars_of(page: Page) -> dict[str, str]:
    return {"id": page.id, "name": page.name, "token": page.token}


def free_port() -> int:
    """The copies all serve there: the address is part of every answer."""
    with SandboxServer() as finding:
        return finding.port


def list_once(sandbox: SandboxServer, page: Page) -> None:
    headers = Message()
    headers["Authorization"] = f"Bearer {page.token}"
    headers["Host"] = f"{sandbox.host}:{sandbox.port}"
    params = {"fields": FIELDS, "limit": "100", "platform": "messenger"}
    sandbox.switches.updated_ms = "honoured"
    while True:
        target = f"/v26.0/{page.id}/conversations?{urlencode(params)}"
        answer, _ = sandbox.answer(Request.read("GET", target, headers, headers["Host"]))
        paging = json.loads(answer.body)["paging"]
        if "next" not in paging:
            return
        params["after"] = paging["cursors"]["after"]


def serve_on_demand(sandbox: SandboxServer) -> None:
    serving = 0
    for line in sys.stdin:
        if serving:
            os.kill(serving, signal.SIGKILL)
            os.waitpid(serving, 0)
            serving = 0
        if line.strip() == "serve":
            serving = os.fork()
            if not serving:
                serve(sandbox)
        else:
            say({})
    if serving:
        os.kill(serving, signal.SIGKILL)


def serve(sandbox: SandboxServer) -> None:
    parent = os.getppid()
    sandbox.ledger.clear()
    sandbox.start()
    say({})
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
