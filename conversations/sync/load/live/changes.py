"""What one item of a webhook changes. Values only: `conversations.webhooks.items` reads them from JSON."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Change:
    """The customer's ID, whose conversation it is; `is_sent`: the business did it.

    `time`: when, if that is known, and with `has_ms` to the millisecond.
    """

    person: str = ""
    platform: str = ""
    is_sent: bool = False
    time: datetime | None = None
    has_ms: bool = False


@dataclass(frozen=True)
class OfMessage(Change):
    """A change of one message, or of a row that is stored like one."""

    graph_id: str


@dataclass(frozen=True)
class Nothing(Change):
    """Understood, and nothing that is stored."""


@dataclass(frozen=True)
class Message(OfMessage):
    text: str = ""
    attachments: list[dict] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deletion(OfMessage):
    """Its sender has taken the message back: nobody is to read it any more."""


@dataclass(frozen=True)
class Edit(OfMessage):
    text: str
    number: int  # how often the message was edited until then


@dataclass(frozen=True)
class Reaction(OfMessage):
    """The reaction that its sender now has to the message; an empty name: none."""

    name: str = ""
    emoji: str = ""


@dataclass(frozen=True)
class Mark(Change):
    """The customer has `seen` our messages, or they were `delivered`: up to a time, or to these messages."""

    kind: str
    until: datetime | None
    graph_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewReferral(OfMessage):
    """An advertisement or a link that brought the customer. `graph_id` is an ID of ours."""

    referral: dict[str, str]
