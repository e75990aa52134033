"""What Graph sends, as frozen dataclasses in Graph's own words.

Any field may be missing, null, new or of another type: a record is made all the same. Only a thing
without an id is none. One answer holds 2,500 messages and more: what is usual takes a short way, and what
Graph sent is kept as it came until somebody asks. Nobody may change a record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conversations.graph.errors import GraphError

BIGINT_MAX = 2**63 - 1
DEEPEST = 50  # levels of what we keep as it came; nothing that Facebook documents has ten


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str = ""

    @classmethod
    def from_graph(cls, raw: Any) -> "Person | None":
        if type(raw) is not dict:
            return None
        person_id, name = raw.get("id"), raw.get("name")
        if type(person_id) is not str:
            person_id = _id(person_id)
        if type(name) is not str or not name:
            name = _text(name) or _text(raw.get("username"))
        return _person(person_id, name) if person_id else None


@lru_cache(10_000)
def _person(person_id: str, name: str) -> Person:
    """The same few people write all the messages of an answer."""
    return Person(person_id, name)


@dataclass(slots=True)  # frozen costs as much as all the rest
class Message:
    id: str
    created_time: datetime | None = None
    from_: Person | None = None
    message: str = ""
    attachments: list[dict] = field(default_factory=list)
    came: dict = field(default_factory=dict, repr=False)  # every other field, with whatever paging is in it

    @property
    def to(self) -> list[Person]:
        return _people(self.came.get("to"))

    @property
    def rest(self) -> dict:
        """Every other field, as it came."""
        return without_paging(self.came)

    def rest_as(self, dump: Callable[[dict], str]) -> str:
        """`rest` as JSON by `dump`. Looking for a `paging` in what is written is quicker than in `came`."""
        text = dump(self.came)
        is_plain = '"paging"' not in text and text.count("{") + text.count("[") <= DEEPEST
        return text if is_plain else dump(self.rest)

    @classmethod
    def from_graph(cls, raw: Any) -> "Message | None":
        """None without an id, and with nothing else: so Instagram shows what it no longer lets us read."""
        message_id = _id(raw.get("id")) if type(raw) is dict else ""
        created_time = _time(raw.get("created_time")) if message_id else None
        if not message_id or (created_time is None and _is_bare(raw)):
            return None
        rest = raw.copy()
        del rest["id"]
        text, attachments = rest.pop("message", ""), rest.pop("attachments", None)
        return cls(
            message_id,
            created_time,
            Person.from_graph(raw["from"]) if "from" in raw else None,
            text if type(text) is str else _text(text),
            _attachments(attachments) if attachments else [],
            rest,
        )


@dataclass(frozen=True, slots=True)
class MessageBatch:
    """Messages of one thread, newest first; `after` leads to older ones, None: there are none.

    Inside a conversation it may be empty: there are older ones, and only the thread's edge leads to them.
    """

    messages: list[Message] = field(default_factory=list)
    after: str | None = None
    unreadable: int = 0

    @classmethod
    def from_graph(cls, raw: Any) -> "MessageBatch":
        return cls._with_cursor(raw, next_cursor(raw))

    @classmethod
    def nested(cls, raw: Any) -> "MessageBatch | None":
        """As it comes inside a conversation: what is odd here must not cost the others of the batch."""
        if not isinstance(raw, dict) or not isinstance(raw.get("data"), list):
            return None
        try:
            return cls._with_cursor(raw, next_cursor(raw))
        except GraphError:
            return cls._with_cursor(raw, "")

    @classmethod
    def _with_cursor(cls, raw: Any, after: str | None) -> "MessageBatch":
        messages = [Message.from_graph(item) for item in _edge(raw)]
        readable = [message for message in messages if message]
        return cls(readable, after, len(messages) - len(readable))


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    updated_time: datetime | None = None
    participants: list[Person] = field(default_factory=list)
    senders: list[Person] = field(default_factory=list)
    message_count: int | None = None
    unread_count: int | None = None
    snippet: str = ""
    can_reply: bool | None = None
    messages: MessageBatch | None = None  # None: the answer says nothing of messages
    problem: str = ""  # why its messages cannot be read, if so
    came: dict = field(default_factory=dict, repr=False)  # with whatever paging is in it

    @property
    def raw(self) -> dict:
        """Everything, as it came."""
        return without_paging(self.came)

    @classmethod
    def from_graph(cls, raw: Any) -> "Conversation | None":
        raw = _dict(raw)
        graph_id = _id(raw.get("id"))
        if not graph_id:
            return None
        can_reply = raw.get("can_reply")
        return cls(
            graph_id,
            _time(raw.get("updated_time")),
            _people(raw.get("participants")),
            _people(raw.get("senders")),
            _count(raw.get("message_count")),
            _count(raw.get("unread_count")),
            _text(raw.get("snippet")),
            can_reply if isinstance(can_reply, bool) else None,
            MessageBatch.nested(raw.get("messages")),
            came=raw,
        )


@dataclass(frozen=True, slots=True)
class ConversationBatch:
    """What one answer lists, newest first; `after` leads to the next, None: this was the end."""

    conversations: list[Conversation]
    after: str | None = None
    nameless: int = 0  # things in the list that had no id

    @classmethod
    def from_graph(cls, raw: Any) -> "ConversationBatch":
        conversations = [Conversation.from_graph(item) for item in _edge(raw)]
        readable = [conversation for conversation in conversations if conversation]
        return cls(readable, next_cursor(raw), len(conversations) - len(readable))


def next_cursor(raw: Any) -> str | None:
    """The cursor of the next call, None at the end.

    The end is where `paging.next` is absent, nowhere else: the last page has cursors too, and an empty
    page may have a `next` (developers.facebook.com/docs/graph-api/results). `next` itself is never
    called: it holds the token and may point anywhere.
    """
    paging = _dict(_dict(raw).get("paging"))
    if paging.get("next") is None:
        return None
    after = _text(_dict(paging.get("cursors")).get("after")) or _after_in(_text(paging["next"]))
    if not (after and after.isascii() and after.isprintable()):
        raise GraphError("Facebook says that the list goes on, but not where: it gave no cursor.")
    return after


def without_paging(value: Any, depth: int = DEEPEST) -> Any:
    """The value without any `paging`, whose links hold the access token, and without what lies too deep."""
    if isinstance(value, dict):
        return {
            key: without_paging(item, depth - 1) for key, item in value.items() if key != "paging" and depth
        }
    if isinstance(value, list):
        return [without_paging(item, depth - 1) for item in value if depth]
    return value


def _is_bare(raw: dict) -> bool:
    """Whether it says nothing but its id."""
    return all(value is None for key, value in raw.items() if key != "id")


def _attachments(raw: Any) -> list[dict]:
    return [without_paging(item) for item in _edge(raw) if type(item) is dict]


def _after_in(url: str) -> str:
    try:
        return parse_qs(urlsplit(url).query).get("after", [""])[0]
    except ValueError:
        return ""


def _people(raw: Any) -> list[Person]:
    people = []
    for item in _edge(raw):
        if person := Person.from_graph(item):
            people.append(person)  # noqa: PERF401 - a comprehension is slower for one or two
    return people


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _edge(value: Any) -> list:
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _id(value: Any) -> str:
    """Ids are text today and were numbers once."""
    return value if type(value) is str else _text(value) if isinstance(value, int) else ""


def _count(value: Any) -> int | None:
    """A number of things, or None where it was not told."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(number, 0), BIGINT_MAX) if not isinstance(value, bool) else None


def _time(value: Any) -> datetime | None:
    """Graph writes 2026-11-20T10:38:15+0000, always in UTC; seconds since 1970 are understood too."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
