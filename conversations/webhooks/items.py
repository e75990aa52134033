"""Converts the items of a delivery to changes of conversations. No query, no side effects.

An item is `{"sender": {"id"}, "recipient": {"id"}, "timestamp": MS, KIND: {…}}`, and KIND says what it is.
"""

import hashlib
import json
from collections.abc import Callable, Collection
from typing import Any

from msgspec.structs import replace

from conversations.graph.coercion import MAX_SECONDS, as_count, as_dict, as_edge, as_id, as_text, as_time
from conversations.lib.text import clean, clean_json
from conversations.sync.load.live.changes import (
    Change,
    Deletion,
    Edit,
    Mark,
    Message,
    NewReferral,
    Nothing,
    Reaction,
)
from conversations.sync.load.live.message_ids import canonical_id

# What an item can say that changes nothing in a conversation: who answers there, and what people agreed to.
WITHOUT_EFFECT = {
    "account_linking",
    "app_roles",
    "optin",
    "pass_thread_control",
    "policy-enforcement",
    "policy_enforcement",
    "request_thread_control",
    "take_thread_control",
}
COPIED = ("app_id", "metadata", "quick_reply")  # from a message to `data`, as they came


class UnknownItem(Exception):
    """It names no conversation, or its kind is unknown. It is kept, and can be tried again."""


def change_of(item: Any, *, platform: str, business_ids: Collection[str]) -> Change:
    """Return what the item changes. Raises UnknownItem."""
    if not isinstance(item, dict):
        raise UnknownItem("It is not an object.")
    read = next((read for name, read in READERS.items() if name in item), None)
    if _is_empty_postback(item):  # as those of standby
        return Nothing()
    if read is None:
        if WITHOUT_EFFECT & item.keys():
            return Nothing()
        raise UnknownItem(f"Its kind is unknown: {_kind(item)}.")
    change = read(item, platform)
    person, is_sent = _person(item, business_ids)
    time = as_time(item.get("timestamp"))
    return replace(
        change,
        person=person,
        platform=platform,
        is_sent=is_sent,
        time=time,
        has_ms=_has_ms(item["timestamp"] if time else None),
    )


def _person(item: dict, business_ids: Collection[str]) -> tuple[str, bool]:
    """Return the customer's ID, and whether the business is the sender."""
    sender, recipient = (clean(as_id(as_dict(item.get(role)).get("id"))) for role in ("sender", "recipient"))
    is_echo = as_dict(item.get("message")).get("is_echo") is True
    # An echo to a customer comes from the business, also under an ID of it that nobody has seen yet.
    is_sent = sender in business_ids or (is_echo and recipient not in business_ids)
    person = recipient if is_sent else sender
    if not person or person in business_ids:
        raise UnknownItem("It names no customer.")
    return person, is_sent


def _has_ms(timestamp: Any) -> bool:
    """Whether it is a number of milliseconds: referrals and tests have come with seconds."""
    try:
        return float(timestamp) >= MAX_SECONDS
    except (TypeError, ValueError):
        return False


# -- messages ----------------------------------------------------------------------------------------------
def _message(item: dict, platform: str) -> Change:
    message = as_dict(item["message"])
    graph_id = _message_id(message.get("mid"), platform)
    if message.get("is_deleted") is True:
        return Deletion(graph_id)
    data = {name: message[name] for name in COPIED if message.get(name) is not None}
    data |= _quote(message, platform) | _unsupported(message)
    attachments = _attachments(message)
    if sticker := message.get("sticker_id"):
        data["sticker_id"] = sticker
    if referral := _referral_of(message.get("referral")):
        data["referral"] = referral
    return Message(graph_id, clean(as_text(message.get("text"))), attachments, clean_json(data))


def _quote(message: dict, platform: str) -> dict[str, Any]:
    """A message that is quoted by its ID, or a story."""
    reply = as_dict(message.get("reply_to"))
    if mid := as_id(reply.get("mid")):
        return {"reply_to": canonical_id(clean(mid), platform)}
    return {"story": {"reply_to": reply["story"]}} if isinstance(reply.get("story"), dict) else {}


def _unsupported(message: dict) -> dict[str, Any]:
    return {"is_unsupported": True} if message.get("is_unsupported") is True else {}


def _attachments(message: dict) -> list[dict]:
    """Return the attachments, each URL once: stickers came as an image, too, for some time."""
    attachments: list[dict] = []
    seen: set[str] = set()
    for raw in as_edge(message.get("attachments")):
        attachment = clean_json(as_dict(raw))
        url = as_text(as_dict(attachment.get("payload")).get("url")) or as_text(attachment.get("url"))
        if attachment and (not url or url not in seen):
            attachments.append(attachment)
            seen.add(url)
    return attachments


def _postback(item: dict, platform: str) -> Change:
    """A tap on a button: a message of the customer with the button's title."""
    postback = as_dict(item["postback"])
    title, payload = (clean(as_text(postback.get(name))) for name in ("title", "payload"))
    mid = as_id(postback.get("mid"))
    graph_id = canonical_id(clean(mid), platform) if mid else f"postback:{_digest(item)}"
    data: dict[str, Any] = {"postback": {"title": title, "payload": payload}}
    if referral := _referral_of(postback.get("referral")):
        data["referral"] = referral
    return Message(graph_id, title, [], data)


def _is_empty_postback(item: dict) -> bool:
    return "postback" in item and not as_dict(item["postback"])


# -- what happens to messages ------------------------------------------------------------------------------
def _edit(item: dict, platform: str) -> Change:
    edit = as_dict(item["message_edit"])
    number = as_count(edit.get("num_edit"))
    text = clean(as_text(edit.get("text")))
    return Edit(_message_id(edit.get("mid"), platform), text, min(number or 0, 10_000))


def _reaction(item: dict, platform: str) -> Change:
    reaction = as_dict(item["reaction"])
    graph_id = _message_id(reaction.get("mid"), platform)
    if as_text(reaction.get("action")) == "unreact":
        return Reaction(graph_id)
    name, emoji = (clean(as_text(reaction.get(key)))[:50] for key in ("reaction", "emoji"))
    if not name and not emoji:
        raise UnknownItem("It names no reaction.")
    return Reaction(graph_id, name or "other", emoji)


def _read(item: dict, platform: str) -> Change:
    """Up to which time the customer has seen our messages, or which one (Instagram)."""
    read = as_dict(item["read"])
    return _mark("seen", read.get("watermark"), [read.get("mid")], platform)


def _delivery(item: dict, platform: str) -> Change:
    delivery = as_dict(item["delivery"])
    return _mark("delivered", delivery.get("watermark"), as_edge(delivery.get("mids")), platform)


def _mark(kind: str, watermark: Any, mids: list, platform: str) -> Change:
    ids = [canonical_id(clean(mid), platform) for mid in map(as_id, mids) if mid]
    until = as_time(watermark)
    if until is None and not ids:
        raise UnknownItem("It says neither a time nor a message.")
    return Mark(kind, until, tuple(ids[:100]))


def _referral(item: dict, platform: str) -> Change:
    referral = _referral_of(item["referral"])
    if not referral:
        raise UnknownItem("The referral is empty.")
    return NewReferral(f"referral:{_digest(item)}", referral)


def _referral_of(raw: Any) -> dict[str, str]:
    """Return which advertisement or link brought the customer; {} if nothing is known."""
    raw = as_dict(raw)
    context = as_dict(raw.get("ads_context_data"))
    values = {
        "source": raw.get("source"),
        "type": raw.get("type"),
        "ref": raw.get("ref"),
        "ad_id": raw.get("ad_id"),
        "ad_title": context.get("ad_title"),
        "post_id": context.get("post_id"),
    }
    texts = {name: clean(as_id(value) or as_text(value)) for name, value in values.items()}
    return {name: text[:2000] for name, text in texts.items() if text}


def _message_id(value: Any, platform: str) -> str:
    if not (graph_id := clean(as_id(value))):
        raise UnknownItem("It names no message.")
    return canonical_id(graph_id, platform)


def _digest(item: dict) -> str:
    """An ID of an item that has none: the same item always has the same."""
    return hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:32]


def _kind(item: dict) -> str:
    names = [clean(name)[:40] for name in item if name not in ("sender", "recipient", "timestamp")]
    return ", ".join(names[:3]) or "it is empty"


READERS: dict[str, Callable[[dict, str], Any]] = {
    "message": _message,
    "message_edit": _edit,
    "reaction": _reaction,
    "read": _read,
    "delivery": _delivery,
    "postback": _postback,
    "referral": _referral,
}
