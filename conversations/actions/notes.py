"""Notes that staff write at a conversation: events that no customer sees, found by the search in messages."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations
from conversations.models import Conversation, InteractionEvent

MAX_LETTERS = 5000
MAX_MENTIONS = 50
MAX_NOTES = 1000  # of one conversation
# A user name has letters, digits and @ . + - _; an address of mail mentions nobody.
MENTION = re.compile(r"(?<![\w@.+-])@([\w@.+-]+)")
END_OF_SENTENCE = "@.+-_"  # what may follow a name without being a part of it

Kind = InteractionEvent.Kind


class Colleague(NamedTuple):
    """A user who can be mentioned."""

    id: int
    name: str


class InvalidNote(ValueError):
    """The text says why the note cannot be stored."""


def mentions_in(text: str, colleagues: Iterable[Colleague]) -> list[Colleague]:
    """Return whom `@name` in the text means, in its order. Case makes no difference."""
    by_name = {colleague.name.casefold(): colleague for colleague in colleagues}
    found: dict[int, Colleague] = {}
    for match in MENTION.finditer(text):
        name = match[1].casefold()
        while name not in by_name and name and name[-1] in END_OF_SENTENCE:
            name = name[:-1]
        if name in by_name:
            found.setdefault(by_name[name].id, by_name[name])
    return list(found.values())


def data_of(text: str, colleagues: Iterable[Colleague]) -> dict:
    mentioned = mentions_in(text, colleagues)
    if len(mentioned) > MAX_MENTIONS:
        numbers = {"most": MAX_MENTIONS, "number": len(mentioned)}
        raise InvalidNote(gettext("Mention at most %(most)s people, not %(number)s.") % numbers)
    return {"mentions": [colleague._asdict() for colleague in mentioned]}


@transaction.atomic
def add_note(
    conversation: Conversation, text: str, *, colleagues: Iterable[Colleague], actor
) -> InteractionEvent:
    """Add a note, which mentions those of the colleagues that it names. Raises InvalidNote."""
    data = data_of(text, colleagues)
    lock_rows([conversation.page_id])
    if notes_of(conversation).count() >= MAX_NOTES:
        message = gettext("This conversation has %(number)s notes. Delete one first.")
        raise InvalidNote(message % {"number": f"{MAX_NOTES:,}"})
    event = InteractionEvent.objects.create(
        conversation=conversation,
        kind=Kind.NOTE_ADDED,
        occurred_at=timezone.now(),
        text=text,
        data=data,
        actor=actor,
    )
    notify_conversations(conversation.page_id, [conversation.pk])
    return event


@transaction.atomic
def edit_note(event: InteractionEvent, text: str, *, colleagues: Iterable[Colleague]) -> InteractionEvent:
    """Change the text of a note, and whom it mentions. Raises InvalidNote."""
    data = data_of(text, colleagues)
    page_id = event.conversation.page_id
    lock_rows([page_id])
    if (text, data["mentions"]) != (event.text, event.data.get("mentions")):
        event.text, event.data = text, data | {"edited_at": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"}
        event.save(update_fields=["text", "data"])
        notify_conversations(page_id, [event.conversation_id])
    return event


@transaction.atomic
def delete_note(event: InteractionEvent) -> None:
    page_id = event.conversation.page_id
    lock_rows([page_id])
    event.delete()
    notify_conversations(page_id, [event.conversation_id])


def notes_of(conversation: Conversation):
    return InteractionEvent.objects.filter(conversation=conversation, kind=Kind.NOTE_ADDED)
