"""What PostgreSQL can hold and what people mean when they search."""

import json
import math
import unicodedata
from typing import Any

import orjson

REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """The text without what PostgreSQL refuses: NUL, and surrogates that have lost their other half."""
    if text.isascii() and text.isprintable():
        return text
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A pair that arrived as two escapes is one character; what stays alone is replaced.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(value):
    """The same for anything that JSON can say, keys included. Numbers beyond all bounds become null."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(value: Any) -> str:
    """The value as JSON text that PostgreSQL can hold: see clean_json()."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # half a surrogate, an integer of more than 64 bits
        text = "\\u0000"
    return json.dumps(clean_json(value), default=str) if "\\u0000" in text else text


def clean_json_text(text: str) -> str:
    """JSON text that PostgreSQL can hold."""
    if "\\" not in text:  # found sooner
        return text
    return as_json(json.loads(text)) if "\\u" in text else text


def fold(text: str) -> str:
    """The text for searching: case, accents and width folded here, so no database locale matters."""
    if text.isascii():
        return text.casefold()
    # Casefolding may bring marks of its own (İ), so they are stripped after it.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
