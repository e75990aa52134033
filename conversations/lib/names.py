"""Names of people: what Facebook shows instead of a name, and how a name that shows nothing is displayed."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext

from conversations.lib.folding import fold

GENERAL_NAMES_FILE = Path(__file__).with_name("general_names.txt")  # with the name of the brand Facebook
BRANDS = (  # that take the place of Facebook
    {"Facebook": "Instagram", "فيسبوك": "انستغرام", "פייסבוק": "אינסטגרם", "फ़ेसबुक": "इंस्टाग्राम"},
    {"Facebook": "Messenger", "فيسبوك": "ماسنجر", "פייסבוק": "מסנג'ר", "फ़ेसबुक": "मैसेंजर"},
)
# Letters and symbols that are drawn as nothing.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
INVISIBLE_CATEGORIES = ("C", "M", "Z")  # control and format characters, marks without a letter, spaces


def display_name(name: str, person_id: str) -> str:
    """Return the name as every screen shows it: one that shows nothing is replaced by the ID."""
    return name if is_visible(name) else gettext("No name (%(id)s)") % {"id": person_id}


def is_visible(name: str) -> bool:
    return any(
        character not in BLANK and not unicodedata.category(character).startswith(INVISIBLE_CATEGORIES)
        for character in name
    )


def is_placeholder(name: str, person_id: str) -> bool:
    """Whether this is no name of the person: nothing visible, the ID, or "Facebook User" in any language."""
    return name == person_id or _is_general(name)


@lru_cache(10_000)
def _is_general(name: str) -> bool:
    return not is_visible(name) or _letters(name) in GENERAL_NAMES


def _letters(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


def _general_names() -> frozenset[str]:
    names = [line for line in GENERAL_NAMES_FILE.read_text("utf-8").splitlines() if line[:1] != "#"]
    for translations in BRANDS:
        names += [_replace(name, translations) for name in names]
    return frozenset(map(_letters, names))


def _replace(name: str, translations: dict[str, str]) -> str:
    for facebook, brand in translations.items():
        name = name.replace(facebook, brand)
    return name


GENERAL_NAMES = _general_names()
