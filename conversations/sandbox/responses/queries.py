"""Renders the nodes and edges of one call, and counts the conversations and messages in it."""

from dataclasses import dataclass
from typing import Any

from conversations.sandbox.data.growth import add_newer_messages, add_older_messages, add_older_threads
from conversations.sandbox.data.history import ABSENT, Message
from conversations.sandbox.data.people import Token, User
from conversations.sandbox.data.world import Page, Poison, Thread, World
from conversations.sandbox.limits import Limits
from conversations.sandbox.request import Request
from conversations.sandbox.switches import Switches

from .arguments import Arguments, folder_of, platform_of, time_bounds
from .edges import EdgeQuery, EdgeReader
from .error_responses import message_gone, missing_permission, page_token_required
from .fields import Field, parse_fields
from .fragments import Fragment, Fragments, dumper, is_lasting
from .nodes import (
    DEFAULT_FIELDS,
    PART_EDGES,
    THREAD_VALUES,
    merge_raw,
    message_value,
    page_value,
    parts_of,
    select,
)
from .paging import Edge, ListEdge, MessageEdge, ThreadEdge
from .variations import reordered_people, reordered_seconds, written_time

INSTAGRAM_WINDOW = 20
VARYING = {"created_time", *PART_EDGES}
PERMISSIONS = {"messenger": "pages_messaging", "instagram": "instagram_manage_messages"}
Fields = tuple[Field, ...]


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
    edges: EdgeReader
    conversations: int = 0
    messages: int = 0

    # Conversations

    def conversations_edge(
        self, page: Page, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        if self.token.type != "PAGE":
            raise page_token_required(is_new_experience=page.has_new_experience)
        platform, folder = platform_of(page, arguments), folder_of(arguments, self.switches)
        bounds = time_bounds(arguments, self.request, self.switches)
        if self.switches.check_permissions and PERMISSIONS[platform] not in self.token.granted:
            raise missing_permission(platform)
        self.weigh(self.limit(arguments), fields)

        def make() -> Edge:
            edge = ThreadEdge(page.listing(platform, folder), *bounds)
            return self._with_person(edge, arguments["user_id"]) if "user_id" in arguments else edge

        query = EdgeQuery(
            make,
            "/".join((page.id, platform, folder, *map(str, bounds))),
            f"{page.id}/conversations",
            arguments,
            params,
            page.endless.get(platform) if folder == "inbox" and "user_id" not in arguments else None,
            lambda count: add_older_threads(self.world, page, platform, folder, count),
        )
        query_key = self._query_key(fields)
        return self.edges.read(query, lambda thread: self._in_list(thread, fields, query_key))

    def _with_person(self, edge: Edge, person_id: str) -> Edge:
        threads = edge.items(0, len(edge))
        return ListEdge([t for t in threads if t.customer and t.customer.id == person_id][:1])

    def weigh(self, conversations: int, fields: Fields) -> None:
        for field in fields:
            if field.name == "messages":
                self.limits.weigh(conversations, self.limit(field.modifiers))

    def limit(self, arguments: Arguments) -> int:
        return self.edges.limit(arguments)

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
        if self._is_hidden(thread):
            return ABSENT
        if not is_lasting(thread) or self.switches.differ_by_answer:
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

    def _is_hidden(self, thread: Thread) -> bool:
        has_role = thread.customer is not None and thread.customer.has_role
        return thread.hidden or (self.switches.standard_access and not has_role)

    def thread(self, thread: Thread, fields: Fields) -> Any:
        self.conversations += 1
        self._raise_if_poisoned(thread.poison, "listed")
        shown = {}
        for field in fields:
            value = self._thread_value(thread, field)
            if value is not None:  # no data: the field is omitted, not null or empty
                shown[field.name] = value
        shown.setdefault("id", thread.id)
        return merge_raw(shown, thread.raw, "UnifiedThread")

    def _thread_value(self, thread: Thread, field: Field) -> Any:
        if field.name == "messages":
            params = {**({"fields": field.text} if field.text else {}), "limit": "25", **field.modifiers}
            return self.messages_edge(thread, field.modifiers, field.fields, params)
        value_of = THREAD_VALUES.get(field.name)
        value = value_of(thread) if value_of else None
        if field.name == "updated_time":
            value = written_time(thread.updated_time, self.switches.time_format, thread.id)
        if field.name == "participants" and value:
            order, number = self.switches.participants_order, self.edges.list_number + thread.number
            value = reordered_people(value, order, number)
        return select(value, field.fields) if field.fields else value

    def _raise_if_poisoned(self, poison: Poison | None, when: str) -> None:
        if poison and poison.when == when and self.world.clock.now() < poison.until:
            raise poison.failure.with_traceback(None)

    # Messages

    def messages_edge(
        self, thread: Thread, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        self._raise_if_poisoned(thread.poison, "messages")
        fields = fields or default_fields("Message")
        if self.edges.is_own(arguments):
            add_newer_messages(self.world, thread)
        address = f"{thread.id}/messages"
        order, number = self.switches.same_second_order, self.edges.list_number
        query = EdgeQuery(
            lambda: MessageEdge(thread.history),
            address,
            address,
            arguments,
            params,
            thread.endless,
            lambda count: add_older_messages(self.world, thread, count),
            lambda items: reordered_seconds(items, order, number),
        )
        return self.edges.read(query, lambda item: self._listed(thread, item, fields))

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
            if field.name in VARYING:
                value = self._varying_value(message, thread, field)
            else:
                value = message_value(message, thread, field)
            if value is not None:
                shown[field.name] = value
        shown.setdefault("id", message.id)
        return merge_raw(shown, message.raw, "Message")

    def _varying_value(self, message: Message, thread: Thread, field: Field) -> Any:
        """The time in the form of the switches, or a list of parts that may continue behind a cursor."""
        if field.name == "created_time":
            return written_time(message.created_time, self.switches.time_format, message.id)
        parts = parts_of(message, field.name)
        if parts and len(parts) > self.limit(field.modifiers):
            params = {**({"fields": field.text} if field.text else {}), "limit": "25", **field.modifiers}
            return self.parts_edge(message, field.name, field.modifiers, field.fields, params)
        return message_value(message, thread, field)

    def message_part(self, thread: Thread, position: int, name: str, fields: Fields) -> dict[str, Any]:
        """An edge of a single message."""
        params = self.request.params
        message = self._readable(thread, position)
        return self.parts_edge(message, name, params, fields, params)

    def parts_edge(
        self, message: Message, name: str, arguments: Arguments, fields: Fields, params: Arguments
    ) -> dict[str, Any]:
        """The attachments, shares or reactions of a message."""
        address, parts = f"{message.id}/{name}", parts_of(message, name)
        query = EdgeQuery(lambda: ListEdge(parts), address, address, arguments, params)
        return self.edges.read(query, lambda part: select(part, fields) if fields else part)

    def single_message(self, thread: Thread, position: int, fields: Fields) -> Any:
        return self.message(thread, self._readable(thread, position), fields)

    def _readable(self, thread: Thread, position: int) -> Message:
        if thread.platform == "instagram" and position >= INSTAGRAM_WINDOW:
            raise message_gone()
        self.messages += 1
        return thread.history.newest(position, position + 1)[0]

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
        shown = [page for page in pages if not (page.is_gone or page.migrated_to)]
        fields = fields or parse_fields("access_token,category,name,id,tasks")
        address = f"{user.id}/accounts"
        query = EdgeQuery(lambda: ListEdge(shown), address, address, arguments, params)
        return self.edges.read(query, lambda page: self.page(page, fields))

    def user(self, user: User, fields: Fields) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for field in fields:
            if field.name == "accounts":
                params = {**({"fields": field.text} if field.text else {}), **field.modifiers}
                shown["accounts"] = self.accounts_edge(user, field.modifiers, field.fields, params)
            else:
                shown[field.name] = getattr(user, field.name)
        return {**shown, "id": user.id}
