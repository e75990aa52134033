"""What managers decide about imported threads: whose they are. Each decision can be taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_changes
from conversations.models import Conversation, ImportedThread, ImportSuggestion, Page
from conversations.models.audit import Action, record
from conversations.sync.load.imported.attaching import attach, detach
from conversations.sync.load.imported.months import change_months, months_of
from conversations.sync.load.imported.settling import reopen_histories, update_histories
from conversations.sync.load.imported.staging import staging

State = ImportedThread.State


class NotPossible(Exception):
    """The thread or the conversation has changed meanwhile: the decision is not one any more."""


def accept(thread: ImportedThread, conversation: Conversation, *, actor: Any) -> None:
    """Give the thread to a conversation that was suggested, also to one that was rejected before."""
    with _locked(thread) as (page, row):
        suggestion = row.suggestions.filter(conversation=conversation.pk).first()
        if row.state == State.MATCHED or suggestion is None or row.conversation_id == conversation.pk:
            raise NotPossible
        both = [pk for pk in (conversation.pk, row.conversation_id) if pk]
        with staging(), _counted(page, both):
            attach(page, row, Conversation.objects.get(pk=conversation.pk), actor=actor)
        row.suggestions.filter(conversation=conversation.pk).delete()
        update_histories([conversation.pk])
        _record(Action.IMPORT_JOINED, actor, row, conversation.pk)


def reject(thread: ImportedThread, conversation: Conversation, *, actor: Any) -> None:
    """The thread is of another person. Nothing suggests this conversation again."""
    with _locked(thread) as (_, row):
        if not row.suggestions.filter(conversation=conversation.pk, rejected_at=None).update(
            rejected_at=timezone.now()
        ):
            raise NotPossible
        _update_state(row)
        _record(Action.IMPORT_REJECTED, actor, row, conversation.pk)


def reopen(thread: ImportedThread, conversation: Conversation, *, actor: Any) -> None:
    """Take a rejection back: the conversation is suggested again."""
    with _locked(thread) as (_, row):
        rejected = row.suggestions.filter(conversation=conversation.pk, rejected_at__isnull=False)
        if row.state == State.MATCHED or not rejected.update(rejected_at=None):
            raise NotPossible
        _update_state(row)
        _record(Action.IMPORT_REOPENED, actor, row, conversation.pk)


def take_out(thread: ImportedThread, *, actor: Any) -> Conversation:
    """Take a matched thread out of its conversation, and return the one that it has then."""
    with _locked(thread) as (page, row):
        former = row.conversation_id
        if row.state != State.MATCHED or former is None:
            raise NotPossible
        with staging(), _counted(page, [former]) as ids:
            own = detach(page, row, actor=actor)
            ids.append(own.pk)
        reopen_histories([former])
        _record(Action.IMPORT_SEPARATED, actor, row, former)
        return own


@contextmanager
def _locked(thread: ImportedThread) -> Iterator[tuple[Page, ImportedThread]]:
    """Yield the Page and the thread as they are now, in a transaction that keeps all other writers out."""
    with transaction.atomic():
        lock_rows([thread.page_id])
        row = ImportedThread.objects.select_related("page").filter(pk=thread.pk).first()
        if row is None:
            raise NotPossible
        yield row.page, row
        notify_changes([row.page_id])


@contextmanager
def _counted(page: Page, conversation_ids: list[int]) -> Iterator[list[int]]:
    """Have the ledger know which months come from archives after these conversations have changed."""
    before = months_of(conversation_ids)
    yield conversation_ids
    change_months(page, before, months_of(conversation_ids))


def _update_state(row: ImportedThread) -> None:
    is_open = ImportSuggestion.objects.filter(thread=row, rejected_at=None).exists()
    row.state = State.SUGGESTED if is_open else State.OWN
    row.save(update_fields=["state"])


def _record(action: str, actor: Any, row: ImportedThread, conversation: int) -> None:
    record(action, actor=actor, target=row.page, thread=row.pk, conversation=conversation)
