"""Says in words what a filter of the list selects, as the chips of the inbox page do."""

from collections.abc import Iterable, Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.admin.formatting import CONVERSATION_STATUS_LABELS
from conversations.models import Platform
from conversations.search.filters import spelled_out
from tags.models import Tag

FLAG_TEXTS = {"1": "true", "0": "false"}
# What a parameter says where it is true, and where it is false.
FLAG_WORDS = {
    "untagged": (_("Untagged"), _("Tagged")),
    "unread": (_("Unread"), _("Read")),
    "waiting": (_("Needs reply (over 24 h)"), _("No reply needed")),
    "snoozed": (_("Snoozed"), _("Not snoozed")),
    "has_note": (_("With notes"), _("Without notes")),
}
SENDER_WORDS: Mapping[str, str | Promise] = {
    "customer": _("Customer wrote last"),
    "page": _("Answered last by the Page"),
}
ATTACHMENT_WORDS: Mapping[str, str | Promise] = {
    "true": _("With attachments"),
    "false": _("Without attachments"),
    "image": _("With image"),
    "video": _("With video"),
    "audio": _("With audio"),
    "file": _("With file"),
    "sticker": _("With sticker"),
    "card": _("With card"),
    "other": _("With other"),
}
CHOICE_WORDS: dict[str, Mapping[str, str | Promise]] = {
    "status": CONVERSATION_STATUS_LABELS,
    "platform": dict(Platform.choices),
    "last_message_from": SENDER_WORDS,
    "has_attachment": ATTACHMENT_WORDS,
}
PLACE_WORDS: Mapping[str, str | Promise] = {  # where a search looks
    "messages": _("“%(term)s” in all messages"),
    "names": _("“%(term)s” in names"),
    "all": _("“%(term)s” in names and all messages"),
}
# Of whom `me` means, of nobody, and of another user.
PEOPLE_WORDS: Mapping[str, tuple[str | Promise, ...]] = {
    "assignee": (_("Mine"), _("Unassigned"), _("Assigned to user %(id)s")),
    "mentioned": (_("Mentions me"), "", _("Mentions user %(id)s")),
}
EVERYTHING = _("All conversations")


def filter_words(query: Mapping[str, str], tags: Iterable[Tag]) -> str:
    """Describe valid parameters of the list, without the Page: "VIP or Late, without Old, Unread"."""
    return ", ".join(map(str, _parts(spelled_out(query), tags))) or str(EVERYTHING)


def _parts(query: Mapping[str, str], tags: Iterable[Tag]) -> Iterator[str | Promise]:
    if term := query.get("search"):
        yield PLACE_WORDS.get(query.get("search_in", ""), "“%(term)s”") % {"term": term}
    yield from _tags(query, {key: tag.name for tag in tags for key in (str(tag.pk), tag.slug)})
    for name, (if_true, if_false) in FLAG_WORDS.items():
        if value := query.get(name):
            yield if_true if flag_text(value) == "true" else if_false
    for name, words in CHOICE_WORDS.items():
        if value := query.get(name):
            yield words[flag_text(value)]
    yield from _people(query)
    if ad := query.get("ad_id"):
        yield gettext("ad %(id)s") % {"id": ad}
    yield from _dates(query)


def _people(query: Mapping[str, str]) -> Iterator[str | Promise]:
    for name, (mine, nobody, other) in PEOPLE_WORDS.items():
        if value := query.get(name):
            yield {"me": mine, "none": nobody}.get(value) or other % {"id": value}


def _tags(query: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    included, excluded = (
        [names.get(key, gettext("%(key)s (deleted tag)") % {"key": key}) for key in tag_keys(query.get(name))]
        for name in ("include_tags", "exclude_tags")
    )
    if included:
        yield (both(included) if query.get("include_mode") == "all" else either(included))
    if excluded:
        yield gettext("without %(tags)s") % {"tags": either(excluded)}


def _dates(query: Mapping[str, str]) -> Iterator[str]:
    zone = f" ({query['tz']})" if query.get("tz") else ""
    if day := query.get("startDate"):
        yield gettext("from %(day)s") % {"day": f"{day}{zone}"}
    if day := query.get("endDate"):
        yield gettext("until %(day)s") % {"day": f"{day}{zone}"}


def both(names: list[str]) -> str:
    return gettext(" and ").join(names)


def either(names: list[str]) -> str:
    return gettext(" or ").join(names)


def tag_keys(text: str | None) -> list[str]:
    return [key.strip() for key in (text or "").split(",") if key.strip()]


def flag_text(value: str) -> str:
    """Return "true" and "false" of a boolean, in whatever way it is given; other values as they are."""
    return FLAG_TEXTS.get(value, value)
