"""Control of a sandbox from another process: JSON under `/_sandbox/`, which is not in the call log."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from . import faults, refusals
from .call_log import CallLog
from .clock import WorldClock
from .data.visitors import Visitors
from .data.world import Page, Thread, World
from .limits import Limits
from .request import Answer
from .script import Script, ScriptedAnswer
from .send_api import send_faults
from .send_api.answering_customers import AnsweringCustomers
from .send_api.send_refusals import REFUSALS
from .send_api.send_switches import SendSwitches
from .switches import Latency, Switches
from .webhooks.sender import WebhookSender

Body = dict[str, Any]


class Sandbox(Protocol):
    """The parts of a sandbox that can be controlled."""

    world: World
    clock: WorldClock
    switches: Switches
    limits: Limits
    latency: Latency
    faults: faults.Faults
    script: Script
    call_log: CallLog
    webhooks: WebhookSender
    send: SendSwitches
    customers: AnsweringCustomers

    @property
    def visitors(self) -> Visitors: ...


FAULTS: dict[str, Callable[..., faults.Fault]] = {
    "graph_error": faults.graph_error,
    "unknown_error": faults.unknown_error,
    "unavailable": faults.unavailable,
    "reduce_data": faults.reduce_data,
    "token_error": faults.token_error,
    "permission_error": faults.permission_error,
    "html": faults.html,
    "text": faults.text,
    "redirect": faults.redirect,
    "oversized": faults.oversized,
    "deep": faults.deep,
    "headers": faults.headers,
    "odd_usage": faults.odd_usage,
    "drip": faults.drip,
    "slow": faults.slow,
    "hang": faults.hang,
    "reset": faults.reset,
    "truncated": faults.truncated,
    "cut_off": faults.cut_off,
    "instagram_timeout": refusals.instagram_timeout,
    "gateway_timeout": refusals.gateway_timeout,
    "doubtful_token_error": refusals.doubtful_token_error,
    "checkpoint": refusals.checkpoint,
    "two_factor": refusals.two_factor,
    "no_token": refusals.no_token,
    "app_off": refusals.app_off,
    "page_migrated": refusals.page_migrated,
    "page_gone": refusals.page_gone,
    "new_pages_experience": refusals.new_pages_experience,
    "thread_not_visible": refusals.thread_not_visible,
    "thread_refused": refusals.thread_refused,
    "legacy_envelope": refusals.legacy_envelope,
    "login_envelope": refusals.login_envelope,
    "refused": send_faults.refused,
    "answer_lost": send_faults.answer_lost,
    "error_although_sent": send_faults.error_although_sent,
    "not_sent": send_faults.not_sent,
    "sent_late": send_faults.sent_late,
    "sent_twice": send_faults.sent_twice,
    "without_message_id": send_faults.without_message_id,
}
THREAD_KEYS = ("unreachable", "owner_app_id", "is_standby", "can_reply", "unread_count")
EFFECT_KEYS = ("acts", "late_seconds", "copies")  # of any fault, for calls that send
ORDER_KEYS = ("times", "path", "platform", "page_id", "after", "above", "above_weight", "until")


def answer(sandbox: Sandbox, method: str, target: str, body: bytes) -> Answer:
    route = ROUTES.get((method, urlsplit(target).path.removeprefix("/_sandbox/")))
    if route is None:
        return _json({"error": "no such route", "routes": [" ".join(known) for known in ROUTES]}, 404)
    try:
        return _json(route(sandbox, json.loads(body or b"{}")))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        return _json({"error": f"{type(error).__name__}: {error}"}, 400)


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def health(sandbox: Sandbox, body: Body) -> Any:
    return {"ok": True, "pages": list(sandbox.world.pages)}


def state(sandbox: Sandbox, body: Body) -> Any:
    pages = [
        {
            "id": page.id,
            "name": page.name,
            "conversations": len(page.threads),
            "instagram_id": page.instagram_id,
        }
        for page in sandbox.world.pages.values()
    ]
    switches, send = (_values(each) for each in (sandbox.switches, sandbox.send))
    del switches["app_secret"]
    told = {"pages": pages, "now": sandbox.clock.now(), "calls": len(sandbox.call_log)}
    return {**told, "switches": switches, "send": send}


def _values(switches: Switches | SendSwitches) -> dict[str, Any]:
    return {name: sorted(v) if isinstance(v, set) else v for name, v in asdict(switches).items()}


def call_log(sandbox: Sandbox, body: Body) -> Any:
    return {"calls": [asdict(call) for call in sandbox.call_log.calls]}


def clear_call_log(sandbox: Sandbox, body: Body) -> Any:
    sandbox.call_log.clear()
    return {"ok": True}


def add_fault(sandbox: Sandbox, body: Body) -> Any:
    """`{"fault": "graph_error", "code": 190, "subcode": 463, "times": 2, "path": "/conversations"}`

    `{"fault": "html", "path": "/messages", "acts": true}`: a message is sent nevertheless."""
    order = {key: body.pop(key) for key in ORDER_KEYS if key in body}
    effect = {key: body.pop(key) for key in EFFECT_KEYS if key in body}
    sandbox.faults.add(replace(FAULTS[body.pop("fault")](**body), **effect), **order)
    return {"ok": True}


def cut_connections(sandbox: Sandbox, body: Body) -> Any:
    """`{"connections": 2}`: the next ones are reset before anything of a call is read."""
    sandbox.faults.cut(int(body["connections"]))
    return {"ok": True}


def clear_faults(sandbox: Sandbox, body: Body) -> Any:
    sandbox.faults.clear()
    return {"ok": True}


def add_script(sandbox: Sandbox, body: Body) -> Any:
    """`{"call": "/t_1/messages?after=*", "answers": [{"body": {…}, "status": 400}], "times": 1}`"""
    answers = [ScriptedAnswer(**answer) for answer in body["answers"]]
    sandbox.script.add(body["call"], *answers, times=body.get("times"))
    return {"ok": True}


def clear_script(sandbox: Sandbox, body: Body) -> Any:
    sandbox.script.clear()
    return {"ok": True}


def add_message(sandbox: Sandbox, body: Body) -> Any:
    """Add to `"thread": "t_…"`, or from `"customer": "Name"`, who is a new one if nobody has this name."""
    page = _page(sandbox, body.pop("page_id", None))
    with sandbox.world.lock:
        thread = _thread(sandbox, page, body)
        message = sandbox.world.add_message(thread, body.pop("message", "Hello"), **body)
        thread.unread_count = 0 if thread.is_business(message.sender) else thread.unread_count + 1
    return {"thread": thread.id, "message": message.id}


def _thread(sandbox: Sandbox, page: Page, body: Body) -> Thread:
    if "thread" in body:
        return page.threads[body.pop("thread")]
    platform, name = body.pop("platform", "messenger"), body.pop("customer")
    known = (
        thread
        for thread in page.threads.values()
        if thread.platform == platform and thread.customer and thread.customer.name == name
    )
    return next(known, None) or sandbox.world.add_conversation(page, name, 0, platform=platform)


def _page(sandbox: Sandbox, page_id: str | None) -> Page:
    pages = sandbox.world.pages
    return pages[page_id or next(iter(pages), "")]


def set_values(sandbox: Sandbox, body: Body) -> Any:
    """`{"switches": {"updated_ms": "honoured"}, "limits": {"calls_per_second": 2}, "send": {…}}`"""
    for part, values in body.items():
        if part not in ("switches", "limits", "latency", "webhooks", "send"):
            raise KeyError(part)
        target = sandbox.webhooks.options if part == "webhooks" else getattr(sandbox, part)
        for name, value in values.items():
            before = getattr(target, name)
            setattr(target, name, set(value) if isinstance(before, set) else value)
    return {"ok": True}


def send_webhooks(sandbox: Sandbox, body: Body) -> Any:
    """`{"callback_url": "http://…/webhooks/facebook"}`: send to this address, without its verification."""
    sandbox.webhooks.subscribe_app(body["callback_url"])
    sandbox.webhooks.start()
    return {"ok": True}


def set_visitors(sandbox: Sandbox, body: Body) -> Any:
    """`{"seconds": 4}`: after each of these pauses somebody writes to the Page; 0: nobody does."""
    sandbox.visitors.stop()
    if body["seconds"]:
        sandbox.visitors.start(float(body["seconds"]))
    return {"ok": True}


def set_customers(sandbox: Sandbox, body: Body) -> Any:
    """`{"seconds": 6}`: who gets a message reads it and answers after this time; 0: nobody does."""
    sandbox.customers.stop()
    if body["seconds"]:
        sandbox.customers.start(float(body["seconds"]))
    return {"ok": True}


def set_thread(sandbox: Sandbox, body: Body) -> Any:
    """`{"customer": "Ana Adams", "unreachable": "blocked"}`, or THREAD_KEYS; null ends it."""
    page = _page(sandbox, body.pop("page_id", None))
    with sandbox.world.lock:
        thread = _thread(sandbox, page, body)
        for name, value in body.items():
            if name not in THREAD_KEYS or (name == "unreachable" and value not in (None, *REFUSALS)):
                raise KeyError(f"{name}: {value}")
            setattr(thread, name, value)
    return {"thread": thread.id}


def set_page(sandbox: Sandbox, body: Body) -> Any:
    """`{"send_refusal": "restricted"}`: the Page may not send; null: it may."""
    page = _page(sandbox, body.pop("page_id", None))
    if body["send_refusal"] not in (None, *REFUSALS):
        raise KeyError(body["send_refusal"])
    page.send_refusal = body["send_refusal"]
    return {"page": page.id}


def advance(sandbox: Sandbox, body: Body) -> Any:
    sandbox.clock.advance(float(body["seconds"]))
    return {"now": sandbox.clock.now()}


ROUTES: dict[tuple[str, str], Callable[[Sandbox, Body], Any]] = {
    ("GET", "health"): health,
    ("GET", "state"): state,
    ("GET", "ledger"): call_log,
    ("DELETE", "ledger"): clear_call_log,
    ("POST", "fault"): add_fault,
    ("DELETE", "fault"): clear_faults,
    ("POST", "script"): add_script,
    ("DELETE", "script"): clear_script,
    ("POST", "message"): add_message,
    ("POST", "set"): set_values,
    ("POST", "webhooks"): send_webhooks,
    ("POST", "visitors"): set_visitors,
    ("POST", "customers"): set_customers,
    ("POST", "thread"): set_thread,
    ("POST", "page"): set_page,
    ("POST", "cut"): cut_connections,
    ("POST", "clock"): advance,
}
