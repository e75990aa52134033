"""Routing: from a call to the object that Graph answers."""

import itertools
from dataclasses import dataclass
from typing import Any

from conversations.sandbox.access import Node, admit, find_node
from conversations.sandbox.data.people import Person, Token, User
from conversations.sandbox.data.world import Page, Thread, World
from conversations.sandbox.limits import Limits, Subject
from conversations.sandbox.request import Request
from conversations.sandbox.send_api.edge_names import METHODS
from conversations.sandbox.switches import Switches
from conversations.sandbox.webhooks.subscribing import Subscriptions

from . import accounts, profiles
from .edges import EdgeReader
from .error_responses import GraphFailure, not_visible, unknown_field
from .fields import parse_fields
from .fragments import Fragments
from .nodes import check_fields
from .queries import Fields, Reading, default_fields

EDGES = {"Page": {"conversations": "UnifiedThread", "subscribed_apps": "Application",
                  **dict.fromkeys(METHODS, "Send")},
         "Profile": {},
         "UnifiedThread": {"messages": "Message"},
         "User": {"accounts": "Page", "permissions": "Permission"},
         "Message": {"attachments": "Attachment", "shares": "Share", "reactions": "Reaction"}}  # fmt: skip
EDGE_NAMES = {name for edges in EDGES.values() for name in edges}
MAX_IDS = 50
LISTS = ("conversations", "messages", *EDGES["Message"])


@dataclass(frozen=True)
class Target:
    """What a call is about: a node or one of its edges, already resolved and permitted."""

    token: Token
    node: Node
    edge: str | None

    @property
    def is_send(self) -> bool:
        """Whether the Send API answers."""
        return isinstance(self.node, Page) and self.edge in METHODS

    @property
    def node_type(self) -> str:
        kinds = {Page: "Page", User: "User", Thread: "UnifiedThread", tuple: "Message", Person: "Profile"}
        return kinds[type(self.node)]

    def subjects(self, params: dict[str, str]) -> list[Subject]:
        """The Pages and platforms whose call budgets this call counts against."""
        node = self.node
        if isinstance(node, Page):
            platform = params.get("platform", "messenger").lower()
            is_list = self.edge == "conversations" or "conversations" in params.get("fields", "")
            return [(node.id, platform)] if is_list else []
        if isinstance(node, User | Person):
            return []
        thread = node if isinstance(node, Thread) else node[0]
        return [(thread.page.id, thread.platform)]


@dataclass(frozen=True)
class Targets:
    """Several nodes, or one edge of each: `/?ids=a,b`. Each of them is a call for the limits."""

    targets: dict[str, Target]

    def subjects(self, params: dict[str, str]) -> list[Subject]:
        return [subject for target in self.targets.values() for subject in target.subjects(params)]


class Graph:
    def __init__(
        self, world: World, switches: Switches, limits: Limits, subscriptions: Subscriptions
    ) -> None:
        self.world, self.switches, self.limits = world, switches, limits
        self.subscriptions = subscriptions
        self.fragments = Fragments()
        self._lists = itertools.count(1)

    def target(self, request: Request) -> Target | Targets:
        path = request.path.strip("/")
        if "ids" not in request.params or request.method != "GET" or (path and path not in EDGE_NAMES):
            return self._target(request, path)
        ids = [id for id in request.params["ids"].split(",") if id]
        if not ids:
            raise GraphFailure(2500, "Cannot specify an empty identifier")
        if len(ids) > MAX_IDS:
            raise GraphFailure(100, f"Too many IDs. Maximum: {MAX_IDS}. Provided: {len(ids)}.")
        return Targets({id: self._target(request, f"{id}/{path}".rstrip("/")) for id in ids})

    def _target(self, request: Request, path: str) -> Target:
        token = admit(request, self.world, self.switches)
        node_id, *rest = path.split("/")
        if len(rest) > 1:
            raise GraphFailure(2500, f"Unknown path components: /{'/'.join(rest[1:])}")
        edge, method = rest[0] if rest else None, request.method
        if method != "GET" and edge != "subscribed_apps" and METHODS.get(edge or "") != method:
            raise not_visible(node_id, method.lower())
        target = Target(token, find_node(node_id, token, self.world), edge)
        if edge and edge not in EDGES[target.node_type]:
            raise unknown_field(edge, target.node_type)
        is_about_page = isinstance(target.node, Page)
        if (method != "GET" and not is_about_page) or (target.is_send and METHODS[edge or ""] != method):
            raise not_visible(node_id, method.lower())
        return target

    def holder(self, request: Request) -> Target:
        """The conversations of the token's Page, or the token's user: whose budget a scripted call uses."""
        token = admit(request, self.world, self.switches)
        node = find_node("me", token, self.world)
        return Target(token, node, "conversations" if isinstance(node, Page) else None)

    def read(self, request: Request, target: Target | Targets) -> tuple[Any, Reading]:
        """The body of the answer, and what it contains."""
        first = next(iter(target.targets.values())) if isinstance(target, Targets) else target
        number = next(self._lists) if first.edge in LISTS else 0
        edges = EdgeReader(request, first.token, self.world, self.switches, number)
        reading = Reading(request, first.token, self.world, self.switches, self.limits, self.fragments, edges)
        with self.world.lock:
            if isinstance(target, Targets):
                return {id: self._body(reading, one) for id, one in target.targets.items()}, reading
            return self._body(reading, target), reading

    def _body(self, reading: Reading, target: Target) -> Any:
        return self._edge(reading, target) if target.edge else self._node(reading, target)

    def _edge(self, reading: Reading, target: Target) -> Any:
        node, params = target.node, reading.request.params
        if target.edge == "subscribed_apps" and isinstance(node, Page):
            return self.subscriptions.subscribed_apps(reading.request, target.token, node)
        if isinstance(node, Page) and target.is_send:  # one edge of several nodes
            raise not_visible(node.id)
        if target.edge == "permissions":
            return accounts.permissions(target.token)
        child = EDGES[target.node_type][target.edge or ""]
        given = self._fields(params, child)
        if isinstance(node, Page):
            return reading.conversations_edge(node, params, given or default_fields(child), params)
        if isinstance(node, User):
            return reading.accounts_edge(node, params, given, params)
        if isinstance(node, tuple):
            return reading.message_part(*node, target.edge or "", given)
        if isinstance(node, Person):
            raise unknown_field(target.edge or "", "Profile")
        self.limits.weigh(1, reading.limit(params))
        return reading.messages_edge(node, params, given, params)

    def _node(self, reading: Reading, target: Target) -> Any:
        node = target.node
        fields = self._fields(reading.request.params, target.node_type) or default_fields(target.node_type)
        if isinstance(node, Page):
            return reading.page(node, fields)
        if isinstance(node, User):
            return reading.user(node, fields)
        if isinstance(node, Person):
            return profiles.profile(node, fields, self.switches)
        if isinstance(node, Thread):
            reading.weigh(1, fields)
            return reading.thread(node, fields)
        return reading.single_message(*node, fields)

    def _fields(self, params: dict[str, str], node_type: str) -> Fields:
        if not params.get("fields"):
            return ()
        fields = parse_fields(params["fields"])
        switches = self.switches
        check_fields(fields, node_type, switches.refused_fields, named=switches.name_refused_fields)
        return fields
