"""A Graph server of our own: Facebook's side for the demo and the tests, independent of our client.

    world = World()
    page = world.add_page("900000000000001", "Demo Shop", "EAAsandbox", instagram_id="17841400000000001")
    seed_page(world, page, conversations=2000, seed=1)         # a realistic Page; or by hand:
    thread = world.add_conversation(page, "Ana Test", ["Hi!", {"message": "Hello Ana", "from_page": True}])
    hostile = world.add_conversation(page, messages=3, raw={"participants": None, "id": 12, "new": [1]})

    with SandboxServer(world) as sandbox:
        requests.get(f"{sandbox.url}/v26.0/me/conversations", params={"access_token": page.token})
        world.add_message(thread, "Are you open?")             # while it serves: the thread moves to the top
        sandbox.faults.add(faults.token_error(463), after=3, path="/conversations")    # the fourth call fails
        sandbox.faults.add(faults.reset(), times=2)
        sandbox.faults.add(refusals.instagram_timeout(), times=None, above=1)    # by size; more: refusals.py
        sandbox.faults.storm(0.1, seed=7)                      # any call, at random
        sandbox.script.add("/t_1/messages?after=*", {"data": []})      # word for word: script.py
        sandbox.limits.calls_per_second = 2                    # or calls_per_day, max_weight …: limits.py
        sandbox.switches.updated_ms = "honoured"               # all of them: switches.py
        requests.post(f"{sandbox.url}/v26.0/", data={"access_token": page.token, "batch": "[…]"})   # batch.py
        sandbox.latency.scale = 0.1                            # 0 by default
        sandbox.clock.fix("2026-11-20T18:00:00")               # then sandbox.clock.advance(3600)
        sandbox.webhooks.subscribe_app("http://127.0.0.1:8000/webhooks/facebook")     # webhooks/sender.py
        page.subscribed_fields = PAGE_FIELDS                   # then start(), or send_due()
        sandbox.send.echo = "before"                           # the Send API: send_api/send_switches.py
        sandbox.faults.add(send_faults.answer_lost(), path="/messages")    # send_api/send_faults.py
        assert len(sandbox.call_log.matching("/conversations", status=200)) == 1

`world.poison(thread)` makes a thread too large at any size, `world.break_token(page.token, 460)` breaks a
token, `world.migrate_page(page, new_id)` merges a Page, `world.edit_message(…)` changes a message,
`thread.endless = Endless()` never ends, `world.expire_cursors()` ages all cursors, `thread.hidden = True`
filters a thread out of its list; a raw value `ABSENT` leaves a field out. `truth(world)` yields what a
perfect copy contains. docs/sandbox.md tells more.

`manage.py sandbox` serves only a generated Page. Another process controls it with JSON:
GET /_sandbox/health, state, ledger; DELETE ledger, fault, script; POST fault, cut, script, message, thread,
page, set, clock, webhooks, visitors, customers (control.py).
"""

from . import faults, refusals
from .data import placeholders
from .data.endless import Endless
from .data.history import ABSENT, Message
from .data.people import Person
from .data.seed import seed_page
from .data.truth import truth
from .data.world import Page, Thread, World
from .responses.error_responses import REDUCE_DATA, GraphFailure
from .script import ScriptedAnswer
from .server import SandboxServer

__all__ = [
    "ABSENT",
    "REDUCE_DATA",
    "Endless",
    "GraphFailure",
    "Message",
    "Page",
    "Person",
    "SandboxServer",
    "ScriptedAnswer",
    "Thread",
    "World",
    "faults",
    "placeholders",
    "refusals",
    "seed_page",
    "truth",
]
