"""What one item of a webhook changes. Values only: `conversations.webhooks.items` reads them from JSON."""

from datetime import datetime
from typing import Any

from msgspec import Struct, field


class Change(Struct, frozen=True, kw_only=True):
    """The customer's ID, whose conversation it is; `is_sent`: the business did it.

    `time`: when, if that is known, and with `has_ms` to the millisecond.
    """

    person: str = ""
    platform: str = ""
    is_sent: bool = False
    time: datetime | None = None
    has_ms: bool = False


class OfMessage(Change, frozen=True):
    """A change of one message, or of a row that is stored like one."""

    graph_id: str


class Nothing(Change, frozen=True):
    """Understood, and nothing that is stored."""


class Message(OfMessage, frozen=True):
    text: str = ""
    attachments: list[dict] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Sent(Message, frozen=True):
    """A message of ours that Facebook has accepted. `time` is that of our clock; the file is not known."""


class Deletion(OfMessage, frozen=True):
    """Its sender has taken the message back: nobody is to read it any more."""


class Edit(OfMessage, frozen=True):
    text: str
    number: int  # how often the message was edited until then


class Reaction(OfMessage, frozen=True):
    """The reaction that its sender now has to the message; an empty name: none."""

    name: str = ""
    emoji: str = ""


class Mark(Change, frozen=True):
    """The customer has `seen` our messages, or they were `delivered`: up to a time, or to these messages."""

    kind: str
    until: datetime | None
    graph_ids: tuple[str, ...] = ()


class NewReferral(OfMessage, frozen=True):
    """An advertisement or a link that brought the customer. `graph_id` is an ID of ours."""

    referral: dict[str, str]
