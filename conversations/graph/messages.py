"""One message as Graph sends it. A response has thousands, so the usual shape takes a fast path."""

import json
from datetime import datetime
from functools import lru_cache
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

ISO_TIME_LENGTH = len("2026-11-20T10:38:15+0000")
EDGES = ("attachments", "shares", "reactions")  # lists of a message that may continue behind a cursor
NO_STATE: dict[str, Any] = {}  # shared: nobody changes it
RARE_FIELDS = ("shares", "sticker", "reactions", "reply_to", "story", "is_unsupported")


class Message(Struct, gc=False):
    id: str
    created_time: datetime | None = None
    from_: Person | None = None
    message: str = ""
    attachments: list[dict] = []
    to: list[Person] = []
    # Every other field as received, without any paging (coercion.to_json_text). `cut` names the EDGES of
    # which Facebook has more items than it sent.
    rest_json: str = "{}"
    state: dict = {}  # the RARE_FIELDS that it has, and `cut`
    iso_time: str = ""  # created_time as received, if it is ISO 8601 in UTC: formatting it again is slow

    @property
    def rest(self) -> dict:
        return json.loads(self.rest_json)

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
        return cls(
            message_id,
            created_time,
            Person.from_graph(raw.get("from")),
            as_text(text),
            _attachments(attachments),
            people_from_graph(raw.get("to")),
            to_json_text(rest),
            state,
        )


def _from_typed(raw: TypedMessage) -> Message | None:
    """The fast path. Return None if something is unusual."""
    when, attachments = raw.created_time, raw.attachments
    if len(when) != ISO_TIME_LENGTH or when[10] != "T" or not when.endswith("+0000") or not raw.id:
        return None
    try:
        created_time = datetime.fromisoformat(when)
    except ValueError:
        return None
    if created_time <= EPOCH or ((attachments or raw.shares or raw.reactions) and _may_be_cut(raw)):
        return None
    person, from_json = _sender(bytes(raw.from_))
    recipients, to_json = _recipients(bytes(raw.to))
    more_json, state = _tags(bytes(raw.tags)), NO_STATE
    if raw.shares or raw.sticker or raw.reactions or raw.reply_to or raw.story or raw.is_unsupported:
        rare_json, state = _rare_fields(raw)
        more_json += rare_json
    return Message(
        raw.id,
        created_time,
        person,
        raw.message or "",
        _attachments(decode(bytes(attachments))) if attachments else [],
        recipients,
        f'{{"created_time":"{when}"{from_json}{to_json}{more_json}}}',
        state,
        when,
    )


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
    return "".join([_field(name, received[name], value) for name, value in values.items()]), values


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
