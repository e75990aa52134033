"""Names that staff give to tags and saved views: how they are stored, compared and sorted.

The keys are computed here and stored beside the name, so that no locale of the database matters.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.lib.folding import IGNORABLE, fold

MAX_NAME = 100  # characters
CONTROL = _("A name cannot contain control characters.")
EMPTY = _("A name needs at least one visible character.")
TOO_LONG = _("Ensure this name has no more than %(number)s characters.")
# An i with a dot above it is an i; other marks may stand between them.
DOTTED_I = re.compile("i([\u0300-\u0306\u0308-\u036f]*)\u0307")
PARTS = re.compile(r"[0-9]+|.", re.DOTALL)
# Letters that are sorted after all words with the letter before the colon, not among them, because nearly all
# alphabets that have them do so. Others (é, ö, ё, ç) differ from their base letter only as accents do. The
# search knows none of this. docs/api.md has the table in words.
OWN_LETTERS = {
    "a": "ăą", "c": "čćĉ", "d": "đð", "e": "ęə", "g": "ğģĝ", "h": "ħĥ", "j": "ĵ", "k": "ķ", "l": "łļ",
    "n": "ñńņŋ", "o": "ơ", "r": "ř", "s": "śšşșŝ", "t": "țţ", "u": "ưŭ", "z": "źžżþæøå",
    "а": "ә", "г": "ґғ", "д": "ђѓ", "е": "є", "з": "ѕ", "и": "іїйј", "к": "қ", "л": "љ", "н": "њң", "о": "ө",
    "т": "ћќ", "у": "ўұү", "х": "һ", "ч": "џ",
}  # fmt: skip
AFTER_ITS_WORDS = 5  # more than any first byte of a part


class InvalidName(ValueError):
    """The text says what is wrong with the name."""


def clean_name(name: str) -> str:
    """Return the name as it is stored. Raises InvalidName."""
    cleaned = tidy(name)
    if any(unicodedata.category(character) == "Cc" for character in cleaned):
        raise InvalidName(CONTROL)
    if not cleaned:
        raise InvalidName(EMPTY)
    if len(cleaned) > MAX_NAME:
        raise InvalidName(TOO_LONG % {"number": MAX_NAME})
    return cleaned


def tidy(name: str) -> str:
    """Return the name in NFC, without what is not drawn, and with single spaces."""
    drawn = IGNORABLE.sub("", name)
    return " ".join(unicodedata.normalize("NFC", drawn).split())


def name_key(name: str) -> str:
    """Return what must be unique: the name without case, and with one i for the dotted and the dotless."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", tidy(name)).casefold())
    one_i = decomposed.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return unicodedata.normalize("NFC", DOTTED_I.sub(r"i\1", one_i))


def sort_key(name: str) -> bytes:
    """Return bytes whose order is that of people: signs, numbers by their value, letters.

    Accents, then case, decide only between names that are equal otherwise.
    """
    accents = unicodedata.normalize("NFD", name).casefold()
    texts = (text.encode(errors="replace") for text in (accents, name.swapcase()))
    return b"\0".join([b"".join(_sort_parts(unicodedata.normalize("NFD", accents))), *texts])


def _sort_parts(decomposed: str) -> Iterator[bytes]:
    """`decomposed` is without case."""
    end = 0
    for letter in OWN.finditer(decomposed):
        yield from map(_sort_part, PARTS.findall(fold(decomposed[end : letter.start()])))
        base, rank = RANKS[letter[0][0] + letter[0][1:][-1:]]
        yield _sort_part(base) + bytes([AFTER_ITS_WORDS + rank])
        end = letter.end()
    yield from map(_sort_part, PARTS.findall(fold(decomposed[end:])))


def _ranks() -> dict[str, tuple[str, int]]:
    """Decomposed letter → the letter that it is sorted after, and its place there."""
    return {
        unicodedata.normalize("NFD", letter): (base, rank)
        for base, letters in OWN_LETTERS.items()
        for rank, letter in enumerate(letters)
    }


RANKS = _ranks()
# Other marks may stand between a letter and its own one.
OWN = re.compile("|".join("[\u0300-\u036f]*?".join(one) for one in sorted(RANKS, key=len, reverse=True)))


def _sort_part(part: str) -> bytes:
    if part.isascii() and part.isdigit():
        digits = part.lstrip("0")
        return b"\3" + bytes([min(len(digits), 255)]) + digits.encode()
    if part.isspace():
        return b"\1"
    return (b"\4" if part.isalpha() else b"\2") + part.encode(errors="replace")


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return these names as they are stored, for rows that older versions stored.

    The first of those with the same key keeps its name; the others get a number.
    """
    stored = [_storable(name) for name in names]
    taken: set[str] = set()
    first: list[bool] = []
    for name in stored:
        first.append(name_key(name) not in taken)
        taken.add(name_key(name))
    for position, name in enumerate(stored):
        if not first[position]:
            numbers = (numbered(name, number) for number in count(2))
            stored[position] = next(free for free in numbers if name_key(free) not in taken)
            taken.add(name_key(stored[position]))
    return stored


def _storable(name: str) -> str:
    drawn = "".join(character for character in tidy(name) if unicodedata.category(character) != "Cc")
    return tidy(drawn)[:MAX_NAME].rstrip() or "Unnamed"


def numbered(name: str, number: int) -> str:
    """Return the name with ` (number)` after it, shortened where it would be too long."""
    suffix = f" ({number})"
    return name[: MAX_NAME - len(suffix)].rstrip() + suffix


# -- columns: the keys of the field `name` of their model, computed whenever a row is saved -----------------
class NameKeyField(models.TextField):
    def __init__(self, **options):
        super().__init__(**{"editable": False, "default": "", **options})

    def pre_save(self, model_instance, add):
        setattr(model_instance, self.attname, name_key(model_instance.name))
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options


class SortKeyField(models.BinaryField):
    def __init__(self, **options):
        super().__init__(**{"default": b"", **options})

    def pre_save(self, model_instance, add):
        setattr(model_instance, self.attname, sort_key(model_instance.name))
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options
