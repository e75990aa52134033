"""Decodes the file of a thread, of the usual archive or of that of encrypted chats, to one form.

Any part may be missing or of another type. What can be read is read.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from conversations.graph.decoding import decode
from conversations.imports.archives.repair import Repair, Repairer
from conversations.lib.text import clean

BOM = b"\xef\xbb\xbf"
# Facebook began in 2004; a later time than this is an error, too.
FIRST_MS = int(datetime(2004, 1, 1, tzinfo=UTC).timestamp() * 1000)
LAST_MS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
MAX_DIGITS = 15
MAX_NAME = 2_000  # characters of a name or a title
# The fields of the archive of encrypted chats, and what the usual archive calls them.
ENCRYPTED_FIELDS = {
    "senderName": "sender_name",
    "timestamp": "timestamp_ms",
    "text": "content",
    "isUnsent": "is_unsent",
}
NO_MEDIA = "Failed to download media"


class NoJson(Exception):
    """The file is no JSON of a thread, or not all of it is there."""


class ThreadHead(NamedTuple):
    """What a file says of its thread."""

    participants: list[str]
    title: str
    is_group: bool
    is_encrypted: bool


class ThreadContent(NamedTuple):
    head: ThreadHead
    messages: list[Any]  # in the fields of the usual archive, not repaired
    repair: Repair


class _Head(msgspec.Struct):
    """Without the messages, which are skipped unread."""

    participants: Any = None
    messages: msgspec.Raw = msgspec.Raw()
    title: Any = None
    thread_type: Any = None
    threadName: Any = None


_head_decoder = msgspec.json.Decoder(_Head)


def read_head(content: bytes, repairer: Repairer) -> ThreadHead | None:
    """Return what the file says of its thread; None if it is none. Raises NoJson."""
    content = content.removeprefix(BOM)
    try:
        values: Any = _head_decoder.decode(content)
        fields = {name: getattr(values, name) for name in values.__struct_fields__}
        fields["messages"] = [] if bytes(values.messages).startswith(b"[") else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        fields = _decode(content)
    return _head(fields, repairer.of_file(content))


def read_content(content: bytes, repairer: Repairer) -> ThreadContent:
    """Return the thread. Raises NoJson."""
    content = content.removeprefix(BOM)
    fields = _decode(content)
    repair = repairer.of_file(content)
    head = _head(fields, repair)
    if head is None:
        raise NoJson
    if head.is_encrypted:
        return ThreadContent(head, [_usual_fields(item) for item in fields["messages"]], clean)
    return ThreadContent(head, fields["messages"], repair)


def _decode(content: bytes) -> Any:
    value = decode(content)
    if value is None:
        raise NoJson
    return value


def _head(fields: Any, repair: Repair) -> ThreadHead | None:
    """A thread is an object with both participants and messages."""
    if not isinstance(fields, dict):
        return None
    participants, messages = fields.get("participants"), fields.get("messages")
    if not (isinstance(participants, list) and isinstance(messages, list)):
        return None
    thread_name = fields.get("threadName")
    # The usual archive has objects as participants.
    is_encrypted = isinstance(thread_name, str) or any(isinstance(one, str) for one in participants)
    title = thread_name if is_encrypted else fields.get("title")
    repair = clean if is_encrypted else repair
    return ThreadHead(
        [repair(name[:MAX_NAME]) for name in _names(participants)],
        repair(title[:MAX_NAME]) if isinstance(title, str) else "",
        fields.get("thread_type") == "RegularGroup",
        is_encrypted,
    )


def _names(participants: list) -> Iterator[str]:
    for one in participants:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name


def _usual_fields(message: Any) -> Any:
    """Return a message of the archive of encrypted chats in the fields of the usual one."""
    if not isinstance(message, dict):
        return message
    fields = {usual: message[name] for name, usual in ENCRYPTED_FIELDS.items() if name in message}
    fields["reactions"] = message.get("reactions")
    fields["is_placeholder"] = message.get("type") == "placeholder"
    media = message.get("media")
    if isinstance(media, list):
        fields["media"] = [item for item in media if isinstance(item, dict) and item.get("uri") != NO_MEDIA]
        fields["missing_media"] = len(media) - len(fields["media"])
    return fields


def time_of(message: dict) -> int | None:
    """Return the time in milliseconds; None if it has no usable one. Digits in a text are a number, too."""
    value = message.get("timestamp_ms")
    if type(value) is int and FIRST_MS <= value <= LAST_MS:  # nearly all
        return value
    if value is None and (seconds := _number(message.get("timestamp"))) is not None:
        value = seconds * 1000 if seconds < FIRST_MS // 10 else seconds
    time = _number(value)
    return time if time is not None and FIRST_MS <= time <= LAST_MS else None


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        is_number = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
        return int(value) if is_number else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if type(value) is int else None
