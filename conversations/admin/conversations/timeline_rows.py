"""Builds the messages and the history of a conversation as its page shows them."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from conversations.lib.attachments import UNAVAILABLE, reactions_of
from conversations.media.display import Displayed, displayed
from conversations.models import Conversation, InteractionEvent

Kind = InteractionEvent.Kind
SIDES = {Kind.MESSAGE_RECEIVED: "left", Kind.MESSAGE_SENT: "right", Kind.NOTE_ADDED: "note"}
HISTORY_KINDS = (
    Kind.TAG_ADDED,
    Kind.TAG_REMOVED,
    Kind.STATUS_CHANGED,
    Kind.CONTENT_UPDATED,
    Kind.REFERRAL_RECEIVED,
    Kind.ASSIGNEE_CHANGED,
    Kind.SNOOZED,
    Kind.SNOOZE_ENDED,
    Kind.ARCHIVE_JOINED,
    Kind.ARCHIVE_SEPARATED,
)
MESSAGES_PER_PART = 100
HISTORY_LENGTH = 50
MAX_ID = 2**63 - 1
MAX_LARGE_EMOJI = 8  # a message of at most this many emoji is shown large
EMOJI_MODIFIERS = "\u200d\ufe0f🏻🏼🏽🏾🏿"  # joiners and skin tones; they belong to the emoji before


class Message(NamedTuple):
    side: str  # left: the customer, right: the Page, note: of staff, middle: an unknown sender
    event: InteractionEvent
    attachments: list[Displayed]
    reactions: str
    day: date
    day_label: str
    time_label: str
    is_missing: bool  # Facebook no longer gives any content of it
    is_emoji: bool  # the text consists of a few emoji


def messages_of(conversation: Conversation, *, before: str) -> dict[str, Any]:
    """Return the newest messages, or the newest ones before the event `before`, as template context.

    `timeline` has the oldest first; `older` is the ID of the event before which there are more, or None.
    """
    events = conversation.events.exclude(kind__in=HISTORY_KINDS).select_related("actor").newest_first()
    events = events.exclude(data__has_key="stub")  # something is known of a message that has not come yet
    if before.isdecimal() and int(before) <= MAX_ID:
        start = conversation.events.filter(pk=before).first()
        events = events.after_cursor(start.occurred_at, start.pk) if start else events.none()
    rows = list(events[: MESSAGES_PER_PART + 1])
    older = rows[MESSAGES_PER_PART - 1].pk if len(rows) > MESSAGES_PER_PART else None
    now = timezone.now()
    messages = [as_message(event, now) for event in reversed(rows[:MESSAGES_PER_PART])]
    return {"timeline": messages, "older": older, "before": before}


def history_of(conversation: Conversation) -> list[InteractionEvent]:
    """Return the newest changes of the conversation and its messages, newest first."""
    events = conversation.events.filter(kind__in=HISTORY_KINDS).select_related("actor")
    return list(events.newest_first()[:HISTORY_LENGTH])


def as_message(event: InteractionEvent, now: datetime) -> Message:
    attachments = [] if event.kind == Kind.NOTE_ADDED else displayed(event)
    day = timezone.localtime(event.occurred_at).date()
    return Message(
        SIDES.get(Kind(event.kind), "middle"),
        event,
        attachments,
        reactions_of(event.data),
        day,
        day_label(day, timezone.localtime(now).date()),
        time_label(event.occurred_at, now),
        is_missing=not event.text and all(one.attachment.kind == UNAVAILABLE for one in attachments),
        is_emoji=is_emoji(event.text),
    )


# -- times -------------------------------------------------------------------------------------------------
def day_label(day: date, today: date) -> str:
    if day == today:
        return gettext("Today")
    if day == today - timedelta(days=1):
        return gettext("Yesterday")
    return date_format(day, "l, j F" if day.year == today.year else "l, j F Y")


def time_label(moment: datetime, now: datetime) -> str:
    """Return the minutes since then within an hour, else the time of day; the day is shown separately."""
    minutes = int((now - moment).total_seconds() // 60)
    if 0 <= minutes < 60:
        return gettext("%(minutes)s min ago") % {"minutes": minutes} if minutes else gettext("just now")
    return date_format(timezone.localtime(moment), "H:i")


def is_emoji(text: str) -> bool:
    """Return whether the text consists of one to MAX_LARGE_EMOJI emoji."""
    emoji = [character for character in text if character not in EMOJI_MODIFIERS and not character.isspace()]
    return 0 < len(emoji) <= MAX_LARGE_EMOJI and all(unicodedata.category(one) == "So" for one in emoji)
