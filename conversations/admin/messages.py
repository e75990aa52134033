"""A conversation as people read it: who said what when, and what was attached."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format

from conversations.models import Conversation, InteractionEvent
from conversations.pieces import MISSING, Piece, pieces_of, reactions_of

Kind = InteractionEvent.Kind
SIDES = {Kind.MESSAGE_RECEIVED: "left", Kind.MESSAGE_SENT: "right"}
STAFF_KINDS = (Kind.TAG_ADDED, Kind.TAG_REMOVED, Kind.STATUS_CHANGED)
SHOWN = 100
HISTORY_SHOWN = 50
BIGGEST_ID = 2**63 - 1
FEW = 8  # characters of nothing but pictures that are shown large
PARTS = "\u200d\ufe0f🏻🏼🏽🏾🏿"  # joiners and shades: of one picture


class Message(NamedTuple):
    side: str  # left: the customer, right: the Page, middle: Facebook does not say who
    event: InteractionEvent
    pieces: list[Piece]
    reactions: str
    day: date
    day_in_words: str
    time_in_words: str
    is_missing: bool  # nothing is left of it but that it was there
    is_picture: bool  # its text is emoji alone


def messages_of(conversation: Conversation, *, before: str) -> dict[str, Any]:
    """The newest messages, or the newest before an event, oldest first; `older`: what leads further back."""
    events = conversation.events.exclude(kind__in=STAFF_KINDS).newest_first()
    if before.isdecimal() and int(before) <= BIGGEST_ID:
        at = conversation.events.filter(pk=before).first()
        events = events.after_cursor(at.occurred_at, at.pk) if at else events.none()
    found = list(events[: SHOWN + 1])
    older = found[SHOWN - 1].pk if len(found) > SHOWN else None
    now = timezone.now()
    shown = [as_message(event, now) for event in reversed(found[:SHOWN])]
    return {"talk": shown, "older": older, "before": before}


def history_of(conversation: Conversation) -> list[InteractionEvent]:
    """What staff did, newest first."""
    events = conversation.events.filter(kind__in=STAFF_KINDS).select_related("actor")
    return list(events.newest_first()[:HISTORY_SHOWN])


def as_message(event: InteractionEvent, now: datetime) -> Message:
    pieces = pieces_of(event.attachments, event.data, event.text)
    day = timezone.localtime(event.occurred_at).date()
    return Message(
        SIDES.get(Kind(event.kind), "middle"),
        event,
        pieces,
        reactions_of(event.data),
        day,
        day_in_words(day, timezone.localtime(now).date()),
        time_in_words(event.occurred_at, now),
        is_missing=not event.text and all(piece.mark == MISSING for piece in pieces),
        is_picture=is_picture(event.text),
    )


# -- times -------------------------------------------------------------------------------------------------
def day_in_words(day: date, today: date) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return date_format(day, "l, j F" if day.year == today.year else "l, j F Y")


def time_in_words(moment: datetime, now: datetime) -> str:
    """Within the hour how long ago, else the time of day: the day stands above."""
    minutes = int((now - moment).total_seconds() // 60)
    if 0 <= minutes < 60:
        return f"{minutes} min ago" if minutes else "just now"
    return date_format(timezone.localtime(moment), "H:i")


def is_picture(text: str) -> bool:
    shown = [character for character in text if character not in PARTS and not character.isspace()]
    return 0 < len(shown) <= FEW and all(unicodedata.category(one) == "So" for one in shown)
