"""The items of webhooks, for each kind, as both platforms have been seen to send them."""

from itertools import count
from typing import Any

from conversations.sandbox.data.history import Message
from conversations.sandbox.data.world_events import WorldEvent

Item = dict[str, Any]

# Which field of a subscription brings it, by the object of the webhook. Instagram has none for deliveries.
FIELDS: dict[str, dict[str, str]] = {
    "page": {
        "message": "messages",
        "echo": "message_echoes",
        "message_edit": "message_edits",
        "unsend": "messages",
        "reaction": "message_reactions",
        "read": "message_reads",
        "delivery": "message_deliveries",
        "postback": "messaging_postbacks",
        "referral": "messaging_referrals",
    },
    "instagram": {
        "message": "messages",
        "echo": "messages",
        "message_edit": "message_edit",
        "unsend": "messages",
        "reaction": "message_reactions",
        "read": "messaging_seen",
        "postback": "messaging_postbacks",
        "referral": "messaging_referral",
    },
}
OBJECTS = {"messenger": "page", "instagram": "instagram"}
META_INBOX = {"messenger": 263902037430900, "instagram": 1217981644879628}  # the app of Facebook's own inbox
MEDIA = {"image_data": "image", "video_data": "video"}


def field_of(event: WorldEvent) -> str | None:
    """Return the field that brings this; None if the platform does not tell."""
    kind = "echo" if event.kind == "message" and event.by_page else event.kind
    return FIELDS[OBJECTS[event.thread.platform]].get(kind)


def item_of(event: WorldEvent) -> Item:
    """Return the item of a webhook. IDs are those of REST, times are milliseconds."""
    sides = [{"id": event.customer.id}, {"id": event.thread.business.id}]
    sender, recipient = reversed(sides) if event.by_page else sides
    kind, value = _value_of(event)
    return {"sender": sender, "recipient": recipient, "timestamp": milliseconds(event.at), kind: value}


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _value_of(event: WorldEvent) -> tuple[str, dict[str, Any]]:
    mid = event.message.id if event.message else ""
    match event.kind:
        case "message":
            value = message_value(event.subject, event) | event.values
            return "message", {name: each for name, each in value.items() if each is not None}
        case "unsend":
            return "message", {"mid": mid, "is_deleted": True} | _echo(event)
        case "message_edit":
            edited = event.subject
            return "message_edit", {"mid": mid, "text": edited.message, "num_edit": edited.edits}
        case "reaction":
            return "reaction", {"mid": mid, **event.values}
        case "read" | "delivery":
            return event.kind, _mark_value(event)
        case "postback":
            return "postback", {"mid": mid, "title": event.subject.message, **event.values}
        case _:
            return "referral", dict(event.values)


def _mark_value(event: WorldEvent) -> dict[str, Any]:
    ids = event.values["ids"]
    if event.thread.platform == "instagram":
        return {"mid": ids[0]} if ids else {}
    watermark = {"watermark": milliseconds(event.values["until"])}
    return {"mids": ids, **watermark} if event.kind == "delivery" and ids else watermark


# -- messages ----------------------------------------------------------------------------------------------
def message_value(message: Message, event: WorldEvent) -> dict[str, Any]:
    fields = message.fields
    value: dict[str, Any] = {"mid": message.id, **_echo(event)}
    if message.message:
        value["text"] = message.message
    if attachments := attachments_of(fields):
        value["attachments"] = attachments
    story = fields.get("story")
    if isinstance(fields.get("reply_to"), dict):
        value["reply_to"] = {"mid": fields["reply_to"].get("mid")}
    elif isinstance(story, dict) and isinstance(story.get("reply_to"), dict):
        shown = story["reply_to"]
        value["reply_to"] = {"story": {"id": shown.get("id"), "url": shown.get("link")}}
    if fields.get("is_unsupported"):
        value["is_unsupported"] = True
    return value


def _echo(event: WorldEvent) -> dict[str, Any]:
    return {"is_echo": True, "app_id": META_INBOX[event.thread.platform]} if event.by_page else {}


def attachments_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Graph's attachments, sticker and shares as webhooks show them."""
    listed = fields.get("attachments")
    shown = (
        [_attachment(each) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    if sticker := fields.get("sticker"):
        shown.append({"type": "sticker", "payload": {"url": sticker, "sticker_id": 369239263222822}})
    shares = fields.get("shares")
    shown += [_share(each) for each in shares if isinstance(each, dict)] if isinstance(shares, list) else []
    return shown


def _attachment(each: dict[str, Any]) -> dict[str, Any]:
    for name in ("video_data", "image_data"):
        if url := (each.get(name) or {}).get("url"):
            return {"type": MEDIA[name], "payload": {"url": url}}
    if template := each.get("generic_template"):
        element = {"title": template.get("title"), "subtitle": template.get("subtitle")}
        payload = {"template_type": "generic", "elements": [element]}
        return {"type": "template", "title": template.get("title"), "payload": payload}
    if url := each.get("file_url"):
        is_audio = str(each.get("mime_type")).startswith("audio/")
        return {"type": "audio" if is_audio else "file", "payload": {"url": url}}
    return {"type": "fallback", "title": each.get("name"), "payload": None}


def _share(each: dict[str, Any]) -> dict[str, Any]:
    link, title = each.get("link"), each.get("name")
    return {"type": "fallback", "title": title, "url": link, "payload": {"url": link, "title": title}}


# -- what is no message of the world -----------------------------------------------------------------------
FILE = "https://lookaside.example/file"
# Attachments beside those of the world's messages, by type and by form.
ATTACHMENTS: dict[str, Item] = {
    "unknown": {"type": "hologram", "payload": {"depth": 3}},
    "without payload": {"type": "like_heart"},
    "with a text": {"type": "fallback", "payload": "https://shop.example"},
    "link without payload": {"type": "fallback", "title": "Shop", "url": "https://shop.example"},
    "location": {"type": "location", "payload": {"coordinates": {"lat": 47.07, "long": 15.44}}},
    "sticker of before": {"type": "image", "payload": {"url": FILE, "sticker_id": 369239263222822}},
    "product": {"type": "template", "payload": {"product": {"elements": [{"title": "Lamp"}]}}},
    "reel": {"type": "reel", "payload": {"url": "/reel/123/", "reel_video_id": 123, "title": "New"}},
    "ig_reel": {"type": "ig_reel", "payload": {"url": FILE, "reel_video_id": 123}},
    "post": {"type": "post", "payload": {"url": FILE, "title": "Sale"}},
    "ig_post": {"type": "ig_post", "payload": {"ig_post_media_id": "178", "title": "Sale", "url": FILE}},
    "share": {"type": "share", "payload": {"url": FILE}},
    "story_mention": {"type": "story_mention", "payload": {"url": FILE}},
    "ephemeral": {"type": "ephemeral"},
    "unsupported_type": {"type": "unsupported_type", "payload": {"url": FILE}},
    "appointment_booking": {"type": "appointment_booking", "payload": {"id": "1"}},
}


def others(person: str, page: str, ms: int) -> dict[str, Item]:
    """Items of further kinds, by name: understood ones without a message, unknown ones, and odd forms."""
    frame = {"sender": {"id": person}, "recipient": {"id": page}, "timestamp": ms}
    apps = {"previous_owner_app_id": None, "new_owner_app_id": "1517776481860111", "metadata": "note"}

    numbers = count(1)

    def message(**value: Any) -> Item:
        return frame | {"message": {"mid": f"m_odd{ms}.{next(numbers)}", **value}}

    attachments = {f"attachment: {name}": message(attachments=[each]) for name, each in ATTACHMENTS.items()}
    return attachments | {
        "optin": frame | {"optin": {"type": "notification_messages", "notification_messages_token": "1"}},
        "pass_thread_control": frame | {"pass_thread_control": apps},
        "take_thread_control": frame | {"take_thread_control": apps | {"previous_owner_app_id": "1"}},
        "request_thread_control": frame | {"request_thread_control": {"requested_owner_app_id": "1"}},
        "app_roles": {
            "recipient": {"id": page},
            "timestamp": ms,
            "app_roles": {"1234": ["primary_receiver"]},
        },
        "policy-enforcement": {
            "recipient": {"id": page},
            "timestamp": ms,
            "policy-enforcement": {"action": "block", "reason": "…"},
        },
        "account_linking": frame | {"account_linking": {"status": "linked", "authorization_code": "1"}},
        "unknown kind": frame | {"message_hologram": {"mid": "m_hologram"}},
        "quick reply": message(text="yes", quick_reply={"payload": "OPT:1"}),
        "reply to a story": message(text="nice", reply_to={"story": {"id": "178", "url": FILE}}),
        "unsupported": message(is_unsupported=True),
        "of an advertisement": message(
            text="How much?",
            referral={"source": "ADS", "ad_id": "238", "ads_context_data": {"ad_title": "Sale"}},
        ),
        "of a checkbox": message(text="hi") | {"prior_message": {"source": "checkbox_plugin"}},
        "numbered": message(text="hi", seq=73),
        "without sender": {name: value for name, value in message(text="hi").items() if name != "sender"},
        "sender without id": message(text="hi") | {"sender": {"user_ref": "checkbox-1"}},
        "without timestamp": {
            name: value for name, value in message(text="hi").items() if name != "timestamp"
        },
        "delivery without mids": frame | {"delivery": {"watermark": ms}},
        "empty postback": frame | {"postback": {}},
        "edit instead of a message": frame
        | {"message_edit": {"mid": f"m_new{ms}", "text": "hi", "num_edit": 0}},
        "empty": {},
    }


def dashboard_test() -> Item:
    """What the button *Test* of the dashboard sends."""
    message = {"mid": "random_mid", "text": "random_text"}
    people = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}}
    return {**people, "timestamp": "1527459824", "message": message}
