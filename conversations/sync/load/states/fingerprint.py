"""A number by which two states of a message are compared, without what changes although the message does not.

Facebook's links get new parameters and hosts all the time, and names and tags of a message follow the person
and the inbox.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from zlib import crc32

import orjson

from conversations.lib.text import clean_json

# The fields in `data` that are a part of the message's content.
STATE_FIELDS = ("shares", "sticker", "reactions", "reply_to", "story", "is_unsupported", "cut")
CDN_HOST = re.compile(r"(^|\.)(fbcdn|fbsbx|cdninstagram)\.")
EMPTY: tuple[Any, ...] = (None, "", [], {}, {"data": []})
INT_MIN = -(2**31)


def fingerprint(kind: str, text: str, attachments: list, data: Mapping[str, Any]) -> int:
    """Return the fingerprint, an integer of PostgreSQL. The text must be storable (see `text.clean()`)."""
    state = {name: data[name] for name in STATE_FIELDS if data.get(name) not in EMPTY}
    if "reactions" in state or "reply_to" in state:
        state |= plain_references(state)
    if not attachments and not state:
        return text_fingerprint(kind, text)
    content = f"{kind}\t{text}\t".encode() + _canonical([attachments, state])
    return crc32(content) + INT_MIN


def text_fingerprint(kind: str, text: str) -> int:
    """Return the fingerprint of a message that has nothing but a text."""
    return crc32(text.encode(), _kind_checksum(kind)) + INT_MIN


@cache
def _kind_checksum(kind: str) -> int:
    return crc32(f"{kind}\t".encode())


def _canonical(value: Any) -> bytes:
    try:
        return orjson.dumps(_without_links(value), option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate, an integer of more than 64 bits
        return repr(_without_links(clean_json(value))).encode()


def _without_links(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _without_parameters(value) if value.startswith("http") else value
    if kind is dict:
        return {key: _without_links(item) for key, item in value.items() if key != "paging"}
    return [_without_links(item) for item in value] if kind is list else value


def _without_parameters(url: str) -> str:
    """Return the URL without its query, and without the host of Facebook's file servers, which changes."""
    address = url.partition("?")[0].partition("#")[0]
    host, slash, path = address.partition("://")[2].partition("/")
    return slash + path if CDN_HOST.search(host) else address


# -- reactions and quotes ----------------------------------------------------------------------------------
def plain_references(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return reactions and quote in a form that does not depend on who shows them, or on our version.

    Lists name a reaction by a word or by its emoji, webhooks by both. Earlier versions stored both fields as
    lists show them (see references.py).
    """
    plain: dict[str, Any] = {}
    if "reply_to" in state:
        reply = state["reply_to"]
        plain["reply_to"] = reply.get("mid", reply) if isinstance(reply, dict) else reply
    if "reactions" in state:
        reactions = state["reactions"]
        items = reactions.get("data", reactions) if isinstance(reactions, dict) else reactions
        plain["reactions"] = _plain_reactions(items) if type(items) is list else items
    return plain


def _plain_reactions(items: list) -> list:
    names = [name for item in items for name in _names(item)]
    return sorted(names) if all(isinstance(name, str) for name in names) else names


def _names(item: Any) -> list:
    """Return the reaction once for each who has it."""
    if not isinstance(item, dict) or not isinstance(item.get("reaction"), str):
        return [item]
    if "actor" in item:
        is_word = item["reaction"] not in ("", "other")
        return [item["reaction"] if is_word else item.get("emoji") or "other"]
    users = item.get("users")
    users = users.get("data") if isinstance(users, dict) else users
    return [item["reaction"]] * (len(users) if isinstance(users, list) and users else 1)
