"""Recognizes the sentences that Meta writes in place of a person's own words.

They are in the language of the account. Where a field tells, no language matters; for the others there is a
list.
"""

import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

SENTENCES_FILE = Path(__file__).with_name("prose_sentences.txt")
MAX_LENGTH = 300  # no sentence is longer
ENDS = 3  # characters at the beginning or the end by which candidates are chosen
# Fields that only messages about what happened have. In archives to 2022 they also have a type.
TELLING = ("call_duration", "missed", "is_taken_down", "is_placeholder", "users")
TELLING_TYPES = frozenset({"Call", "Subscribe", "Unsubscribe"})
WITH_FILES = ("share", "photos", "videos", "audio_files", "gifs", "files", "sticker", "media")
STOPS = (".", "。", "।")

Patterns = dict[str, list[re.Pattern[str]]]


def is_prose(text: str, sender: str, message: dict) -> bool:
    """Whether this text of a message is Meta's.

    `message` has the fields of the archive, or none if it has a text only.
    """
    if message and text and _fields_tell(message):
        return True
    if not text or len(text) > MAX_LENGTH:
        return False
    if (text[-1] == " " and _is_reaction(text)) or _is_known(text.strip(), sender):
        return True
    return bool(message) and _is_about_its_sender(text, sender, message)


def _fields_tell(message: dict) -> bool:
    kind = message.get("type")
    if isinstance(kind, str) and kind in TELLING_TYPES:
        return True
    return any(_is_given(message.get(name)) for name in TELLING)


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != []  # a call may have taken 0 seconds


def _is_reaction(text: str) -> bool:
    """Whether a text that ends in a blank, which Messenger removes from texts, has an emoji."""
    return any(unicodedata.category(character) == "So" for character in text)


def _is_about_its_sender(text: str, sender: str, message: dict) -> bool:
    """Whether it stands beside a file or a link and names its sender, as "Zoë sent an attachment." does."""
    if not text.rstrip().endswith(STOPS) or not any(message.get(name) for name in WITH_FILES):
        return False
    name = _first_name(sender)
    return len(name) > 1 and name in text and len(text) > len(name) + ENDS and "://" not in text


def _first_name(sender: str) -> str:
    return next(iter(sender.split()), "")


def _is_known(text: str, sender: str) -> bool:
    if text in EXACT:
        return True
    ends, starts = BY_END.get(text[-ENDS:]), BY_START.get(text[:ENDS])
    for pattern in (*(ends or ()), *(starts or ())) if ends or starts else ():
        if match := pattern.fullmatch(text):
            name = match.groupdict().get("sender")
            return name is None or (bool(sender.strip()) and _first_name(sender) in name)
    return False


def _read_sentences() -> tuple[frozenset[str], Patterns, Patterns]:
    """Return the sentences without placeholders, and the others by their last or first characters."""
    lines = [line for line in SENTENCES_FILE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    by_end: defaultdict[str, list[re.Pattern[str]]] = defaultdict(list)
    by_start: defaultdict[str, list[re.Pattern[str]]] = defaultdict(list)
    for line in lines:
        if "{" in line:
            end, start = line.rpartition("}")[2], line.partition("{")[0]
            if len(end) >= ENDS:
                by_end[end[-ENDS:]].append(_pattern(line))
            else:
                by_start[start[:ENDS]].append(_pattern(line))
    return frozenset(line for line in lines if "{" not in line), dict(by_end), dict(by_start)


def _pattern(line: str) -> re.Pattern[str]:
    escaped = re.escape(line).replace(r"\{sender\}", "(?P<sender>.{1,100})")
    return re.compile(escaped.replace(r"\{\}", ".{1,100}"))


EXACT, BY_END, BY_START = _read_sentences()
