"""Takes apart conversations that mix several people, because the business was taken for the customer.

Messages go to the person whom they name, tags and staff actions to the only person who had written by then.
The threads move when a run lists them, together with their other messages. `finish()` removes what is empty
after a full run. Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from msgspec import Struct

from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, InteractionEvent, Page, RemovedConversation, Thread
from conversations.sync.load.customer import PAIR
from conversations.sync.load.joining import UNREAD_THREAD, move_all, move_imports, show_newest_messages
from conversations.sync.load.ownership import owners_of_ids
from conversations.sync.load.transform import NO_CUSTOMER

STATEMENTS = read_statements(__file__)

IsSuppressed = Callable[[str], bool]  # whether a sender ID is that of a deleted person


class NamedPerson(Struct, frozen=True):
    """A person whom messages of a mixed conversation name; `first` is the time of the oldest one."""

    sender_id: str
    name: str
    first: datetime | None = None


def mixed_conversations(page: Page) -> QuerySet[Conversation]:
    """Return the conversations in which the business was taken for the customer."""
    return page.conversations.filter(sender_id__in=page.business_ids).order_by("pk")


def mixed_ids(page: Page) -> list[int]:
    """Return their primary keys. Costs no query if all IDs of the business were known from the beginning."""
    return list(mixed_conversations(page).values_list("pk", flat=True)) if page.business_aliases else []


def separate(page: Page, mixed: Conversation, is_suppressed: IsSuppressed) -> list[Thread]:
    """Move what belongs to a person to the conversation of that person. Return the threads to read again."""
    with _named_messages(page, mixed):
        people = _people()
        listed = _listed_people(page, mixed)
        known = {person.sender_id: person for person in [*listed.values(), *people]}
        sole = _sole_person(mixed, listed, people)
        if sole and not is_suppressed(sole):
            _give_all(page, mixed, known[sole])
            return []
        owners = _owners(page, mixed, [each for each in known.values() if not is_suppressed(each.sender_id)])
        _move_staff_actions(mixed, people, owners)
        _move_messages(page, people, owners)
        return _move_threads(mixed, listed, owners)


@contextmanager
def _named_messages(page: Page, mixed: Conversation) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["name_messages"], {"business": list(page.business_ids), "mixed": mixed.pk})
        yield
        cursor.execute("DROP TABLE named_messages")


def _people() -> list[NamedPerson]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["named_people"])
        return [NamedPerson(*row) for row in cursor.fetchall()]


def _listed_people(page: Page, mixed: Conversation) -> dict[Thread, NamedPerson]:
    """Return the threads that listed one other person beside the business, with that person."""
    listed = {}
    for thread in mixed.threads.filter(people__isnull=False).order_by("pk"):
        others = {
            key: name
            for key, (role, name) in (thread.people or {}).items()
            if role == PAIR and key not in page.business_ids
        }
        if len(others) == 1:
            [(sender_id, name)] = others.items()
            listed[thread] = NamedPerson(sender_id, name)
    return listed


def _sole_person(
    mixed: Conversation, listed: dict[Thread, NamedPerson], people: Sequence[NamedPerson]
) -> str | None:
    """Return the person to whom everything belongs: all threads list this person, or there is one thread."""
    count = mixed.threads.count()
    told = {person.sender_id for person in listed.values()}
    if count == 1 and not told:
        told = {person.sender_id for person in people}
    is_told = len(listed) == count or count == 1
    return told.pop() if is_told and len(told) == 1 else None


def _give_all(page: Page, mixed: Conversation, person: NamedPerson) -> None:
    """Give the whole conversation to one person: only its name was wrong."""
    mixed.threads.update(people=None)
    owner = owners_of_ids(page, [person.sender_id]).get(person.sender_id)
    if owner:
        move_all(owner, mixed)
        move_imports(page, owner, mixed)
        mixed.delete()
    else:
        owner = mixed
        owner.sender_id, owner.sender_name = person.sender_id, person.name
    mark_sent(page, [owner.pk])
    show_newest_messages([owner])


def _owners(page: Page, mixed: Conversation, people: Sequence[NamedPerson]) -> dict[str, Conversation]:
    """Return the conversations of these people by their ID, created if they do not exist."""
    owners = owners_of_ids(page, [person.sender_id for person in people])
    new = [
        Conversation(
            page_id=page.pk,
            sender_id=person.sender_id,
            sender_name=person.name,
            platform=mixed.platform,
            told=dict.fromkeys(("sender_name", "message_count", "graph_unread_count", "can_reply")),
        )
        for person in people
        if person.sender_id not in owners
    ]
    Conversation.objects.bulk_create(new, batch_size=500)
    return owners | {row.sender_id: row for row in new}


def _move_messages(page: Page, people: Iterable[NamedPerson], owners: dict[str, Conversation]) -> None:
    moved = {each.sender_id: owners[each.sender_id] for each in people if each.sender_id in owners}
    pairs: dict[str, list] = {"people": list(moved), "owners": [owner.pk for owner in moved.values()]}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["drop_copies"], pairs)
        cursor.execute(STATEMENTS["move_messages"], pairs)
    rows = list({owner.pk: owner for owner in moved.values()}.values())
    mark_sent(page, [row.pk for row in rows])
    show_newest_messages(rows)


def _move_threads(
    mixed: Conversation, listed: dict[Thread, NamedPerson], owners: dict[str, Conversation]
) -> list[Thread]:
    """Move the threads that listed their person. What is stored of them is unknown: they are read again."""
    moved = []
    for thread, person in listed.items():
        if owner := owners.get(person.sender_id):
            for name, value in UNREAD_THREAD.items():
                setattr(thread, name, value)
            thread.conversation, thread.people = owner, None
            thread.save()
            moved.append(thread)
    return moved


# -- tags and staff actions --------------------------------------------------------------------------------
def _move_staff_actions(
    mixed: Conversation, people: Sequence[NamedPerson], owners: dict[str, Conversation]
) -> None:
    """Move what staff did while only one person had written."""
    for event in mixed.events.exclude(kind__startswith="message_"):
        if owner := _owner_at(event.occurred_at, people, owners):
            InteractionEvent.objects.filter(pk=event.pk).update(conversation=owner)
            if event.kind == InteractionEvent.Kind.STATUS_CHANGED:
                owner.conversation_status = mixed.conversation_status
    for row in mixed.tag_rows.all():
        if owner := _owner_at(row.created_at, people, owners):
            if owner.tag_rows.filter(tag=row.tag_id).exists():
                row.delete()
            else:
                mixed.tag_rows.filter(pk=row.pk).update(conversation=owner)


def _owner_at(
    moment: datetime, people: Sequence[NamedPerson], owners: dict[str, Conversation]
) -> Conversation | None:
    """Return the conversation of the only person who had written at that time."""
    before = [person for person in people if person.first and person.first <= moment]
    return owners.get(before[0].sender_id) if len(before) == 1 else None


# -- messages of the business ------------------------------------------------------------------------------
def mark_sent(page: Page, conversation_ids: Sequence[int]) -> None:
    """Mark the messages of the business as sent, also where one is the last message of a conversation.

    Those of people who were taken for the business are marked as received again.
    """
    marks = [
        ("message_received", "message_sent", page.business_ids),
        ("message_sent", "message_received", page.known_people),
    ]
    for before, after, senders in marks:
        _mark(conversation_ids, before, after, senders)


def _mark(conversation_ids: Sequence[int], before: str, after: str, senders: Collection[str]) -> None:
    if not senders:
        return
    keys: dict[str, Any] = {"before": before, "after": after, "senders": list(senders)}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["mark"], keys | {"ids": list(conversation_ids)})
        if changed := list({pk for (pk,) in cursor.fetchall()}):
            cursor.execute(STATEMENTS["show_mark"], keys | {"ids": changed})


# -- the end of a full run ---------------------------------------------------------------------------------
def finish(page: Page, mixed: Conversation, is_suppressed: IsSuppressed) -> str:
    """Remove a mixed conversation after a full run. Return a note about what belongs to nobody."""
    separate(page, mixed, is_suppressed)
    if not Conversation.objects.filter(pk=mixed.pk, sender_id=mixed.sender_id).exists():
        return ""
    drop_stored_elsewhere(page, mixed)
    if mixed.threads.filter(state=Thread.State.OWED).exists():
        return ""  # the next full run
    unlisted = {"conversation": None, "state": Thread.State.UNREADABLE, "reason": NO_CUSTOMER}
    mixed.threads.update(**UNREAD_THREAD | unlisted)
    if count := mixed.events.filter(kind__startswith="message_").count():
        return f"Conversation {mixed.pk} has {count:,} messages that name no customer."
    return _remove(page, mixed)


def drop_stored_elsewhere(page: Page, mixed: Conversation) -> None:
    """Delete the messages of a conversation that another one has, too."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["drop_stored_elsewhere"], {"mixed": mixed.pk, "page": page.pk})


def _remove(page: Page, mixed: Conversation) -> str:
    tags = list(mixed.tag_rows.order_by("tag__name").values("tag_id", "tag__name", "actor_id", "created_at"))
    events = mixed.events.order_by("pk").values("kind", "occurred_at", "text", "data", "actor_id")
    RemovedConversation.objects.create(
        page=page,
        kind=RemovedConversation.Kind.SEPARATED,
        removed_id=mixed.pk,
        sender_id=mixed.sender_id,
        details={"status": mixed.conversation_status, "tags": tags, "events": list(events)},
    )
    mixed.delete()
    if not tags:
        return ""
    names = ", ".join(str(tag["tag__name"]) for tag in tags)
    return f"These tags were on a conversation that mixed several customers, assign them again: {names}."
