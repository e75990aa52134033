"""Writes the changes that webhooks tell, by the same rules and statements as a sync.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`. The rows are read first, so
that a change that is stored already writes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, Page, constraints
from conversations.sync.load.copy_events import insert_events
from conversations.sync.load.event_row import EventRow, event_row
from conversations.sync.load.imported import adoption
from conversations.sync.load.live.changes import Change, Mark, Message, NewReferral, Nothing, OfMessage
from conversations.sync.load.live.conversation_state import ConversationState, save_conversations
from conversations.sync.load.live.message_state import MessageState, side_of
from conversations.sync.load.live.placing import place_messages
from conversations.sync.load.ownership import owners_of_ids
from conversations.sync.load.transform import search_text
from conversations.sync.load.upsert import write_conversations

STATEMENTS = read_statements(__file__)


class Saved(NamedTuple):
    """The messages that are taken back, by ID, and the conversations that differ now."""

    unsent: set[str]
    conversations: set[int]


class Received(NamedTuple):
    """A change, and when its delivery arrived."""

    change: Change
    at: datetime

    @property
    def moment(self) -> datetime:
        return self.change.time or self.at


@dataclass
class PersonChanges:
    """What is changed in the conversation of one person."""

    state: ConversationState
    messages: dict[str, MessageState] = field(default_factory=dict)  # by graph_id

    @property
    def is_changed(self) -> bool:
        return bool(self.state.live) or any(message.is_changed for message in self.messages.values())


def save_changes(page: Page, received: Sequence[Received], *, is_keyed: bool | None = None) -> Saved:
    """Apply the changes, whatever their order.

    `is_keyed`: whether the database has its unique keys, as far as the caller has asked before the lock.
    """
    is_keyed = not constraints.missing_keys() if is_keyed is None else is_keyed
    effective = [each for each in received if not isinstance(each.change, Nothing)]
    people = _conversations(page, effective, is_keyed=is_keyed)
    if page.has_imports:
        _adopt_imported(people, effective)
    _read_messages(people.values())
    for each in sorted(effective, key=lambda each: each.moment):
        if person := people.get(each.change.person):
            _apply(person, each)
    changed = list({id(person): person for person in people.values()}.values())
    _save_messages(changed)
    save_conversations([person.state for person in changed], is_keyed=is_keyed)
    messages = (message for person in changed for message in person.messages.values())
    return Saved(
        {message.graph_id for message in messages if message.is_deleted},
        {person.state.row.pk for person in changed if person.is_changed},
    )


# -- rows of archives --------------------------------------------------------------------------------------
def _adopt_imported(people: dict[str, PersonChanges], received: Iterable[Received]) -> None:
    """Let the messages fill what an archive had brought before."""
    messages = [
        adoption.Received(
            people[each.change.person].state.row.pk,
            each.change.graph_id,
            side_of(each.change),
            each.change.time,
            each.change.text,
        )
        for each in received
        if isinstance(each.change, Message) and each.change.time
    ]
    adopted = Counter(message.owner for message in adoption.adopt(messages, is_webhook=True))
    rows = {person.state.row.pk: person.state.row for person in people.values()}
    _count_held((rows[pk], number) for pk, number in adopted.items())
    adoption.note_checks({message.owner for message in messages})


# -- conversations -----------------------------------------------------------------------------------------
def _conversations(page: Page, received: Iterable[Received], *, is_keyed: bool) -> dict[str, PersonChanges]:
    """Return the conversations of these people by the given IDs. Missing ones are created."""
    ids: dict[str, Change] = {}
    mids: dict[str, set[str]] = defaultdict(set)
    for each in received:
        change = each.change
        if isinstance(change, OfMessage):  # nobody has seen what is not stored
            ids.setdefault(change.person, change)
            mids[change.person].add(change.graph_id)
    people = {each.change.person for each in received}
    owners = owners_of_ids(page, people)
    owners |= _create(page, [change for person, change in ids.items() if person not in owners], is_keyed)
    states = {row.pk: PersonChanges(ConversationState(row)) for row in owners.values()}
    for person, row in owners.items():
        states[row.pk].messages |= {mid: MessageState(mid) for mid in mids[person]}
    return {person: states[row.pk] for person, row in owners.items()}


def _create(page: Page, firsts: Iterable[Change], is_keyed: bool) -> dict[str, Conversation]:
    rows = {}
    for first in firsts:
        row = Conversation(page=page, sender_id=first.person, platform=first.platform)
        row.search = search_text(row)
        rows[first.person] = row
    write_conversations(rows, {}, is_keyed=is_keyed)
    return rows


# -- messages ----------------------------------------------------------------------------------------------
def _read_messages(people: Iterable[PersonChanges]) -> None:
    """Replace the states of stored messages by what is stored."""
    by_pk = {person.state.row.pk: person for person in people}
    pairs = [(pk, graph_id) for pk, person in by_pk.items() for graph_id in person.messages]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["read_messages"], {"pairs": as_json(pairs)})
        for owner, graph_id, *columns in cursor.fetchall():
            by_pk[owner].messages[graph_id] = MessageState.stored(graph_id, *columns)


def _apply(person: PersonChanges, received: Received) -> None:
    change = received.change
    if isinstance(change, Mark):
        person.state.mark(change, received.moment)
    if not isinstance(change, OfMessage):
        return
    message = person.messages[change.graph_id]
    message.apply(change, received.at)
    referral = change.referral if isinstance(change, NewReferral) else message.data.get("referral")
    if referral:
        person.state.refer(referral, message.occurred_at)


def _save_messages(people: Sequence[PersonChanges]) -> None:
    places = place_messages({person.state.row.pk: list(person.messages.values()) for person in people})
    new: list[tuple[int, EventRow]] = []
    for person in people:
        for message in person.messages.values():
            place = places.get((person.state.row.pk, message.graph_id))
            if place is not None:
                message.move(*place)
        new += [
            (person.state.row.pk, _event(message))
            for message in person.messages.values()
            if message.pk is None
        ]
    insert_events(new)
    _update([message for person in people for message in person.messages.values() if message.pk])
    _add_history(people)
    _count(people)
    for person in people:
        person.state.take(person.messages.values())


def _event(message: MessageState) -> EventRow:
    return event_row(
        message.kind,
        message.graph_id,
        message.occurred_at,
        message.text,
        as_json(message.attachments),
        as_json(message.data),
        rank=message.rank,
    )


def _update(messages: Iterable[MessageState]) -> None:
    rows = [message.as_row() for message in messages if message.is_changed]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["update_messages"], {"messages": as_json(rows)})


def _add_history(people: Iterable[PersonChanges]) -> None:
    """Keep the texts that were edited, but none of a message that its sender has taken back."""
    owned = [(person.state.row.pk, each) for person in people for each in person.messages.values()]
    edits = [
        [owner, {"message": message.graph_id, "changed": ["text"], "before": text}]
        for owner, message in owned
        for text in message.earlier
    ]
    deleted = [[owner, message.graph_id] for owner, message in owned if message.was_deleted]
    with connection.cursor() as cursor:
        if edits:
            cursor.execute(STATEMENTS["add_history"], {"edits": as_json(edits)})
        if deleted:
            cursor.execute(STATEMENTS["clear_history"], {"deleted": as_json(deleted)})


def _count(people: Iterable[PersonChanges]) -> None:
    """Count new messages in the threads that have them."""
    _count_held((person.state.row, _number_of_new(person.messages.values())) for person in people)


def _number_of_new(messages: Iterable[MessageState]) -> int:
    return sum(message.pk is None and message.is_message for message in messages)


def _count_held(created: Iterable[tuple[Conversation, int]]) -> None:
    """Count messages in the newest thread of their conversation, as far as a sync has seen one already."""
    numbers: Counter[tuple[int, str]] = Counter()
    for row, number in created:
        if row.graph_id and number:
            numbers[row.page_id, row.graph_id] += number
    if numbers:
        rows = [[*thread, number] for thread, number in numbers.items()]
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["count_held"], {"threads": as_json(rows)})
