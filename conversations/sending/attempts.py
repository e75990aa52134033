"""The states of a message while it is sent. Each step is a statement that the state before it must allow.

A process has a lock that dies with it; its key is the `sender` of what it works on. So the next process
knows which calls nobody will hear of.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from conversations.lib.locks import SENDERS, lock_outbox
from conversations.lib.notify import notify_conversations, notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, OutgoingMessage
from conversations.models.outbox import wake_senders

STATEMENTS = read_statements(__file__)
State = OutgoingMessage.State
GIVE_UP_AFTER = timedelta(hours=1)  # of trying to reach Facebook
MAX_PAUSE = 60.0  # seconds between two tries
SETTLED_WITHIN = timedelta(days=1)  # in which a message of unknown fate is looked for
INTERRUPTED = gettext_noop("Inbox was interrupted while it sent the message. It may have been sent.")
GIVEN_UP = gettext_noop("The message could not be sent for an hour. Send it again if it still fits.")


class Overview(NamedTuple):
    is_active: bool
    is_due: bool
    is_unsettled: bool
    next_due: datetime | None


def overview() -> Overview:
    """Return what there is to do, with one statement."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["overview"], {"now": now, "since": now - SETTLED_WITHIN})
        return Overview(*cursor.fetchone())


@transaction.atomic
def take(sender: int) -> OutgoingMessage | None:
    """Return the next message that is due, which is this process's then; None if there is none."""
    lock_outbox()  # one taker at a time: the others of a conversation are seen
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["take"], {"sender": sender, "now": timezone.now()})
        row = cursor.fetchone()
    messages = OutgoingMessage.objects.select_related("conversation__page")
    return messages.get(pk=row[0]) if row else None


@transaction.atomic
def abandon_of_dead() -> None:
    """Free what dead processes have left: what they were sending is uncertain, the rest is queued."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["abandon"], {"kind": SENDERS, "reason": INTERRUPTED})
        ids = {pk for (pk,) in cursor.fetchall()}
    if ids:
        _notify(ids)


def begin(message: OutgoingMessage, sender: int) -> bool:
    """Commit that Facebook is called now. Return False if the message was cancelled in the meantime."""
    attempt, now = uuid.uuid4(), timezone.now()
    own = OutgoingMessage.objects.filter(pk=message.pk, state=State.QUEUED, sender=sender)
    started = own.update(
        state=State.SENDING, attempt=attempt, attempted_at=now, looks=0, looked_at=None, reason=""
    )
    if not started:
        OutgoingMessage.objects.filter(pk=message.pk, sender=sender).update(sender=None)
        return False
    message.state, message.attempt, message.attempted_at = State.SENDING, attempt, now
    notify_conversations(message.conversation.page_id, [message.conversation_id])
    return True


@transaction.atomic
def put_back(message: OutgoingMessage, sender: int, seconds: float = 0, reason: str = "") -> None:
    """Queue a message again that cannot have left. `seconds`: how long to wait, if Facebook has said that."""
    pause = max(seconds, min(MAX_PAUSE, 2.0**message.tries))
    if timezone.now() + timedelta(seconds=pause) > message.queued_at + GIVE_UP_AFTER:
        _end(message, sender, State.FAILED, GIVEN_UP)
        return
    due_at = timezone.now() + timedelta(seconds=pause)
    changed = _own(message, sender).update(
        state=State.QUEUED, due_at=due_at, tries=message.tries + 1, reason=reason, sender=None
    )
    _announce(message, changed)


def is_too_old(message: OutgoingMessage) -> bool:
    """Whether it waits for so long that only a person may send it: a restored backup has sent ones, too."""
    return timezone.now() > message.queued_at + GIVE_UP_AFTER


@transaction.atomic
def fail(message: OutgoingMessage, sender: int, reason: str) -> None:
    _end(message, sender, State.FAILED, reason)


@transaction.atomic
def leave_uncertain(message: OutgoingMessage, sender: int, reason: str) -> None:
    """Nobody knows whether the message was sent: only a person sends it again."""
    _end(message, sender, State.UNCERTAIN, reason)


def _end(message: OutgoingMessage, sender: int, state: State, reason: str) -> None:
    _announce(message, _own(message, sender).update(state=state, reason=reason, sender=None))


def _own(message: OutgoingMessage, sender: int) -> QuerySet[OutgoingMessage]:
    """Return the row if it is still ours: taken by us or, once Facebook is called, in this attempt.

    Others may have taken this process for dead meanwhile; a person may have decided then.
    """
    rows = OutgoingMessage.objects.filter(pk=message.pk)
    if message.state == State.QUEUED:
        return rows.filter(state=State.QUEUED, sender=sender)
    return rows.filter(attempt=message.attempt, state__in=[State.SENDING, State.UNCERTAIN])


def _announce(message: OutgoingMessage, changed: int) -> None:
    if changed:
        _notify({message.conversation_id})


def _notify(conversation_ids: Collection[int]) -> None:
    rows = Conversation.objects.filter(pk__in=conversation_ids)
    notify_conversations_of(set(rows.values_list("page_id", flat=True)), conversation_ids)
    wake_senders()  # the next message of the conversation may go
