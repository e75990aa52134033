"""A conversation as people read it: who said what when, and what was attached."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from conversations.models import Conversation, InteractionEvent

Kind = InteractionEvent.Kind
SIDES = {Kind.MESSAGE_RECEIVED: "left", Kind.MESSAGE_SENT: "right"}
STAFF_KINDS = (Kind.TAG_ADDED, Kind.TAG_REMOVED, Kind.STATUS_CHANGED)
SHOWN = 100
HISTORY_SHOWN = 50
BIGGEST_ID = 2**63 - 1


class Piece(NamedTuple):
    """Something beside the text. Its address is never loaded by us: Facebook's links die."""

    kind: str
    name: str = ""
    address: str = ""


class Message(NamedTuple):
    side: str  # left: the customer, right: the Page, middle: Facebook does not say who
    event: InteractionEvent
    pieces: list[Piece]
    reactions: str


def messages_of(conversation: Conversation, *, before: str) -> dict[str, Any]:
    """The newest messages, or the newest before an event, oldest first; `older`: what leads further back."""
    events = conversation.events.exclude(kind__in=STAFF_KINDS).newest_first()
    if before.isdecimal() and int(before) <= BIGGEST_ID:
        at = conversation.events.filter(pk=before).first()
        events = events.after_cursor(at.occurred_at, at.pk) if at else events.none()
    found = list(events[: SHOWN + 1])
    older = found[SHOWN - 1].pk if len(found) > SHOWN else None
    shown = [as_message(event) for event in reversed(found[:SHOWN])]
    return {"talk": shown, "older": older, "before": before}


def history_of(conversation: Conversation) -> list[InteractionEvent]:
    """What staff did, newest first."""
    events = conversation.events.filter(kind__in=STAFF_KINDS).select_related("actor")
    return list(events.newest_first()[:HISTORY_SHOWN])


def as_message(event: InteractionEvent) -> Message:
    return Message(SIDES.get(Kind(event.kind), "middle"), event, pieces_of(event), reactions_of(event))


# -- what Graph attaches; any of it may be missing or of another type ----------------------------------------
def pieces_of(event: InteractionEvent) -> list[Piece]:
    data = _dict(event.data)
    pieces = [_attachment(_dict(item)) for item in _list(event.attachments)]
    if data.get("sticker"):
        pieces.append(Piece("Sticker", "", web_address(data["sticker"])))
    pieces += [_share(_dict(item)) for item in _list(data.get("shares"))]
    if story := _dict(data.get("story")):
        link = next((_dict(part).get("link") for part in story.values() if _dict(part).get("link")), "")
        pieces.append(Piece("Story", "", web_address(link)))
    if data.get("is_unsupported"):
        pieces.append(Piece("A kind of message that Facebook does not hand out"))
    if not pieces and not event.text:
        pieces.append(Piece("Facebook shows nothing of this message"))
    return pieces


def _attachment(item: dict) -> Piece:
    for field, kind in (("video_data", "Video"), ("image_data", "Image"), ("generic_template", "Card")):
        if part := _dict(item.get(field)):
            address = part.get("url") or _dict(part.get("cta")).get("url") or part.get("media_url")
            return Piece(
                _kind(item) or kind, _text(part.get("title") or item.get("name")), web_address(address)
            )
    return Piece(_kind(item) or "Attachment", _text(item.get("name")), web_address(item.get("file_url")))


def _kind(item: dict) -> str:
    kind = _text(item.get("mime_type")).split("/")[0]
    return {"image": "Image", "video": "Video", "audio": "Audio", "application": "File", "text": "File"}.get(
        kind, ""
    )


def _share(item: dict) -> Piece:
    words = ": ".join(filter(None, [_text(item.get("name")), _text(item.get("description"))]))
    return Piece("Link", words or _text(item.get("link")), web_address(item.get("link")))


def reactions_of(event: InteractionEvent) -> str:
    reactions = (_text(_dict(item).get("reaction")) for item in _list(_dict(event.data).get("reactions")))
    return " ".join(filter(None, reactions))


def web_address(value: Any) -> str:
    """The address if it is one of the web; no `javascript:` comes from Facebook into a link."""
    try:
        parts = urlsplit(_text(value))
    except ValueError:
        return ""
    return _text(value) if parts.scheme in ("http", "https") and parts.netloc else ""


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list:
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
