"""One message as Graph sends it. There are thousands in an answer: what is usual takes a short way."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct

from conversations.graph.answers import TypedMessage, as_it_came, parsed
from conversations.graph.people import Person, people
from conversations.graph.values import as_edge, as_id, as_text, as_time, kept_json, without_paging

USUAL_TIME = len("2026-11-20T10:38:15+0000")
RARE = ("shares", "sticker", "reactions", "reply_to", "story", "is_unsupported")


class Message(Struct):
    id: str
    created_time: datetime | None = None
    from_: Person | None = None
    message: str = ""
    attachments: list[dict] = []
    to: list[Person] = []
    rest_json: str = "{}"  # every other field as it came, in one line, but for any paging (values.kept_json)
    iso_time: str = ""  # created_time as it came, where that is ISO 8601: writing it anew takes its time, too

    @property
    def rest(self) -> dict:
        return json.loads(self.rest_json)

    @classmethod
    def from_graph(cls, raw: Any) -> "Message | None":
        """None without an id, and with nothing else: so Instagram shows what it no longer lets us read."""
        if isinstance(raw, TypedMessage):
            return cls._usual(raw) or cls.from_graph(as_it_came(raw))
        message_id = as_id(raw.get("id")) if type(raw) is dict else ""
        created_time = as_time(raw.get("created_time")) if message_id else None
        if not message_id or (created_time is None and _is_bare(raw)):
            return None
        rest = raw.copy()
        del rest["id"]
        text, attachments = rest.pop("message", ""), rest.pop("attachments", None)
        return cls(
            message_id,
            created_time,
            Person.from_graph(raw.get("from")),
            as_text(text),
            _attachments(attachments),
            people(raw.get("to")),
            kept_json(rest),
        )

    @classmethod
    def _usual(cls, raw: TypedMessage) -> "Message | None":
        """There are thousands in an answer, by a few people, with the same few tags."""
        when = raw.created_time
        created_time = as_time(when) if len(when) == USUAL_TIME and when[10] == "T" else None
        if created_time is None or not raw.id:
            return None
        person, from_json = _writer(bytes(raw.from_))
        readers, to_json = _readers(bytes(raw.to))
        others = _tags(bytes(raw.tags))
        if raw.shares or raw.sticker or raw.reactions or raw.reply_to or raw.story or raw.is_unsupported:
            others += _rare(raw)
        rest = f'{{"created_time":"{when}"{from_json}{to_json}{others}}}'
        attachments = _attachments(parsed(bytes(raw.attachments))) if raw.attachments else []
        # Other zones only as we write them: PostgreSQL knows none beyond sixteen hours.
        iso_time = when if when.endswith("+0000") else ""
        return cls(raw.id, created_time, person, raw.message or "", attachments, readers, rest, iso_time)


# -- parts of many messages: what they say, and what they are as a field of the rest -------------------------
@lru_cache(10_000)
def _writer(raw: bytes) -> tuple[Person | None, str]:
    value = parsed(raw)
    return Person.from_graph(value), _field("from", raw, value)


@lru_cache(10_000)
def _readers(raw: bytes) -> tuple[list[Person], str]:
    value = parsed(raw)
    return people(value), _field("to", raw, value)


@lru_cache(1000)
def _tags(raw: bytes) -> str:
    return _field("tags", raw, parsed(raw))


def _rare(raw: TypedMessage) -> str:
    fields = ((name, bytes(getattr(raw, name))) for name in RARE)
    return "".join([_field(name, value, parsed(value)) for name, value in fields if value])


def _field(name: str, raw: bytes, value: Any) -> str:
    return f',"{name}":{kept_json(value)}' if raw else ""


def _is_bare(raw: dict) -> bool:
    """Whether it says nothing but its id."""
    return all(value is None for key, value in raw.items() if key != "id")


def _attachments(raw: Any) -> list[dict]:
    return [without_paging(item) for item in as_edge(raw) if type(item) is dict]
