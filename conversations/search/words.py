"""Filters as people type them: `tag:vip -tag:late before:2024-05 from:page has:photo is:unread blue dress`.

docs/api.md has the words in a table. What is no such word is the text to search for.
"""

import calendar
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext

from conversations.lib.labels import name_key
from conversations.models import Platform
from conversations.search.parsing import quote
from tags.models import Tag

Parameters = dict[str, str]

# A key and its value, either of which may be missing. Quotes keep spaces and commas together.
WORD = re.compile(r'(?P<minus>-?)(?:(?P<key>[A-Za-z]+):(?!//))?(?P<value>(?:"[^"]*"|\S)*)')
SEARCH_PLACES = ("messages", "names", "all")  # of search_in
QUOTED = re.compile(r'"([^"]*)"')
COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')  # outside of quotes
PERIOD = re.compile(r"([12][0-9]{3})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
IS = {
    "unread": ("unread", "true", "false"),
    "read": ("unread", "false", "true"),
    "open": ("status", "active", "done"),
    "done": ("status", "done", "active"),
    "waiting": ("waiting", "true", "false"),
    "tagged": ("untagged", "false", "true"),
    "untagged": ("untagged", "true", "false"),
    "snoozed": ("snoozed", "true", "false"),
}
HAS = {"attachment": "true", "photo": "image"} | {
    kind: kind for kind in ("image", "video", "audio", "file", "sticker", "card")
}
PEOPLE = {"assignee": ("me", "none"), "mentioned": ("me",)}  # what may stand there beside the ID of a user


class InvalidWord(ValueError):
    """The text names the word, and says what is wrong with it."""

    def __init__(self, word: "Word", reason: str):
        super().__init__(f"{quote(word.text)}: {reason}")


class Word(NamedTuple):
    """A word as it was typed. Without a key it is text."""

    text: str
    key: str
    quoted_value: str
    is_negated: bool

    @property
    def value(self) -> str:
        return without_quotes(self.quoted_value)


def parse_words(text: str) -> Parameters:
    """Return the parameters of the list that the words stand for. Raises InvalidWord."""
    words = list(split_words(text))
    result: Parameters = {}
    sources: dict[str, Word] = {}
    for word in words:
        for name, value in parameters_of(word).items():
            if result.setdefault(name, value) != value:
                raise InvalidWord(
                    word, gettext("It contradicts %(text)s.") % {"text": quote(sources[name].text)}
                )
            sources.setdefault(name, word)
    search = " ".join(word.value for word in words if not word.key).strip()
    return result | tag_parameters(words) | ({"search": search} if search else {})


def parameters_of(word: Word) -> Parameters:
    """Return those of one word. Text and tags are read together."""
    if word.key in ("", "tag"):
        return {}
    if word.key not in READERS:
        known = ", ".join(f"{key}:" for key in KEYS)
        raise InvalidWord(
            word, gettext("The words are %(known)s. Put text with a colon in quotes.") % {"known": known}
        )
    return READERS[word.key](word)


def split_words(text: str) -> Iterator[Word]:
    for match in WORD.finditer(text):
        minus, key, value = match["minus"], (match["key"] or "").lower(), match["value"]
        if key in KEYS or (key and value):
            yield Word(match[0], key, value, bool(minus))
        elif match[0]:
            yield Word(match[0], "", match[0], is_negated=False)


def without_quotes(text: str) -> str:
    return QUOTED.sub(r"\1", text)


# -- the words, by their keys
def read_is(word: Word) -> Parameters:
    parameter, value, negated = IS[choose(word, IS)]
    return {parameter: negated if word.is_negated else value}


def read_has(word: Word) -> Parameters:
    if word.value.lower() == "note":
        return {"has_note": "false" if word.is_negated else "true"}
    kind = HAS[choose(word, [*HAS, "note"])]
    if word.is_negated and kind != "true":
        raise InvalidWord(word, gettext("Only -has:attachment and -has:note are known."))
    return {"has_attachment": "false" if word.is_negated else kind}


def choice(parameter: str, values: Collection[str]) -> Callable[[Word], Parameters]:
    """Return the reader of a word whose value is that of the parameter."""

    def read(word: Word) -> Parameters:
        refuse_minus(word)
        return {parameter: choose(word, values)}

    return read


def read_before(word: Word) -> Parameters:
    return {"endDate": str(read_period(word)[0] - timedelta(days=1))}


def read_after(word: Word) -> Parameters:
    return {"startDate": str(read_period(word)[0])}


def read_on(word: Word) -> Parameters:
    first, last = read_period(word)
    return {"startDate": str(first), "endDate": str(last)}


def read_ad(word: Word) -> Parameters:
    refuse_minus(word)
    if not word.value:
        raise InvalidWord(word, gettext("Enter the ID of an ad after the colon."))
    return {"ad_id": word.value}


def read_person(word: Word) -> Parameters:
    refuse_minus(word)
    value = word.value.lower()
    if value.isascii() and value.isdigit() and value.strip("0"):
        return {word.key: value}
    if value in PEOPLE[word.key]:
        return {word.key: value}
    known = gettext(" or ").join(f"{word.key}:{name}" for name in PEOPLE[word.key])
    raise InvalidWord(
        word, gettext("Enter %(words)s, or the ID of a user after the colon.") % {"words": known}
    )


READERS: dict[str, Callable[[Word], Parameters]] = {
    "is": read_is,
    "has": read_has,
    "from": choice("last_message_from", ["customer", "page"]),
    "before": read_before,
    "after": read_after,
    "on": read_on,
    "in": choice("search_in", SEARCH_PLACES),
    "platform": choice("platform", Platform.values),
    "ad": read_ad,
    "assignee": read_person,
    "mentioned": read_person,
}


KEYS = ("tag", *READERS)


def choose(word: Word, values: Collection[str]) -> str:
    """Return the value of the word, which is one of these."""
    value = word.value.lower()
    if value not in values:
        raise InvalidWord(
            word,
            gettext("Known are %(words)s.") % {"words": ", ".join(f"{word.key}:{name}" for name in values)},
        )
    return value


def refuse_minus(word: Word) -> None:
    if word.is_negated:
        raise InvalidWord(word, gettext("It cannot have a minus sign."))


def read_period(word: Word) -> tuple[date, date]:
    """Return the first and the last day of a year, a month or a day."""
    refuse_minus(word)
    if match := PERIOD.fullmatch(word.value):
        with suppress(ValueError):  # there is no such day
            year, month, day = match.groups()
            first = date(int(year), int(month or 1), int(day or 1))
            last = first if day else last_day(first.year, int(month or 12))
            return first, last
    raise InvalidWord(word, gettext("Enter a day (2024-05-31), a month (2024-05) or a year (2024)."))


def last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


# -- tags
def tag_parameters(words: list[Word]) -> Parameters:
    """Each `tag:` must fit; one of several tags between commas is enough."""
    included = [(word, keys_of(word)) for word in words if word.key == "tag" and not word.is_negated]
    excluded = [(word, keys_of(word)) for word in words if word.key == "tag" and word.is_negated]
    choices = [word for word, keys in included if len(keys) > 1]
    if choices and len(included) > 1:
        raise InvalidWord(
            choices[0], gettext("Use either one word with several tags, or several words with one.")
        )
    slugs = slugs_of([*included, *excluded])
    result = {"include_tags": ",".join(slugs[key] for _, keys in included for key in keys)}
    result["exclude_tags"] = ",".join(slugs[key] for _, keys in excluded for key in keys)
    result["include_mode"] = "all" if len(included) > 1 else ""
    return {name: value for name, value in result.items() if value}


def keys_of(word: Word) -> list[str]:
    keys = [without_quotes(key).strip() for key in COMMA.split(word.quoted_value)]
    if not all(keys):
        raise InvalidWord(word, gettext("Enter the name of a tag after the colon."))
    return keys


def slugs_of(named: list[tuple[Word, list[str]]]) -> dict[str, str]:
    """Return the slug of each tag that words name, by its slug or its name. Raises InvalidWord."""
    keys = {key for _, keys in named for key in keys}
    if not keys:
        return {}
    names = {name_key(key): key for key in keys}
    found = Tag.objects.filter(Q(slug__in=keys) | Q(name_key__in=names)).values_list("slug", "name_key")
    slugs = {names[name]: slug for slug, name in found if name in names}
    slugs |= {slug: slug for slug, _ in found if slug in keys}
    for word, keys_of_word in named:
        for key in keys_of_word:
            if key not in slugs:
                raise InvalidWord(word, gettext("There is no tag %(key)s.") % {"key": quote(key)})
    return slugs
