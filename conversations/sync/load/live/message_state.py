"""One message while changes are applied to it. The result does not depend on their order.

A change may come before its message, or for one that never comes. The message has a row then, without content
(`data.stub`), which the message fills as soon as a webhook or a sync shows it.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from conversations.models import InteractionEvent
from conversations.models.outbox import FROM_SEND
from conversations.sync.load.live.changes import Change, Deletion, Edit, Message, NewReferral, Reaction, Sent
from conversations.sync.load.states.references import CUSTOMER, PAGE

Kind = InteractionEvent.Kind
# In `data`: what only webhooks tell. A sync, which shows the rest of the message, keeps these.
KEPT = (
    "app_id",
    "edited",
    "edited_at",
    "metadata",
    "ms",
    "postback",
    "quick_reply",
    "referral",
    "reacted_at",
)
# `data.source` of a message that no sync has shown yet, or neither a sync nor a webhook. One that we have
# sent is known by Facebook's answer, which tells no time and no file.
FROM_WEBHOOK, FROM_ARCHIVE = "webhook", "archive"
# `data.time` of a message whose time Facebook has not told: another's stands for it, or that of our clock.
UNKNOWN, ASSUMED = "unknown", "assumed"

UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)


class MessageState(Struct):
    """The columns of an event. `pk` is None for a new one. `earlier` are texts that an edit replaced."""

    graph_id: str
    pk: int | None = None
    kind: str = Kind.MESSAGE_UNKNOWN
    occurred_at: datetime = UNKNOWN_TIME
    rank: int = 0
    text: str = ""
    attachments: list = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=lambda: {"stub": True, "time": "unknown"})
    earlier: list[str] = field(default_factory=list)
    is_changed: bool = False
    was_stub: bool = False  # it is stored, and these changes may bring its content
    was_deleted: bool = False  # by one of these changes
    has_first_time: bool = False  # one of these changes tells its time, which was assumed before

    @classmethod
    def stored(
        cls,
        graph_id: str,
        pk: int,
        kind: str,
        occurred_at: datetime,
        rank: int,
        text: str,
        attachments: str,
        data: str,
    ) -> "MessageState":
        """Return the state of a stored message, whose JSON is still text."""
        state = cls(graph_id, pk, kind, occurred_at, rank, text, json.loads(attachments), json.loads(data))
        state.was_stub = state.is_stub
        return state

    def as_row(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "kind": self.kind,
            "text": self.text,
            "attachments": self.attachments,
            "data": self.data,
            "occurred_at": self.occurred_at.isoformat(),
            "rank": self.rank,
        }

    def move(self, rank: int, occurred_at: datetime) -> None:
        self.is_changed |= (rank, occurred_at) != (self.rank, self.occurred_at)
        self.rank, self.occurred_at = rank, occurred_at

    @property
    def own_time(self) -> datetime:
        """The time that it has alone: it may stand later, because of the order that a list has shown."""
        if "ms" in self.data:
            return self.occurred_at.replace(microsecond=1000 * self.data["ms"])
        return self.occurred_at.replace(microsecond=0)

    @property
    def is_message(self) -> bool:
        return self.kind.startswith("message_")

    @property
    def is_stub(self) -> bool:
        return "stub" in self.data

    @property
    def is_new(self) -> bool:
        """Whether it counts as a message now and did not before."""
        return self.is_message and not self.is_stub and (self.pk is None or self.was_stub)

    @property
    def is_deleted(self) -> bool:
        return self.data.get("deleted") is True

    @property
    def is_unplaced(self) -> bool:
        """Whether it was taken back before a list has shown it, so that its milliseconds alone place it."""
        return self.is_deleted and is_from_webhook(self.data) and "ms" in self.data

    def apply(self, change: Change, received_at: datetime) -> None:
        """Change the columns. `received_at` stands for a time that the change does not tell."""
        before = (self.kind, self.occurred_at, self.text, self.attachments, dict(self.data))
        if self.occurred_at == UNKNOWN_TIME:
            self.occurred_at = change.time or received_at
        if isinstance(change, Sent):
            self._send(change)
        elif isinstance(change, Message):
            self._show(change)
        elif isinstance(change, Deletion):
            self._delete(change)
        elif isinstance(change, Edit):
            self._edit(change, received_at)
        elif isinstance(change, Reaction):
            self._react(change, received_at)
        elif isinstance(change, NewReferral):
            self.kind, self.data = Kind.REFERRAL_RECEIVED, {"referral": change.referral}
        after = (self.kind, self.occurred_at, self.text, self.attachments, self.data)
        self.is_changed |= before != after

    def _show(self, message: Message) -> None:
        self._set_time(message)
        if self.is_deleted:
            self.kind = side_of(message)
            return
        if self.is_stub:
            self.kind, self.attachments = side_of(message), message.attachments
            if "edited" not in self.data:
                self.text = message.text
            elif message.text and message.text != self.text:
                self.earlier.append(message.text)
            del self.data["stub"]
            self.data |= message.data | {"source": FROM_WEBHOOK}
        elif self.data.get("source") == FROM_SEND:
            self._complete(message)
        else:
            self.data |= {name: value for name, value in message.data.items() if name in KEPT}

    def _complete(self, message: Message) -> None:
        """Take from an echo what Facebook's answer to our message did not tell."""
        self.text = self.text if "edited" in self.data else message.text or self.text
        self.attachments = message.attachments or self.attachments
        self.data |= message.data | {"source": FROM_WEBHOOK}

    def _send(self, sent: Sent) -> None:
        """Take what Facebook's answer to our message tells. An echo or a list that came before tells more."""
        if self.is_stub:
            self._show(sent)
            self.data |= {"source": FROM_SEND, "time": ASSUMED}
        elif self.is_deleted:
            self.kind = side_of(sent)
        else:
            self.data = sent.data | self.data

    def _set_time(self, message: Message) -> None:
        """Take the time with its milliseconds, unless the sync knows another one."""
        if message.time is None:
            return
        is_unknown = self.data.get("time") in (UNKNOWN, ASSUMED)
        self.has_first_time |= is_unknown
        if is_unknown or abs(message.time - self.occurred_at) < timedelta(seconds=1):
            self.data.pop("time", None)
            if message.has_ms:
                self.data["ms"] = message.time.microsecond // 1000
                self.occurred_at = max(self.occurred_at, message.time) if not is_unknown else message.time
            elif is_unknown:
                self.occurred_at = message.time

    def _delete(self, deletion: Deletion) -> None:
        self.kind = side_of(deletion) if self.kind == Kind.MESSAGE_UNKNOWN else self.kind
        self.was_deleted = True
        self.text, self.attachments, self.earlier = "", [], []
        is_unlisted = is_from_webhook(self.data)
        self.data = {name: self.data[name] for name in ("ms", "time") if name in self.data}
        self.data |= {"deleted": True, "source": FROM_WEBHOOK} if is_unlisted else {"deleted": True}

    def _edit(self, edit: Edit, received_at: datetime) -> None:
        if self.is_deleted or edit.number < self.data.get("edited", 0):
            return
        if self.text and self.text != edit.text:
            self.earlier.append(self.text)
        if self.is_stub:
            self.kind = side_of(edit)
        self.text = edit.text
        self.data["edited"] = edit.number
        self.data["edited_at"] = (edit.time or received_at).isoformat()

    def _react(self, change: Reaction, received_at: datetime) -> None:
        """The newest reaction of each actor counts."""
        if self.is_deleted:
            return
        actor, time = PAGE if change.is_sent else CUSTOMER, (change.time or received_at).isoformat()
        times = self.data.get("reacted_at", {})
        if times.get(actor, "") > time:
            return
        others = [one for one in self.data.get("reactions") or [] if _actor_of(one) != actor]
        own = {"actor": actor, "reaction": change.name, "emoji": change.emoji}
        self.data["reactions"] = sorted([*others, own] if change.name else others, key=_actor_of)
        if not self.data["reactions"]:
            del self.data["reactions"]
        self.data["reacted_at"] = times | {actor: time}


def is_from_webhook(data: dict[str, Any]) -> bool:
    """Whether no list has shown this message yet, or not as a whole."""
    return data.get("source") in (FROM_WEBHOOK, FROM_ARCHIVE, FROM_SEND) or "stub" in data


def side_of(change: Change) -> str:
    return Kind.MESSAGE_SENT if change.is_sent else Kind.MESSAGE_RECEIVED


def _actor_of(reaction: Any) -> str:
    return reaction.get("actor", "") if isinstance(reaction, dict) else ""
