"""Reads the attachments of a stored message, in the one form that REST, the inbox page and the admin show.

Any part of what Facebook sent may be missing or of another type.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

UNAVAILABLE = gettext_noop(
    "Unavailable"
)  # the kind of an attachment in place of content that Facebook does not provide
UNSUPPORTED = _("Facebook does not provide this type of message")
UNSENT = _("This message was unsent")
NO_CONTENT = _("Facebook provides no content for this message")
KIND_OF_MEDIA = {"image": "Image", "video": "Video", "audio": "Audio", "application": "File", "text": "File"}
# The types of a webhook's attachments, of which there are more than Facebook lists.
KIND_OF_TYPE = {
    "audio": "Audio",
    "ephemeral": UNAVAILABLE,
    "fallback": "Link",
    "file": "File",
    "ig_post": "Link",
    "ig_reel": "Link",
    "image": "Image",
    "post": "Link",
    "reel": "Link",
    "share": "Link",
    "sticker": "Sticker",
    "story_mention": "Story",
    "template": "Card",
    "unsupported_type": UNAVAILABLE,
    "video": "Video",
}
KIND_OF_FIELD = {"video_data": "Video", "image_data": "Image", "generic_template": "Card"}
KINDS = (  # English in REST; screens translate them
    gettext_noop("Image"),
    gettext_noop("Video"),
    gettext_noop("Audio"),
    gettext_noop("File"),
    gettext_noop("Card"),
    gettext_noop("Sticker"),
    gettext_noop("Link"),
    gettext_noop("Story"),
    gettext_noop("Attachment"),
    UNAVAILABLE,
)
PLAYERS = {"Image": "picture", "Sticker": "sticker", "Video": "video", "Audio": "audio"}
MAX_PIXELS = 100_000  # a side of a picture; a larger number is an error


class Attachment(NamedTuple):
    """One attachment; its kind is one of KINDS. If it `expires`, its address works only for hours or days."""

    kind: str
    name: str | Promise = ""
    address: str = ""
    size: int | None = None  # bytes
    expires: bool = False
    id: str = ""  # Facebook's, if it has one
    preview: str = ""  # the address of a small picture of it, which expires
    width: int | None = None  # pixels of the picture or video
    height: int | None = None
    title: str = ""  # of a card or a link; `name` may say more
    subtitle: str = ""
    is_kept: bool = False  # it came with an archive, and its file is here; it has no address

    @property
    def has_file(self) -> bool:
        """Whether there is a file: at the address, which is Facebook's and not somebody's page, or here."""
        return self.is_kept or (bool(self.address) and self.expires)

    @property
    def show(self) -> str:
        """How to show it: picture, sticker, video, audio, card, file (by its name), or text (that is all)."""
        if self.kind in ("Card", "Link"):
            return "card"
        return PLAYERS.get(self.kind, "file") if self.has_file else "text"

    @property
    def picture(self) -> str:
        """The address of what to show in its place, before it is opened or played; empty: nothing."""
        return self.preview or (self.address if self.show in ("picture", "sticker") else "")

    @property
    def host(self) -> str:
        """The host that a card or a link leads to; empty if it leads nowhere."""
        return "" if self.expires or not self.address else urlsplit(self.address).hostname or ""


def attachments_of(attachments: Any, data: Any, text: str) -> list[Attachment]:
    """Return the attachments in order, then sticker, links and story; at least one if there is no text."""
    data = _dict(data)
    if data.get("deleted") is True:
        return [Attachment(UNAVAILABLE, UNSENT)]
    result = [_attachment(_dict(item)) for item in _list(attachments)]
    if data.get("sticker"):
        result.append(Attachment("Sticker", "", web_address(data["sticker"]), expires=True))
    result += [_share(_dict(item)) for item in _list(data.get("shares"))]
    if story := _dict(data.get("story")):
        link = next((_dict(part).get("link") for part in story.values() if _dict(part).get("link")), "")
        result.append(Attachment("Story", "", web_address(link), expires=True))
    if data.get("is_unsupported"):
        result.append(Attachment(UNAVAILABLE, UNSUPPORTED))
    if not result and not text:
        result.append(Attachment(UNAVAILABLE, NO_CONTENT))
    return result


def web_address(value: Any) -> str:
    """Return the value if it is an http(s) URL, else "". So no `javascript:` URL gets into a link."""
    try:
        parts = urlsplit(_text(value))
    except ValueError:
        return ""
    return _text(value) if parts.scheme in ("http", "https") and parts.netloc else ""


def reactions_of(data: Any) -> str:
    """Return the reactions to a message, separated by spaces: emoji where they are known."""
    items = map(_dict, _list(_dict(data).get("reactions")))
    return " ".join(filter(None, (_text(item.get("emoji")) or _text(item.get("reaction")) for item in items)))


def _attachment(item: dict) -> Attachment:
    if "type" in item and "id" not in item:
        return _of_webhook(item)
    for field, kind in KIND_OF_FIELD.items():
        if part := _dict(item.get(field)):
            address, expires = _address_of(part)
            name = _text(part.get("title") or item.get("name"))
            found = Attachment(
                _kind(item) or kind, name, address, _size(item), expires, _text(item.get("id"))
            )
            return found._replace(**_looks_of(part), preview=_preview_of(part))
    address = web_address(item.get("file_url"))
    kind = _kind(item) or "Attachment"
    return Attachment(kind, _text(item.get("name")), address, _size(item), True, _text(item.get("id")))


def _of_webhook(item: dict) -> Attachment:
    """Read an attachment as webhooks show it: `{"type", "payload": {"url", "title"}}`, or less than that."""
    payload = _dict(item.get("payload"))
    kind = KIND_OF_TYPE.get(_text(item["type"]), "Attachment")
    if payload.get("sticker_id"):
        kind = "Sticker"
    name = _text(payload.get("title") or item.get("title"))
    if kind == UNAVAILABLE:
        return Attachment(kind, UNSUPPORTED)
    if kind == "Attachment" and not name:
        name = _text(item["type"]).replace("_", " ")
    address = web_address(payload.get("url") or item.get("url") or item.get("payload"))
    found = Attachment(kind, name, address, expires=kind not in ("Link", "Attachment", "Card"))
    if item.get("kept") is True and not address:
        return found._replace(is_kept=True)
    return _with_element(found, payload) if kind == "Card" else found


def _with_element(card: Attachment, payload: dict) -> Attachment:
    """Complete a card by its first element. There may be more; Facebook's own list shows one, too."""
    element = next(
        map(_dict, _list(payload.get("elements") or _dict(payload.get("product")).get("elements"))), {}
    )
    title, action = _text(element.get("title")), _dict(element.get("default_action"))
    buttons = map(_dict, _list(element.get("buttons") or payload.get("buttons")))
    targets = (web_address(part.get("url")) for part in (action, *buttons))
    return card._replace(
        name=card.name or title or _text(payload.get("text")),
        address=card.address or next(filter(None, targets), ""),
        title=title,
        subtitle=_text(element.get("subtitle")),
        preview=web_address(element.get("image_url")),
    )


def _address_of(part: dict) -> tuple[str, bool]:
    """Return the address and whether it expires. The link target of a card is the sender's own page."""
    target = web_address(_dict(part.get("cta")).get("url"))
    url = web_address(part.get("url"))
    if url or not target:
        return url or web_address(part.get("media_url")), True
    return target, False


def _preview_of(part: dict) -> str:
    return web_address(part.get("preview_url")) or web_address(part.get("media_url"))


def _looks_of(part: dict) -> dict[str, Any]:
    """Return size and words of a picture, a video or a card."""
    width, height = part.get("width"), part.get("height")
    sides = [side if type(side) is int and 0 < side < MAX_PIXELS else None for side in (width, height)]
    known = {"width": sides[0], "height": sides[1]} if all(sides) else {}
    return {"title": _text(part.get("title")), "subtitle": _text(part.get("subtitle")), **known}


def _kind(item: dict) -> str:
    return KIND_OF_MEDIA.get(_text(item.get("mime_type")).split("/")[0], "")


def _size(item: dict) -> int | None:
    size = item.get("size")
    return size if type(size) is int and size > 0 else None


def _share(item: dict) -> Attachment:
    title, subtitle = _text(item.get("name")), _text(item.get("description"))
    return Attachment(
        "Link",
        ": ".join(filter(None, [title, subtitle])) or _text(item.get("link")),
        web_address(item.get("link")),
        preview=web_address(item.get("picture")),
        title=title,
        subtitle=subtitle,
    )


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list:
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
