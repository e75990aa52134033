"""Decodes the JSON of responses: to dicts and lists or, for a list of conversations, to typed structs.

Such a list is about a megabyte. As dicts it is fifty thousand objects, and creating and freeing them takes
longer than everything that is done with them. What Graph usually sends is therefore decoded directly into the
fields that we use; parts that are only stored stay as raw bytes. A conversation with an unexpected field or
type is decoded to a dict.
"""

import json
import math
from contextlib import suppress
from typing import Any

import msgspec
import orjson
from msgspec import UNSET, Raw, Struct, UnsetType

MAX_DIGITS = 1000  # Python refuses to parse more than 4,300, and with them the whole response
EMPTY = Raw()


class TypedMessage(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A message with the fields of graph/fields.py. Raw fields are JSON, empty if they are missing."""

    id: str
    created_time: str
    message: str | UnsetType = UNSET
    from_: Raw = msgspec.field(name="from", default=EMPTY)
    to: Raw = EMPTY
    tags: Raw = EMPTY
    attachments: Raw = EMPTY
    shares: Raw = EMPTY
    sticker: Raw = EMPTY
    reactions: Raw = EMPTY
    reply_to: Raw = EMPTY
    story: Raw = EMPTY
    is_unsupported: Raw = EMPTY


class TypedMessages(Struct, forbid_unknown_fields=True, omit_defaults=True):
    data: list[TypedMessage]
    paging: dict | UnsetType = UNSET


class TypedConversation(Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    updated_time: str
    messages: TypedMessages | UnsetType = UNSET
    participants: Raw = EMPTY
    senders: Raw = EMPTY
    message_count: int | UnsetType = UNSET
    unread_count: int | UnsetType = UNSET
    snippet: str | UnsetType = UNSET
    can_reply: bool | UnsetType = UNSET


class _List(Struct, forbid_unknown_fields=True):
    data: list[TypedConversation]
    paging: dict | None = None
    summary: Any = None


class _MixedList(Struct, forbid_unknown_fields=True):
    data: list[Raw]
    paging: dict | None = None
    summary: Any = None


_list_decoder = msgspec.json.Decoder(_List)
_mixed_list_decoder = msgspec.json.Decoder(_MixedList)
_conversation_decoder = msgspec.json.Decoder(TypedConversation)
DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


def decode_conversations(content: bytes) -> Any:
    """Decode a list of conversations. Each item of its `data` is a TypedConversation or a dict."""
    with suppress(*DECODE_ERRORS):
        content.decode()  # raises for invalid UTF-8, which msgspec does not check in Raw fields
        with suppress(*DECODE_ERRORS):
            response = _list_decoder.decode(content)
            return {"data": response.data, "paging": response.paging, "summary": response.summary}
        mixed = _mixed_list_decoder.decode(content)
        data = [_decode_conversation(raw) for raw in mixed.data]
        return {"data": data, "paging": mixed.paging, "summary": mixed.summary}
    return decode(content)


def _decode_conversation(raw: Raw) -> Any:
    try:
        return _conversation_decoder.decode(raw)
    except DECODE_ERRORS:
        return decode(bytes(raw))


def to_builtins(value: Struct) -> Any:
    """Return a typed struct as dicts and lists."""
    return decode(msgspec.json.encode(value))


def decode(content: bytes) -> Any:
    """Decode JSON. Return None if it is invalid or nested too deeply."""
    if not content:
        return None
    try:  # numbers beyond 64 bits become floats; Graph has none
        return orjson.loads(content)
    except ValueError:
        pass
    # Graph cuts texts in the middle of a surrogate pair, which only json accepts.
    try:
        return json.loads(content, parse_constant=lambda name: None, parse_float=_float)
    except RecursionError:
        return None
    except ValueError:
        pass
    try:  # again, for a number that is too long for Python
        return json.loads(content, parse_constant=lambda name: None, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError):
        return None


def _float(digits: str) -> float | None:
    return number if math.isfinite(number := float(digits)) else None


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) < MAX_DIGITS else digits
