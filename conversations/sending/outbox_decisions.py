"""What users decide: cancel a message that has not left, retry or discard one that failed or is uncertain."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from conversations.models import OutgoingMessage
from conversations.models.audit import Action, record
from conversations.sending.outbox import MessageRefused, announce, due_time, require_rate, require_sending

State = OutgoingMessage.State


@transaction.atomic
def cancel(message: OutgoingMessage, *, actor) -> OutgoingMessage:
    """Cancel a queued message. Raises MessageRefused if it has left, or has ended."""
    row = _locked(message)
    if row.state != State.QUEUED:
        raise MessageRefused(gettext("It is too late: only a queued message can be cancelled."))
    return _end(row, Action.MESSAGE_CANCELLED, actor)


@transaction.atomic
def discard(message: OutgoingMessage, *, actor) -> OutgoingMessage:
    """Give up a message that failed, or whose fate is unknown. Raises MessageRefused for any other.

    If Facebook shows it after all, it is sent.
    """
    row = _locked(message)
    _require_undecided(row)
    return _end(row, Action.MESSAGE_DISCARDED, actor)


def retry(
    message: OutgoingMessage, *, actor, now: bool = False, has_taken_over: bool = False
) -> OutgoingMessage:
    """Send a message again that failed, or whose fate is unknown, which may be the second time.

    Raises MessageRefused and TooManyRequests.
    """
    require_retry(message, actor)
    return _queue_again(message, actor, now=now, has_taken_over=has_taken_over)


def require_retry(message: OutgoingMessage, actor) -> None:
    """Raise MessageRefused or TooManyRequests if the message cannot be sent again now."""
    _require_undecided(message)
    require_sending(message.conversation)
    require_rate(actor)


@transaction.atomic
def _queue_again(message: OutgoingMessage, actor, *, now: bool, has_taken_over: bool) -> OutgoingMessage:
    row = _locked(message)
    _require_undecided(row)
    row.state, row.reason, row.tries = State.QUEUED, "", 0
    row.queued_at, row.due_at = timezone.now(), due_time(now=now)
    row.save(update_fields=["state", "reason", "tries", "queued_at", "due_at"])
    more: dict[str, Any] = {"took_over": True} if has_taken_over else {}
    record(Action.MESSAGE_RETRIED, actor=actor, target=row.conversation, message=row.pk, **more)
    announce(row)
    return row


def _locked(message: OutgoingMessage) -> OutgoingMessage:
    rows = OutgoingMessage.objects.select_related("conversation")
    return rows.select_for_update(of=("self",)).get(pk=message.pk)


def _require_undecided(row: OutgoingMessage) -> None:
    if row.state not in (State.FAILED, State.UNCERTAIN):
        raise MessageRefused(gettext("Only what failed or is uncertain can be retried or discarded."))


def _end(row: OutgoingMessage, action: Action, actor) -> OutgoingMessage:
    row.state, row.reason, row.text, row.sender = State.CANCELLED, "", "", None
    row.save(update_fields=["state", "reason", "text", "sender"])
    row.pieces.all().delete()
    record(action, actor=actor, target=row.conversation, message=row.pk)
    announce(row)
    return row
