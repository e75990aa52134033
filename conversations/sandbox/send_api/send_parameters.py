"""The parameters of POST /{page}/messages, read and checked as Facebook checks them."""

import json
from dataclasses import dataclass, field
from typing import Any

from conversations.sandbox.request import Request
from conversations.sandbox.responses.error_responses import bad_parameter

from .send_refusals import refusal, too_long, too_many
from .send_switches import SendSwitches

ENUMS = {
    "messaging_type": ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"),
    "notification_type": ("REGULAR", "SILENT_PUSH", "NO_PUSH"),
    "sender_action": ("TYPING_ON", "TYPING_OFF", "MARK_SEEN", "REACT", "UNREACT"),
    "suggestion_action": ("ACCEPT", "DISMISS", "IMPRESSION"),
}
RECIPIENTS = ("id", "user_ref", "post_id", "comment_id", "phone_number", "notification_messages_token")
MESSAGE_KEYS = ("text", "attachment", "attachments", "quick_replies", "metadata", "sticker_id")
FILE_TYPES = ("audio", "file", "image", "video")
TEMPLATE = "template"
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email", "location")
MAX_QUICK_REPLIES, MAX_FILES = 13, 10
HUMAN_AGENT = "HUMAN_AGENT"
TAGS = (HUMAN_AGENT,)  # those of before 27 April 2026 are refused


@dataclass(frozen=True)
class AskedFile:
    """A file by `url`, by `attachment_id`, or (neither) in the body of the call."""

    type: str
    url: str | None = None
    attachment_id: str | None = None
    is_reusable: bool = False


@dataclass(frozen=True)
class AskedMessage:
    """What a call asks to send: a message, or an `action` without one."""

    recipient_id: str
    tag: str | None = None
    text: str = ""
    files: tuple[AskedFile, ...] = ()
    template: dict[str, Any] | None = None
    sticker_id: str | None = None
    quick_replies: list[dict[str, Any]] = field(default_factory=list)
    metadata: str | None = None
    reply_to: str | None = None
    action: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


def asked_message(request: Request, switches: SendSwitches) -> AskedMessage:
    """Return what the call asks for. Raises GraphFailure for what Facebook refuses for every recipient."""
    params = request.params
    chosen = {name: _choice(params, name) for name in ENUMS}
    if not chosen["messaging_type"] and switches.needs_messaging_type:
        raise bad_parameter("The parameter messaging_type is required.")
    if params.get("persona_id"):  # no Page of the sandbox has personas
        raise refusal("invalid parameter")
    asked: dict[str, Any] = {
        "recipient_id": recipient_id(params),
        "tag": _tag(params, chosen["messaging_type"]),
        "reply_to": _text(_object(params, "reply_to").get("mid")),
    }
    message = _object(params, "message")
    if action := chosen["sender_action"]:
        if message:
            raise refusal("message and action")
        return AskedMessage(**asked, action=action, payload=_object(params, "payload"))
    return AskedMessage(**asked, **_message(message, switches, has_upload=bool(request.files)))


def recipient_id(params: dict[str, str]) -> str:
    """Return the person's ID of `recipient`, which is an object or, in some calls, the ID itself."""
    if "recipient" not in params:
        raise bad_parameter("The parameter recipient is required.")
    if params["recipient"].isdecimal():
        return params["recipient"]
    recipient = _object(params, "recipient")
    _check_keys(recipient, RECIPIENTS, "recipient")
    if "comment_id" in recipient:
        raise refusal("comment")
    if not recipient:
        raise bad_parameter("param recipient must be non-empty.")
    return str(recipient.get("id", ""))


def _tag(params: dict[str, str], messaging_type: str | None) -> str | None:
    tag = params.get("tag")
    if messaging_type == "UTILITY":  # only with a template that Facebook has approved
        raise refusal("invalid parameter")
    if messaging_type == "MESSAGE_TAG" and not tag:
        raise bad_parameter("The parameter tag is required.")
    if tag and tag.upper() not in TAGS:
        raise refusal("invalid parameter")
    return tag.upper() if tag else None


# -- the message -------------------------------------------------------------------------------------------
def _message(message: dict[str, Any], switches: SendSwitches, *, has_upload: bool) -> dict[str, Any]:
    _check_keys(message, MESSAGE_KEYS, "message")
    files, template = _attachments(message)
    asked: dict[str, Any] = {
        "text": _text(message.get("text")) or "",
        "files": files,
        "template": template,
        "sticker_id": _text(message.get("sticker_id")),
        "quick_replies": _quick_replies(message.get("quick_replies")),
        "metadata": _text(message.get("metadata")),
    }
    if len(asked["text"]) > switches.max_text:
        raise too_long("message[text]", switches.max_text)
    if len(asked["metadata"] or "") > switches.max_metadata:
        raise too_long("message[metadata]", switches.max_metadata)
    if not (asked["text"] or files or template or asked["sticker_id"]):
        raise refusal("nothing to send")
    if any(file.url is None and file.attachment_id is None for file in files) and not has_upload:
        raise bad_parameter("param message[attachment][payload] must have a url or an attachment_id.")
    return asked


def _attachments(message: dict[str, Any]) -> tuple[tuple[AskedFile, ...], dict[str, Any] | None]:
    single, several = message.get("attachment"), message.get("attachments")
    if single is not None and several is not None:
        raise refusal("invalid parameter")
    if single is not None:
        return _single_attachment(single)
    if several is None:
        return (), None
    if not isinstance(several, list):
        raise bad_parameter("param message[attachments] must be an array.")
    if len(several) > MAX_FILES:
        raise too_many("message[attachments]")
    files = tuple(_asked_file(each) for each in several)
    if any(file.type != "image" for file in files):
        raise refusal("instagram data")
    return files, None


def _single_attachment(attachment: Any) -> tuple[tuple[AskedFile, ...], dict[str, Any] | None]:
    kind = attachment.get("type") if isinstance(attachment, dict) else None
    if kind != TEMPLATE:
        return (_asked_file(attachment),), None
    payload = attachment.get("payload")
    if not isinstance(payload, dict) or "template_type" not in payload:
        raise bad_parameter("param message[attachment][payload][template_type] must be non-empty.")
    return (), payload


def _asked_file(attachment: Any) -> AskedFile:
    kind = str(attachment.get("type", "")).lower() if isinstance(attachment, dict) else ""
    if kind not in FILE_TYPES:
        allowed = ", ".join((*FILE_TYPES, TEMPLATE)).upper()
        raise bad_parameter(f"Param message[attachment][type] must be one of {{{allowed}}} - got {kind!r}.")
    payload = attachment.get("payload") or {}
    if not isinstance(payload, dict):
        raise bad_parameter("param message[attachment][payload] must be an object.")
    url, id = _text(payload.get("url")), _text(payload.get("attachment_id"))
    if url and id:
        raise refusal("invalid parameter")
    is_reusable = str(payload.get("is_reusable", "")).lower() in ("true", "1")
    return AskedFile(kind, url or None, id or None, is_reusable)


def _quick_replies(given: Any) -> list[dict[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise bad_parameter("param message[quick_replies] must be an array.")
    if len(given) > MAX_QUICK_REPLIES:
        raise too_many("message[quick_replies]")
    for number, each in enumerate(given):
        kind = each.get("content_type")
        if kind not in QUICK_REPLY_TYPES or (kind == "text" and not each.get("title")):
            raise bad_parameter(f"param message[quick_replies][{number}] must have a content_type and title.")
    return given


def upload(request: Request) -> AskedFile:
    """Return the file of POST /{page}/message_attachments."""
    message = _object(request.params, "message")
    attachment = message.get("attachment")
    if attachment is None:
        raise bad_parameter("The parameter message is required.")
    asked = _asked_file(attachment)
    if asked.attachment_id or not (asked.url or request.files):
        raise bad_parameter("param message[attachment][payload] must have a url.")
    return asked


# -- values ------------------------------------------------------------------------------------------------
def _object(params: dict[str, str], name: str) -> dict[str, Any]:
    """Return an object that is sent as JSON, or {} if it is missing."""
    if params.get(name) in (None, "", "null"):
        return {}
    try:
        value = json.loads(params[name])
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_parameter(f"param {name} must be a valid JSON object.")
    return value


def _choice(params: dict[str, str], name: str) -> str | None:
    value = params.get(name)
    if value is None or value == "null":
        return None
    if value.upper() not in ENUMS[name]:
        raise bad_parameter(f"Param {name} must be one of {{{', '.join(ENUMS[name])}}} - got {value!r}.")
    return value.upper()


def _check_keys(value: dict[str, Any], known: tuple[str, ...], name: str) -> None:
    if unknown := sorted(set(value) - set(known)):
        raise bad_parameter(f'Invalid keys "{", ".join(unknown)}" were found in param "{name}".')


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
