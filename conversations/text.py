"""What PostgreSQL can hold and what people mean when they search."""

import math
import unicodedata

REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """The text without what PostgreSQL refuses: NUL, and surrogates that have lost their other half."""
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


def fold(text: str) -> str:
    """The text for searching: case, accents and width folded here, so no database locale matters."""
    # Casefolding may bring marks of its own (İ), so they are stripped after it.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
