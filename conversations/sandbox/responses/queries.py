"""Renders the nodes and edges of one call, and counts the conversations and messages in it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.sandbox.data.history import ABSENT, Message
from conversations.sandbox.data.people import Token, User
from conversations.sandbox.data.world import Page, Poison, Thread, World
from conversations.sandbox.limits import Limits
from conversations.sandbox.request import Request
from conversations.sandbox.switches import Switches

from .error_responses import (
    GraphFailure,
    bad_parameter,
    message_gone,
    missing_permission,
    page_token_required,
)
from .fields import Field, parse_fields
from .fragments import Fragment, Fragments, dumper, is_lasting
from .nodes import DEFAULT_FIELDS, THREAD_VALUES, lay_over, message_value, page_value, select
from .paging import CursorBook, Edge, ListEdge, MessageEdge, ThreadEdge, cut, paging, read_limit

INSTAGRAM_WINDOW = 20
PERMISSIONS = {"messenger": "pages_messaging", "instagram": "instagram_manage_messages"}
Fields = tuple[Field, ...]
Arguments = dict[str, str]


def default_fields(node_type: str) -> Fields:
    return parse_fields(DEFAULT_FIELDS[node_type])


@dataclass
class Reading:
    request: Request
    token: Token
    world: World
    switches: Switches
    limits: Limits
    fragments: Fragments
    list_number: int = 0  # the number of this list answer in the sandbox; 0: not a list
    conversations: int = 0
    messages: int = 0

    # Conversations

    def conversations_edge(
        self, page: Page, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        if self.token.type != "PAGE":
            raise page_token_required(is_new_experience=page.has_new_experience)
        platform, folder = self.platform(page, arguments), self._folder(arguments)
        if self.switches.check_permissions and PERMISSIONS[platform] not in self.token.granted:
            raise missing_permission(platform)
        edge: Edge = ThreadEdge(page.listing(platform, folder), *self._bounds(arguments))
        if "user_id" in arguments:
            edge = self._with_person(edge, arguments["user_id"])
        self.weigh(self.limit(arguments), fields)
        name = "/".join((page.id, platform, folder, *map(str, self._bounds(arguments))))
        address = f"{page.id}/conversations"
        query_key = self._query_key(fields)
        return self._edge(
            edge, name, address, arguments, params, lambda thread: self._in_list(thread, fields, query_key)
        )

    def platform(self, page: Page, arguments: Arguments) -> str:
        platform = arguments.get("platform", "messenger").lower()
        if platform not in ("messenger", "instagram"):  # Facebook reports it like a missing permission
            raise GraphFailure(10, "(#10) Application does not have permission for this action")
        if platform not in page.faces:
            message = "(#100) No Instagram professional account is linked to this Page"
            raise GraphFailure(100, message, subcode=2534013)
        return platform

    def _folder(self, arguments: Arguments) -> str:
        folder = arguments.get("folder", "inbox").lower()
        if "folder" in arguments and folder not in self.switches.folders:
            raise bad_parameter(
                f"Param folder must be one of {{{', '.join(sorted(self.switches.folders)).upper()}}}"
            )
        return "inbox" if folder in self.switches.ignored_folders else folder

    def _bounds(self, arguments: Arguments) -> tuple[float | None, float | None]:
        """`updated_after_ms` and `updated_before_ms` as the half-open span of a ThreadEdge."""
        given = [arguments.get(name) for name in ("updated_after_ms", "updated_before_ms")]
        switches = self.switches
        if (
            given == [None, None]
            or switches.updated_ms == "ignored"
            or not self.request.is_version_at_least("v26.0")
        ):
            return None, None
        if switches.updated_ms == "refused" or not all(value is None or value.isdecimal() for value in given):
            raise bad_parameter("Invalid parameter: updated_after_ms, updated_before_ms")
        after, before = (None if value is None else int(value) / 1000 for value in given)
        if after is not None and not switches.updated_after_inclusive:
            after = math.nextafter(after, math.inf)
        if before is not None and switches.updated_before_inclusive:
            before = math.nextafter(before, math.inf)
        return after, before

    def _with_person(self, edge: Edge, person_id: str) -> Edge:
        threads = edge.items(0, len(edge))
        return ListEdge([t for t in threads if t.customer and t.customer.id == person_id][:1])

    def weigh(self, conversations: int, fields: Fields) -> None:
        for field in fields:
            if field.name == "messages":
                self.limits.weigh(conversations, self.limit(field.modifiers))

    def limit(self, arguments: Arguments) -> int:
        return read_limit(arguments.get("limit"), self.switches)

    def _query_key(self, fields: Fields) -> tuple[str, ...]:
        """Everything beside the thread that its JSON depends on."""
        request = self.request
        return (
            repr(fields),
            repr(self.switches),
            self.token.value,
            request.host,
            request.served_version,
            str(self.world.cursor_generation),
        )

    def _in_list(self, thread: Thread, fields: Fields, query_key: tuple[str, ...]) -> Any:
        if not is_lasting(thread):
            return self.thread(thread, fields)
        fragment = self.fragments.find(thread, query_key)
        if fragment:
            self.conversations += 1
            self.messages += fragment.messages
            return fragment
        before = self.messages
        shown, switches = self.thread(thread, fields), self.switches
        dump = dumper(escape_unicode=switches.escape_unicode, escape_slashes=switches.escape_slashes)
        fragment = Fragment(dump(shown), self.messages - before)
        self.fragments.keep(thread, query_key, fragment)
        return fragment

    def thread(self, thread: Thread, fields: Fields) -> Any:
        self.conversations += 1
        self._taste(thread.poison, "listed")
        shown = {}
        for field in fields:
            value = self._thread_value(thread, field)
            if value is not None:  # no data: the field is omitted, not null or empty
                shown[field.name] = value
        shown.setdefault("id", thread.id)
        return lay_over(shown, thread.raw, "UnifiedThread")

    def _thread_value(self, thread: Thread, field: Field) -> Any:
        if field.name == "messages":
            params = {**({"fields": field.text} if field.text else {}), "limit": "25", **field.modifiers}
            return self.messages_edge(thread, field.modifiers, field.fields, params)
        value_of = THREAD_VALUES.get(field.name)
        value = value_of(thread) if value_of else None
        return select(value, field.fields) if field.fields else value

    def _taste(self, poison: Poison | None, when: str) -> None:
        if poison and poison.when == when and self.world.clock.now() < poison.until:
            raise poison.failure.with_traceback(None)

    # Messages

    def messages_edge(
        self, thread: Thread, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        self._taste(thread.poison, "messages")
        fields = fields or default_fields("Message")
        edge = MessageEdge(thread.history)
        address = f"{thread.id}/messages"
        return self._edge(
            edge, address, address, arguments, params, lambda item: self._listed(thread, item, fields)
        )

    def _listed(self, thread: Thread, item: tuple[int, Message], fields: Fields) -> Any:
        position, message = item
        self.messages += 1
        readable = position < INSTAGRAM_WINDOW or thread.platform != "instagram"
        if readable or all(field.name in ("id", "created_time") for field in fields):
            return self.message(thread, message, fields)
        if self.switches.instagram_old_messages == "call fails":
            raise message_gone()
        return {"id": message.id} if self.switches.instagram_old_messages == "bare id" else ABSENT

    def message(self, thread: Thread, message: Message, fields: Fields) -> Any:
        shown = {}
        for field in fields:
            value = message_value(message, thread, field)
            if value is not None:
                shown[field.name] = value
        shown.setdefault("id", message.id)
        return lay_over(shown, message.raw, "Message")

    def single_message(self, thread: Thread, position: int, fields: Fields) -> Any:
        if thread.platform == "instagram" and position >= INSTAGRAM_WINDOW:
            raise message_gone()
        self.messages += 1
        return self.message(thread, thread.history.newest(position, position + 1)[0], fields)

    # Pages and users

    def page(self, page: Page, fields: Fields) -> dict[str, Any]:
        shown = {}
        for field in fields:
            if field.name == "conversations":
                params = {**({"fields": field.text} if field.text else {}), **field.modifiers}
                inner = field.fields or default_fields("UnifiedThread")
                value: Any = self.conversations_edge(page, field.modifiers, inner, params)
            else:
                value = page_value(
                    page, field.name, with_token=self.token.type == "USER" or page.id == self.token.holder_id
                )
                value = select(value, field.fields) if field.fields else value
            if value is not None:
                shown[field.name] = value
        return {**shown, "id": page.id}

    def accounts_edge(
        self, user: User, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        pages = (self.world.pages[id] for id in user.page_ids)
        edge = ListEdge([page for page in pages if not (page.is_gone or page.migrated_to)])
        fields = fields or parse_fields("access_token,category,name,id,tasks")
        address = f"{user.id}/accounts"
        return self._edge(edge, address, address, arguments, params, lambda page: self.page(page, fields))

    def user(self, user: User, fields: Fields) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for field in fields:
            if field.name == "accounts":
                params = {**({"fields": field.text} if field.text else {}), **field.modifiers}
                shown["accounts"] = self.accounts_edge(user, field.modifiers, field.fields, params)
            else:
                shown[field.name] = getattr(user, field.name)
        return {**shown, "id": user.id}

    # Any edge

    def _edge(
        self,
        edge: Edge,
        name: str,
        address: str,
        arguments: Arguments,
        params: Arguments,
        show: Callable[[Any], Any],
    ) -> dict[str, Any]:
        book = CursorBook(name, self.world.cursor_generation, self.switches)
        limit = self.limit(arguments)
        if self.list_number and arguments is self.request.params:
            limit = self._shortened(limit)
        part = cut(edge, arguments, book, limit)
        shown = (
            show(item) for item in edge.items(part.start, part.stop) if not getattr(item, "hidden", False)
        )
        data = [item for item in shown if item is not ABSENT]
        # Without salt an empty page would repeat the cursor that led to it.
        salt = self.list_number if part.start == part.stop else 0
        links = {"access_token": self.token.value, "pretty": "0", **params}
        return {"data": data, **paging(edge, part, book, self._url(address), links, salt)}

    def _shortened(self, limit: int) -> int:
        switches, number = self.switches, self.list_number
        if switches.empty_pages and number % switches.empty_pages == 0:
            return 0
        if switches.short_pages and number % switches.short_pages == 0:
            return max(1, limit // 2)
        return limit

    def _url(self, address: str) -> str:
        base = self.switches.next_url or f"http://{self.request.host}"
        return f"{base}/{self.request.served_version}/{address}"
