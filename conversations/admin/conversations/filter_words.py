"""Says in words what a filter of the list selects, as the chips of the inbox page do."""

from collections.abc import Iterable, Iterator, Mapping

from conversations.admin.formatting import CONVERSATION_STATUS_LABELS, SEARCH_PLACES
from conversations.lib.attachment_kinds import KINDS_BY_NAME
from conversations.models import Platform
from conversations.search.filters import spelled_out
from tags.models import Tag

FLAG_TEXTS = {"1": "true", "0": "false"}
# What a parameter says where it is true, and where it is false.
FLAG_WORDS = {
    "untagged": ("Untagged", "Tagged"),
    "unread": ("Unread", "Read"),
    "waiting": ("Needs reply (over 24 h)", "No reply needed"),
    "snoozed": ("Snoozed", "Not snoozed"),
    "has_note": ("With notes", "Without notes"),
}
SENDER_WORDS = {"customer": "Customer wrote last", "page": "Answered last by the Page"}
ATTACHMENT_WORDS = {"true": "With attachments", "false": "Without attachments"} | {
    kind: f"With {kind}" for kind in KINDS_BY_NAME
}
CHOICE_WORDS: dict[str, Mapping[str, str]] = {
    "status": CONVERSATION_STATUS_LABELS,
    "platform": {value: str(label) for value, label in Platform.choices},
    "last_message_from": SENDER_WORDS,
    "has_attachment": ATTACHMENT_WORDS,
}
PLACE_WORDS = {place: f" in {words.lower()}" for place, words in SEARCH_PLACES.items()}
PEOPLE_WORDS = {  # of whom `me` means, of nobody, and of another user
    "assignee": ("Mine", "Unassigned", "Assigned to user {}"),
    "mentioned": ("Mentions me", "", "Mentions user {}"),
}
EVERYTHING = "All conversations"


def filter_words(query: Mapping[str, str], tags: Iterable[Tag]) -> str:
    """Describe valid parameters of the list, without the Page: "VIP or Late, without Old, Unread"."""
    return ", ".join(_parts(spelled_out(query), tags)) or EVERYTHING


def _parts(query: Mapping[str, str], tags: Iterable[Tag]) -> Iterator[str]:
    if term := query.get("search"):
        yield f"“{term}”" + PLACE_WORDS.get(query.get("search_in", ""), "")
    yield from _tags(query, {key: tag.name for tag in tags for key in (str(tag.pk), tag.slug)})
    for name, (if_true, if_false) in FLAG_WORDS.items():
        if value := query.get(name):
            yield if_true if flag_text(value) == "true" else if_false
    for name, words in CHOICE_WORDS.items():
        if value := query.get(name):
            yield words[flag_text(value)]
    yield from _people(query)
    if ad := query.get("ad_id"):
        yield f"ad {ad}"
    yield from _dates(query)


def _people(query: Mapping[str, str]) -> Iterator[str]:
    for name, (mine, nobody, other) in PEOPLE_WORDS.items():
        if value := query.get(name):
            yield {"me": mine, "none": nobody}.get(value) or other.format(value)


def _tags(query: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    included, excluded = (
        [names.get(key, f"{key} (deleted tag)") for key in tag_keys(query.get(name))]
        for name in ("include_tags", "exclude_tags")
    )
    if included:
        yield (" and " if query.get("include_mode") == "all" else " or ").join(included)
    if excluded:
        yield f"without {' or '.join(excluded)}"


def _dates(query: Mapping[str, str]) -> Iterator[str]:
    zone = f" ({query['tz']})" if query.get("tz") else ""
    for name, word in (("startDate", "from"), ("endDate", "until")):
        if day := query.get(name):
            yield f"{word} {day}{zone}"


def tag_keys(text: str | None) -> list[str]:
    return [key.strip() for key in (text or "").split(",") if key.strip()]


def flag_text(value: str) -> str:
    """Return "true" and "false" of a boolean, in whatever way it is given; other values as they are."""
    return FLAG_TEXTS.get(value, value)
