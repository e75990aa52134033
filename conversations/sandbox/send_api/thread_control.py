"""Which app may answer in a thread: /{page}/thread_owner and the calls that change it."""

import json
from typing import Any

from conversations.sandbox.data.world import Thread
from conversations.sandbox.request import Request
from conversations.sandbox.responses.error_responses import GraphFailure, bad_parameter
from conversations.sandbox.switches import Switches

from .send_refusals import refusal
from .send_switches import SendSwitches


class ThreadControl:
    def __init__(self, switches: Switches, send: SendSwitches) -> None:
        self._switches, self._send = switches, send

    def owner_of(self, thread: Thread, now: float) -> str | None:
        """Return the ID of the app that answers in the thread; None: any may."""
        return thread.owner_app_id if now < thread.owned_until else None

    def check(self, thread: Thread, now: float) -> None:
        """Raise the platform's refusal where another app answers."""
        if self.owner_of(thread, now) not in (None, self._switches.app_id):
            raise self._not_owner(thread)

    def _not_owner(self, thread: Thread) -> GraphFailure:
        if thread.platform == "instagram":
            return refusal("instagram thread of another app")
        has_code = self._send.owner_code == 10
        return refusal("owned by another app" if has_code else "owned by another app, alone")

    def answer(self, edge: str, request: Request, thread: Thread, now: float) -> dict[str, Any]:
        if edge == "thread_owner":
            owner = self.owner_of(thread, now)
            return {"data": [{"thread_owner": {"app_id": owner}}] if owner else []}
        if edge == "take_thread_control":
            if self._send.take_control == "refused":
                raise refusal("no receiver")
            self._give(thread, self._switches.app_id)
        elif edge != "request_thread_control":  # its owner decides, and no answer comes here
            self._change(edge, request, thread, now)
        return {"success": True}

    def _change(self, edge: str, request: Request, thread: Thread, now: float) -> None:
        self.check(thread, now)
        if edge == "pass_thread_control":
            self._give(thread, _required(request, "target_app_id"))
        elif edge == "release_thread_control":
            self._give(thread, None)
        else:
            seconds = _required(request, "duration")
            if not seconds.isdecimal():
                raise bad_parameter("param duration must be an integer.")
            thread.owned_until = now + int(seconds)

    def _give(self, thread: Thread, app_id: str | None) -> None:
        thread.owner_app_id, thread.owned_until = app_id, float("inf")
        thread.is_standby = app_id not in (None, self._switches.app_id)


def _required(request: Request, name: str) -> str:
    value = request.params.get(name, "")
    if not value:
        raise bad_parameter(f"The parameter {name} is required.")
    return str(json.loads(value)) if value.startswith('"') else value
