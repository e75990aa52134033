"""The JSON of an answer: as dicts and lists or, of a list of conversations, by type.

One such answer is a megabyte. As dicts it is fifty thousand objects, which take longer to make and to lose
than all that is done with them. What Graph usually sends is therefore read straight into what we use of it,
parts that are only kept as the bytes that came. A conversation with anything unusual comes as a dict.
"""

import json
import math
from contextlib import suppress
from typing import Any

import msgspec
import orjson
from msgspec import UNSET, Raw, Struct, UnsetType

LONGEST_NUMBER = 1000  # digits; Python refuses to read more than 4,300, and the whole answer with them
NOTHING = Raw()


class TypedMessage(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The fields of graph/fields.py; `from_` and what comes after are JSON, empty where it was left out."""

    id: str
    created_time: str
    message: str | UnsetType = UNSET
    from_: Raw = msgspec.field(name="from", default=NOTHING)
    to: Raw = NOTHING
    tags: Raw = NOTHING
    attachments: Raw = NOTHING
    shares: Raw = NOTHING
    sticker: Raw = NOTHING
    reactions: Raw = NOTHING
    reply_to: Raw = NOTHING
    story: Raw = NOTHING
    is_unsupported: Raw = NOTHING


class TypedMessages(Struct, forbid_unknown_fields=True, omit_defaults=True):
    data: list[TypedMessage]
    paging: dict | UnsetType = UNSET


class TypedConversation(Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    updated_time: str
    messages: TypedMessages | UnsetType = UNSET
    participants: Raw = NOTHING
    senders: Raw = NOTHING
    message_count: int | UnsetType = UNSET
    unread_count: int | UnsetType = UNSET
    snippet: str | UnsetType = UNSET
    can_reply: bool | UnsetType = UNSET


class _List(Struct, forbid_unknown_fields=True):
    data: list[TypedConversation]
    paging: dict | None = None


class _OddList(Struct, forbid_unknown_fields=True):
    data: list[Raw]
    paging: dict | None = None


_list = msgspec.json.Decoder(_List)
_odd_list = msgspec.json.Decoder(_OddList)
_conversation = msgspec.json.Decoder(TypedConversation)
ODD = (msgspec.MsgspecError, ValueError, RecursionError)


def parsed_conversations(content: bytes) -> Any:
    """The answer to a question for conversations. Its `data` holds a TypedConversation each, or a dict."""
    with suppress(*ODD):
        content.decode()  # which nobody would look at in what is only kept
        with suppress(*ODD):
            answer = _list.decode(content)
            return {"data": answer.data, "paging": answer.paging}
        odd = _odd_list.decode(content)
        return {"data": [_one(raw) for raw in odd.data], "paging": odd.paging}
    return parsed(content)


def _one(raw: Raw) -> Any:
    try:
        return _conversation.decode(raw)
    except ODD:
        return parsed(bytes(raw))


def as_it_came(value: Struct) -> Any:
    """What was read by type, as dicts and lists."""
    return parsed(msgspec.json.encode(value))


def parsed(content: bytes) -> Any:
    """The JSON, None where it is none, or nested so deeply that only malice does it."""
    if not content:
        return None
    with suppress(ValueError):  # of numbers beyond 64 bits, which Graph has none of, it keeps the size alone
        return orjson.loads(content)
    # Graph cuts texts in the middle of a character, which only json accepts.
    try:
        return json.loads(content, parse_constant=lambda name: None, parse_float=_float)
    except RecursionError:
        return None
    except ValueError:
        pass
    try:  # again, for the sake of a number that is too long for Python
        return json.loads(content, parse_constant=lambda name: None, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError):
        return None


def _float(digits: str) -> float | None:
    return number if math.isfinite(number := float(digits)) else None


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) < LONGEST_NUMBER else digits
