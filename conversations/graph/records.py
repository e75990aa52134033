"""What Graph sends, as frozen dataclasses in Graph's own words.

Any field may be missing, null, new or of another type: a record is made all the same. Only a thing
without an id is none. Nobody may change a record.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conversations.graph.answers import TypedConversation, as_it_came, parsed
from conversations.graph.errors import GraphError
from conversations.graph.messages import Message
from conversations.graph.people import Person, people
from conversations.graph.values import as_count, as_dict, as_edge, as_id, as_text, as_time, without_paging


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
        messages = [Message.from_graph(item) for item in as_edge(raw)]
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
    came: dict | TypedConversation = field(default_factory=dict, repr=False)  # with whatever paging is in it

    @property
    def raw(self) -> dict:
        """Everything, as it came."""
        came = self.came
        return without_paging(as_it_came(came) if isinstance(came, TypedConversation) else came)

    @classmethod
    def from_graph(cls, raw: Any) -> "Conversation | None":
        if isinstance(raw, TypedConversation):
            return cls._usual(raw)
        raw = as_dict(raw)
        graph_id = as_id(raw.get("id"))
        if not graph_id:
            return None
        can_reply = raw.get("can_reply")
        return cls(
            graph_id,
            as_time(raw.get("updated_time")),
            people(raw.get("participants")),
            people(raw.get("senders")),
            as_count(raw.get("message_count")),
            as_count(raw.get("unread_count")),
            as_text(raw.get("snippet")),
            can_reply if isinstance(can_reply, bool) else None,
            MessageBatch.nested(raw.get("messages")),
            came=raw,
        )

    @classmethod
    def _usual(cls, raw: TypedConversation) -> "Conversation | None":
        if not raw.id:
            return None
        messages = raw.messages
        return cls(
            raw.id,
            as_time(raw.updated_time),
            people(parsed(bytes(raw.participants))),
            people(parsed(bytes(raw.senders))),
            as_count(raw.message_count),
            as_count(raw.unread_count),
            as_text(raw.snippet),
            raw.can_reply if isinstance(raw.can_reply, bool) else None,
            MessageBatch.nested({"data": messages.data, "paging": messages.paging}) if messages else None,
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
        conversations = [Conversation.from_graph(item) for item in as_edge(raw)]
        readable = [conversation for conversation in conversations if conversation]
        return cls(readable, next_cursor(raw), len(conversations) - len(readable))


def next_cursor(raw: Any) -> str | None:
    """The cursor of the next call, None at the end.

    The end is where `paging.next` is absent, nowhere else: the last page has cursors too, and an empty
    page may have a `next` (developers.facebook.com/docs/graph-api/results). `next` itself is never
    called: it holds the token and may point anywhere.
    """
    paging = as_dict(as_dict(raw).get("paging"))
    if paging.get("next") is None:
        return None
    after = as_text(as_dict(paging.get("cursors")).get("after")) or _after_in(as_text(paging["next"]))
    if not (after and after.isascii() and after.isprintable()):
        raise GraphError("Facebook says that the list goes on, but not where: it gave no cursor.")
    return after


def _after_in(url: str) -> str:
    try:
        return parse_qs(urlsplit(url).query).get("after", [""])[0]
    except ValueError:
        return ""
