"""Makes text and JSON storable in PostgreSQL."""

import json
import math
from typing import Any

import orjson

REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """Return the text without what PostgreSQL refuses: NUL and lone surrogates."""
    if text.isprintable():  # the usual case: neither of them is printable
        return text
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A pair of surrogates becomes one character; a lone surrogate is replaced.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def is_plain(text: str) -> bool:
    """Whether PostgreSQL accepts the text as it is, without clean()."""
    return clean(text) == text


def clean_json(value):
    """Do the same for any JSON value, keys included. Infinite numbers and NaN become null."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(value: Any) -> str:
    """Return the value as JSON text that PostgreSQL accepts: see clean_json()."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate, an integer of more than 64 bits
        text = "\\u0000"
    return json.dumps(clean_json(value), default=str) if "\\u0000" in text else text


def clean_json_text(text: str) -> str:
    """Return the JSON text in a form that PostgreSQL accepts."""
    if "\\" not in text:  # the fast case
        return text
    return as_json(json.loads(text)) if "\\u" in text else text
