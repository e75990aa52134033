"""Conversations and batches as Graph sends them, as frozen structs with Graph's field names.

Any field may be missing, null, unknown or of another type; a record is created nevertheless. Only an item
without an ID becomes no record. Records must not be changed.
"""

from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct, field

from conversations.graph.coercion import as_count, as_dict, as_edge, as_id, as_text, as_time, without_paging
from conversations.graph.decoding import TypedConversation, decode, to_builtins
from conversations.graph.errors import GraphError
from conversations.graph.messages import Message
from conversations.graph.participants import Person, people_from_graph
from conversations.graph.readers.next_link import next_cursor

MAX_NESTED = 25  # Facebook was seen to nest no more messages, whatever is requested


class Requested(NamedTuple):
    """What was requested: `limit` messages of each conversation, and with `core` only documented fields."""

    limit: int | None = None
    core: bool = False


AS_USUAL = Requested()


class MessageBatch(Struct, frozen=True):
    """Messages of one thread, newest first. `after`: where the older ones begin, None if there are none.

    Inside a conversation `after` may be empty: there are older messages, but only the thread's own edge leads
    to them. `unreadable` counts the messages that have no content, `unreadable_ids` are the IDs of those that
    have one. `is_full`: as many came as were requested. `core`: only documented fields were requested.
    """

    messages: list[Message] = field(default_factory=list)
    after: str | None = None
    unreadable: int = 0
    unreadable_ids: tuple[str, ...] = ()
    is_full: bool = False
    core: bool = False

    @property
    def ids(self) -> list[str]:
        """The IDs of all messages, also of those without content."""
        return [*(message.id for message in self.messages), *self.unreadable_ids]

    @classmethod
    def from_graph(cls, raw: Any, requested: Requested = AS_USUAL) -> "MessageBatch":
        return cls._with_cursor(raw, next_cursor(raw), requested)

    @classmethod
    def nested(cls, raw: Any, requested: Requested) -> "MessageBatch | None":
        """Return the batch nested in a conversation. An error in it must not fail the other conversations."""
        if not isinstance(raw, dict) or not isinstance(raw.get("data"), list):
            return None
        try:
            return cls._with_cursor(raw, next_cursor(raw), requested)
        except GraphError:
            return cls._with_cursor(raw, "", requested)

    @classmethod
    def _with_cursor(cls, raw: Any, after: str | None, requested: Requested) -> "MessageBatch":
        items = as_edge(raw)
        messages = [Message.from_graph(item) for item in items]
        readable = list(filter(None, messages))
        pairs = zip(items, messages, strict=True)
        others = [item for item, message in pairs if message is None] if len(readable) < len(items) else []
        ids = tuple(filter(None, (as_id(as_dict(item).get("id")) for item in others)))
        limit = requested.limit
        is_full = limit is not None and len(items) >= min(limit, MAX_NESTED)
        return cls(readable, after, len(others), ids, is_full, requested.core)


class Conversation(Struct, frozen=True):
    id: str
    updated_time: datetime | None = None
    participants: list[Person] = field(default_factory=list)
    senders: list[Person] = field(default_factory=list)
    message_count: int | None = None
    unread_count: int | None = None
    snippet: str = ""
    can_reply: bool | None = None
    messages: MessageBatch | None = None  # None if the response does not contain messages
    problem: str = ""  # why its messages cannot be read
    # As received, including any paging.
    raw_record: dict | TypedConversation = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Conversation({self.id!r})"  # without what people wrote

    @property
    def raw(self) -> dict:
        """Everything that Graph sent, without any paging."""
        record = self.raw_record
        return without_paging(to_builtins(record) if isinstance(record, TypedConversation) else record)

    @classmethod
    def from_graph(cls, raw: Any, requested: Requested = AS_USUAL) -> "Conversation | None":
        """Return the record, or None without an ID."""
        if isinstance(raw, TypedConversation):
            return cls._from_typed(raw, requested)
        raw = as_dict(raw)
        graph_id = as_id(raw.get("id"))
        if not graph_id:
            return None
        can_reply = raw.get("can_reply")
        return cls(
            graph_id,
            as_time(raw.get("updated_time")),
            people_from_graph(raw.get("participants")),
            people_from_graph(raw.get("senders")),
            as_count(raw.get("message_count")),
            as_count(raw.get("unread_count")),
            as_text(raw.get("snippet")),
            can_reply if isinstance(can_reply, bool) else None,
            MessageBatch.nested(raw.get("messages"), requested),
            raw_record=raw,
        )

    @classmethod
    def _from_typed(cls, raw: TypedConversation, requested: Requested) -> "Conversation | None":
        if not raw.id:
            return None
        messages, participants, senders = raw.messages, bytes(raw.participants), bytes(raw.senders)
        people = people_from_graph(decode(participants))
        return cls(
            raw.id,
            as_time(raw.updated_time),
            people,
            people if senders == participants else people_from_graph(decode(senders)),
            as_count(raw.message_count),
            as_count(raw.unread_count),
            as_text(raw.snippet),
            raw.can_reply if isinstance(raw.can_reply, bool) else None,
            MessageBatch.nested({"data": messages.data, "paging": messages.paging}, requested)
            if messages
            else None,
            raw_record=raw,
        )


class ConversationBatch(Struct, frozen=True):
    """The conversations of one response, newest first. `after`: where the list goes on, None at its end.

    `total`: how many the list has within the requested bounds, if that was requested and Facebook says so.
    """

    conversations: list[Conversation]
    after: str | None = None
    without_id: int = 0  # items in the list that have no ID
    total: int | None = None

    @property
    def ids(self) -> list[str]:
        return [conversation.id for conversation in self.conversations]

    @classmethod
    def from_graph(cls, raw: Any, requested: Requested = AS_USUAL) -> "ConversationBatch":
        conversations = [Conversation.from_graph(item, requested) for item in as_edge(raw)]
        readable = [conversation for conversation in conversations if conversation]
        total = as_count(as_dict(as_dict(raw).get("summary")).get("total_count"))
        return cls(readable, next_cursor(raw), len(conversations) - len(readable), total)
