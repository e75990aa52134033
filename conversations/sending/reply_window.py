"""Until when a customer may be answered. Facebook counts from what the customer last did in the conversation.

The clock of this server decides, with a margin: Facebook's may be another one, and a call takes time.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from conversations.graph.coercion import as_time
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation

STATEMENTS = read_statements(__file__)
MARGIN = timedelta(minutes=1)
OPEN_FOR = timedelta(hours=24) - MARGIN
LATE_FOR = timedelta(days=7) - MARGIN  # by a person, where Facebook has allowed the app to do that
REACTIONS_AMONG = 1000  # the newest events: nobody reacts to what is older


class ReplyState(StrEnum):
    """`unknown`: we hold nothing of the customer, and Facebook may know more."""

    OPEN = "open"
    HUMAN_AGENT = "human_agent"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class ReplyWindow(NamedTuple):
    """`until`: when the state ends, or when the window was closed; None if that is unknown."""

    state: ReplyState
    until: datetime | None = None

    @property
    def is_closed(self) -> bool:
        return self.state is ReplyState.CLOSED

    @property
    def is_late(self) -> bool:
        """Whether an answer needs the tag of a human agent."""
        return self.state is ReplyState.HUMAN_AGENT

    def as_dict(self) -> dict:
        return {"state": self.state.value, "until": self.until}


def reply_window(conversation: Conversation, now: datetime | None = None) -> ReplyWindow:
    """Return whether the customer of this conversation may be answered now."""
    return window_since(newest_inbound(conversation), now or timezone.now())


def window_since(inbound: datetime | None, now: datetime) -> ReplyWindow:
    """Return the window after what the customer did at this time."""
    if inbound is None:
        return ReplyWindow(ReplyState.UNKNOWN)
    inbound = min(inbound, now)  # the other clock may be ahead of ours
    if now < inbound + OPEN_FOR:
        return ReplyWindow(ReplyState.OPEN, inbound + OPEN_FOR)
    if not settings.FACEBOOK_HUMAN_AGENT:
        return ReplyWindow(ReplyState.CLOSED, inbound + OPEN_FOR)
    is_late = now < inbound + LATE_FOR
    return ReplyWindow(ReplyState.HUMAN_AGENT if is_late else ReplyState.CLOSED, inbound + LATE_FOR)


def newest_inbound(conversation: Conversation) -> datetime | None:
    """Return when the customer last wrote, tapped a button, reacted, or came by an ad or a link."""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENTS["newest_inbound"], {"conversation": conversation.pk, "among": REACTIONS_AMONG}
        )
        received, referred, reacted = cursor.fetchone()
    return max(filter(None, (received, referred, as_time(reacted))), default=None)
