"""One message as Graph sends it. A response has thousands, so the usual shape takes a fast path."""

import json
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from conversations.graph.coercion import (
    EPOCH,
    as_dict,
    as_edge,
    as_id,
    as_text,
    as_time,
    to_json_text,
    without_paging,
)
from conversations.graph.decoding import TypedMessage, decode, to_builtins
from conversations.graph.participants import Person, people_from_graph

GRAPH_TIME = "%Y-%m-%dT%H:%M:%S+0000"
ISO_TIME_LENGTH = len("2026-11-20T10:38:15+0000")
EDGES = ("attachments", "shares", "reactions")  # lists of a message that may continue behind a cursor
NO_STATE: dict[str, Any] = {}  # shared: nobody changes it
RARE_FIELDS = ("shares", "sticker", "reactions", "reply_to", "story", "is_unsupported")
HEADER_FIELDS = ("from", "to", "tags")


class MessageHeader(Struct, frozen=True, gc=False):
    """The HEADER_FIELDS of a message as JSON, which many messages of a thread have in common.

    `key` is a digest of the JSON; 0: there are none.
    """

    key: int
    json: str

    @classmethod
    def of(cls, members: str) -> "MessageHeader":
        """Return the header of these members, as JSON."""
        if members == "{}":
            return NO_HEADER
        digest = blake2b(members.encode(), digest_size=8).digest()
        return cls(int.from_bytes(digest, signed=True), members)


NO_HEADER = MessageHeader(0, "{}")


class Message(Struct, gc=False):
    id: str
    created_time: datetime | None = None
    from_: Person | None = None
    message: str = ""
    attachments: list[dict] = []
    to: list[Person] = []
    # Every other field as received, without any paging (coercion.to_json_text). `cut` names the EDGES of
    # which Facebook has more items than it sent. With a header, it has neither the fields of the header nor
    # `created_time`, unless that is written in another way than GRAPH_TIME.
    rest_json: str = "{}"
    header: MessageHeader | None = None
    state: dict = {}  # the RARE_FIELDS that it has, and `cut`
    iso_time: str = ""  # created_time as received, if it is ISO 8601 in UTC: formatting it again is slow

    @property
    def rest(self) -> dict:
        """Every field but ID, text and attachments, as received."""
        rest = json.loads(self.rest_json)
        if self.header is None or self.created_time is None:
            return rest
        return json.loads(self.header.json) | {"created_time": f"{self.created_time:{GRAPH_TIME}}"} | rest

    @classmethod
    def from_graph(cls, raw: Any) -> "Message | None":
        """Return None without an ID, or with nothing else, as Instagram shows messages beyond its limit."""
        if isinstance(raw, TypedMessage):
            return _from_typed(raw) or cls.from_graph(to_builtins(raw))
        message_id = as_id(raw.get("id")) if type(raw) is dict else ""
        created_time = as_time(raw.get("created_time")) if message_id else None
        if not message_id or (created_time is None and _is_bare(raw)):
            return None
        rest = raw.copy()
        del rest["id"]
        text, attachments = rest.pop("message", ""), rest.pop("attachments", None)
        if cut := _cut_edges(raw):
            rest["cut"] = cut
        state = {name: rest[name] for name in (*RARE_FIELDS, "cut") if name in rest}
        header = _split_header(rest, created_time)
        return cls(
            message_id,
            created_time,
            Person.from_graph(raw.get("from")),
            as_text(text),
            _attachments(attachments),
            people_from_graph(raw.get("to")),
            to_json_text(rest),
            header,
            state,
        )


def _from_typed(raw: TypedMessage) -> Message | None:
    """The fast path. Return None if something is unusual."""
    when, attachments = raw.created_time, raw.attachments
    if len(when) != ISO_TIME_LENGTH or not raw.id or not _is_graph_time(when):
        return None
    try:
        created_time = datetime.fromisoformat(when)
    except ValueError:
        return None
    if created_time <= EPOCH or ((attachments or raw.shares or raw.reactions) and _may_be_cut(raw)):
        return None
    person, recipients, header = _people(bytes(raw.from_), bytes(raw.to), bytes(raw.tags))
    rest_json, state = "{}", NO_STATE
    if raw.shares or raw.sticker or raw.reactions or raw.reply_to or raw.story or raw.is_unsupported:
        rest_json, state = _rare_fields(raw)
    return Message(
        raw.id,
        created_time,
        person,
        raw.message or "",
        _attachments(decode(bytes(attachments))) if attachments else [],
        recipients,
        rest_json,
        header,
        state,
        when,
    )


def _is_graph_time(when: str) -> bool:
    """Whether a time that Python reads is written as GRAPH_TIME. Python also reads days of a week."""
    return when[4:20:3] == "--T::+" and when[20:] == "0000"


def _split_header(rest: dict, created_time: datetime | None) -> MessageHeader | None:
    """Move the fields of the header out of the other ones, and remove `created_time` if it is as usual."""
    if created_time is None:
        return None
    header = {name: rest.pop(name) for name in HEADER_FIELDS if name in rest}
    if rest["created_time"] == f"{created_time:{GRAPH_TIME}}":
        del rest["created_time"]
    return MessageHeader.of(to_json_text(header))


@lru_cache(10_000)
def _people(
    sender: bytes, recipients: bytes, tags: bytes
) -> tuple[Person | None, list[Person], MessageHeader]:
    """Return the people of a message and its header."""
    person, from_json = _sender(sender)
    people, to_json = _recipients(recipients)
    return person, people, MessageHeader.of(f"{{{(from_json + to_json + _tags(tags))[1:]}}}")


@lru_cache(10_000)
def _sender(raw: bytes) -> tuple[Person | None, str]:
    value = decode(raw)
    return Person.from_graph(value), _field("from", raw, value)


@lru_cache(10_000)
def _recipients(raw: bytes) -> tuple[list[Person], str]:
    value = decode(raw)
    return people_from_graph(value), _field("to", raw, value)


@lru_cache(1000)
def _tags(raw: bytes) -> str:
    return _field("tags", raw, decode(raw))


def _rare_fields(raw: TypedMessage) -> tuple[str, dict]:
    """Return the fields as JSON and as values."""
    received = {name: value for name in RARE_FIELDS if (value := bytes(getattr(raw, name)))}
    values = {name: decode(value) for name, value in received.items()}
    fields = "".join([_field(name, received[name], value) for name, value in values.items()])
    return f"{{{fields[1:]}}}", values


def _field(name: str, raw: bytes, value: Any) -> str:
    return f',"{name}":{to_json_text(value)}' if raw else ""


def _may_be_cut(raw: TypedMessage) -> bool:
    return any(b'"next"' in bytes(edge) for edge in (raw.attachments, raw.shares, raw.reactions))


def _is_bare(raw: dict) -> bool:
    """Return whether the message has nothing but its ID."""
    return all(value is None for key, value in raw.items() if key != "id")


def _cut_edges(raw: dict) -> list[str]:
    """Return the names of the message's lists that continue behind a cursor."""
    pages = ((name, as_dict(as_dict(raw.get(name)).get("paging"))) for name in EDGES)
    return [name for name, paging in pages if paging.get("next") is not None]


def _attachments(raw: Any) -> list[dict]:
    return [without_paging(item) for item in as_edge(raw) if type(item) is dict]
