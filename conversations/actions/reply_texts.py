"""Saved replies become the text of an answer: their variables are filled in, and the use is counted."""

import re
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.names import is_placeholder
from conversations.models import Conversation, SavedReply
from conversations.models.answers.saved_replies import MAX_SHORTCUT, MAX_TEXT

VARIABLES = {
    "first_name": _("first name of the customer"),
    "last_name": _("last name of the customer"),
    "full_name": _("whole name of the customer"),
    "page_name": _("name of the Page"),
    "my_name": _("your name"),
}
# {first_name}, or with what stands there if it is not known: {first_name|friend}
VARIABLE = re.compile(r"\{([a-z][a-z_]*)(?:\|([^{}|]*))?\}")
NOT_IN_SHORTCUT = re.compile(r"[\s/{}\x00-\x1f\x7f]")


class InvalidReply(ValueError):
    """The text says what is wrong with the field."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field


class FilledText(NamedTuple):
    """`missing`: variables that are not known of this customer. They stand in the text as they are."""

    text: str
    missing: list[str]


def clean_text(text: str) -> str:
    """Return the text as it is stored. Raises InvalidReply."""
    text = text.strip()
    if not text:
        raise InvalidReply("text", gettext("Write a text."))
    if len(text) > MAX_TEXT:
        message = gettext("A saved reply has at most %(most)s characters, not %(number)s.")
        raise InvalidReply("text", message % {"most": f"{MAX_TEXT:,}", "number": f"{len(text):,}"})
    if unknown := [match[0] for match in VARIABLE.finditer(text) if match[1] not in VARIABLES]:
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        message = gettext("There is no variable %(name)s. There are %(known)s.")
        raise InvalidReply("text", message % {"name": unknown[0], "known": known})
    return text


def clean_shortcut(shortcut: str) -> str:
    """Return the shortcut as it is stored: without its slash, and without case. Raises InvalidReply."""
    shortcut = shortcut.strip().removeprefix("/").casefold()
    if len(shortcut) > MAX_SHORTCUT:
        message = gettext("A shortcut has at most %(number)s characters.")
        raise InvalidReply("shortcut", message % {"number": MAX_SHORTCUT})
    if NOT_IN_SHORTCUT.search(shortcut):
        raise InvalidReply("shortcut", gettext("A shortcut has no spaces, slashes or braces."))
    return shortcut


def fill_in(text: str, values: dict[str, str]) -> FilledText:
    """Replace the variables. What a value contains is not read as a variable."""
    missing: list[str] = []

    def value_of(match: re.Match) -> str:
        name, fallback = match.groups()
        if name not in VARIABLES:
            return match[0]
        if (value := values.get(name) or fallback) is None:
            missing.append(name)
            return match[0]
        return value

    return FilledText(VARIABLE.sub(value_of, text), list(dict.fromkeys(missing)))


def values_for(conversation: Conversation, user) -> dict[str, str]:
    """Return the variables that are known of this customer."""
    name = conversation.sender_name.strip()
    words = [] if is_placeholder(name, conversation.sender_id) else name.split()
    return {
        "first_name": words[0] if words else "",
        "last_name": " ".join(words[1:]),
        "full_name": " ".join(words),
        "page_name": conversation.page.name,
        "my_name": user.get_full_name() or user.get_username(),
    }


def use_reply(reply: SavedReply, conversation: Conversation, *, user) -> FilledText:
    """Return the text for this customer, and count the use."""
    uses = {"uses": F("uses") + 1, "last_used_at": timezone.now()}
    SavedReply.objects.filter(pk=reply.pk).update(**uses)
    return fill_in(reply.text, values_for(conversation, user))
