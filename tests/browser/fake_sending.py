"""Plays the routes of sending in a tab, for what seldom happens."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Error, Route
from playwright.sync_api import Page as Tab

OF_CONVERSATION = re.compile(r"/api/conversations/(\d+)/messages$")
ONE = re.compile(r"/api/messages/(\d+)$")
OF_MESSAGE = re.compile(r"/api/messages/(\d+)/(\w+)$")
ROW = re.compile(r"/api/conversations/\d+$")


@dataclass
class FakeSending:
    """What was sent, and what becomes of it: the test changes `messages` and `reply`."""

    tab: Tab
    reply: dict[str, Any] = field(default_factory=lambda: {"state": "unknown", "until": None})
    messages: list[dict[str, Any]] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)  # bodies
    acts: list[tuple[int, str]] = field(default_factory=list)
    refusal: tuple[int, dict] | None = None

    def __post_init__(self) -> None:
        self.tab.route(OF_CONVERSATION, self.answer_messages)
        self.tab.route(OF_MESSAGE, self.answer_act)
        self.tab.route(ROW, self.answer_row)
        self.tab.route(ONE, self.answer_one)

    def answer_row(self, route: Route) -> None:
        if route.request.method != "GET":
            return route.continue_()
        with suppress(Error):  # the tab may be closed meanwhile
            response = route.fetch()
            body = response.json()
            if "conversation" in body:
                body["conversation"]["reply"] = self.reply
            route.fulfill(response=response, json=body)
        return None

    def answer_messages(self, route: Route) -> None:
        if route.request.method == "GET":
            return route.fulfill(json={"messages": self.messages[::-1]})
        if self.refusal:
            return route.fulfill(status=self.refusal[0], json=self.refusal[1])
        body = (route.request.post_data_buffer or b"").decode(errors="replace")
        self.posted.append(body)
        sent = json.loads(body) if body.startswith("{") else {}
        message = {
            "id": len(self.posted),
            "clientId": sent.get("clientId"),
            "state": "queued",
            "reason": None,
        }
        self.messages.append(message | {"event": None, "text": sent.get("text", "")})
        return route.fulfill(status=202, json={"message": self.messages[-1]})

    def answer_one(self, route: Route) -> None:
        """Those that are listed no longer were cancelled."""
        pk = int(route.request.url.rpartition("/")[2])
        route.fulfill(json={"message": {"id": pk, "state": "cancelled", "reason": None, "event": None}})

    def answer_act(self, route: Route) -> None:
        pk, act = OF_MESSAGE.search(route.request.url).groups()  # type: ignore[union-attr]  # the route has it
        self.acts.append((int(pk), act))
        [message] = [one for one in self.messages if one["id"] == int(pk)]
        message["state"] = "queued" if act == "retry" else "cancelled"
        self.messages = [one for one in self.messages if one["state"] != "cancelled"]
        route.fulfill(json={"message": message})

    def texts(self) -> list[str]:
        return [json.loads(body)["text"] for body in self.posted if body.startswith("{")]
