"""What stands beside a message's text, as Facebook showed it; any of it may be missing or of another type."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

MISSING = "missing"  # the mark of a piece that stands for what Facebook does not show


class Piece(NamedTuple):
    """One thing beside the text. `expires`: its address works for some hours or days."""

    kind: str
    name: str = ""
    address: str = ""
    size: int | None = None  # bytes
    expires: bool = False
    id: str = ""  # Facebook's, where it has one
    mark: str = ""


def pieces_of(attachments: Any, data: Any, text: str) -> list[Piece]:
    """The attachments in their order, then sticker, links, story; at least one where there is no text."""
    data = _dict(data)
    pieces = [_attachment(_dict(item)) for item in _list(attachments)]
    if data.get("sticker"):
        pieces.append(Piece("Sticker", "", web_address(data["sticker"]), expires=True))
    pieces += [_share(_dict(item)) for item in _list(data.get("shares"))]
    if story := _dict(data.get("story")):
        link = next((_dict(part).get("link") for part in story.values() if _dict(part).get("link")), "")
        pieces.append(Piece("Story", "", web_address(link), expires=True))
    if data.get("is_unsupported"):
        pieces.append(Piece("A kind of message that Facebook does not hand out", mark=MISSING))
    if not pieces and not text:
        pieces.append(Piece("Facebook shows nothing of this message", mark=MISSING))
    return pieces


def web_address(value: Any) -> str:
    """The address if it is one of the web; no `javascript:` comes from Facebook into a link."""
    try:
        parts = urlsplit(_text(value))
    except ValueError:
        return ""
    return _text(value) if parts.scheme in ("http", "https") and parts.netloc else ""


def reactions_of(data: Any) -> str:
    reactions = (_text(_dict(item).get("reaction")) for item in _list(_dict(data).get("reactions")))
    return " ".join(filter(None, reactions))


def _attachment(item: dict) -> Piece:
    for field, kind in (("video_data", "Video"), ("image_data", "Image"), ("generic_template", "Card")):
        if part := _dict(item.get(field)):
            address, expires = _address_of(part)
            name = _text(part.get("title") or item.get("name"))
            return Piece(_kind(item) or kind, name, address, _size(item), expires, _text(item.get("id")))
    address = web_address(item.get("file_url"))
    kind = _kind(item) or "Attachment"
    return Piece(kind, _text(item.get("name")), address, _size(item), True, _text(item.get("id")))


def _address_of(part: dict) -> tuple[str, bool]:
    """And whether it expires: where a card leads to is the sender's own page."""
    leads_to = web_address(_dict(part.get("cta")).get("url"))
    own = web_address(part.get("url"))
    if own or not leads_to:
        return own or web_address(part.get("media_url")), True
    return leads_to, False


def _kind(item: dict) -> str:
    kind = _text(item.get("mime_type")).split("/")[0]
    return {"image": "Image", "video": "Video", "audio": "Audio", "application": "File", "text": "File"}.get(
        kind, ""
    )


def _size(item: dict) -> int | None:
    size = item.get("size")
    return size if type(size) is int and size > 0 else None


def _share(item: dict) -> Piece:
    words = ": ".join(filter(None, [_text(item.get("name")), _text(item.get("description"))]))
    return Piece("Link", words or _text(item.get("link")), web_address(item.get("link")))


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list:
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
