"""Erases what is older than RETENTION_DAYS, with its traces, in short transactions.

A conversation goes when its newest message is too old, with everything that belongs to it; of others only the
old events go. If the process ends, the next job continues: `Page.kept_from` says what is done.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from conversations.lib.days import kept_from
from conversations.lib.locks import is_sync_locked, lock_index, lock_rows
from conversations.lib.notify import notify_changes
from conversations.lib.sql_files import read_statements
from conversations.media import archive
from conversations.models import (
    Conversation,
    ConversationTag,
    ImportedMessage,
    ImportedThread,
    InteractionEvent,
    Page,
    Thread,
    WebhookDelivery,
)
from conversations.models.privacy import TOO_OLD, Erasure
from conversations.models.search import MessageIndexChunk
from conversations.privacy.forget_person import (
    MESSAGES,
    clear_mentions,
    delete_files,
    delete_suggested,
    empty_threads,
    erasure_for,
)
from conversations.privacy.traces import clear_traces
from conversations.sync.load.imported.months import count_months
from conversations.sync.load.live.last_message import show_last_messages
from conversations.sync.load.states.read_state import recount
from conversations.webhooks.blanking import blank_rows

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
CHUNK = 100  # conversations in one transaction
EVENTS = 2000  # events in one transaction


class Stopped(Exception):
    """The process must end: the next job continues."""


def erase_old(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Erase what is too old, of each Page once a day, until it is done or the process must end."""
    since = kept_from()
    if since is None:
        return
    try:
        for page in Page.objects.filter(Q(kept_from=None) | Q(kept_from__lt=since)).order_by("pk"):
            _erase_of_page(page, since, is_stopped)
        _blank_deliveries(since, is_stopped)
    except Stopped:
        logger.info("The next job continues erasing what is older than RETENTION_DAYS.")


def _erase_of_page(page: Page, since: datetime, is_stopped: Callable[[], bool]) -> None:
    while ids := _ended_before(page, since):
        _erase_conversations(page, ids, since)
        _check(is_stopped)
    last = 0
    while ids := _with_old_events(page, since, last):
        while _erase_events(page, ids, since):
            _check(is_stopped)
        last = ids[-1]
    if not page.conversations.filter(_is_over(since)).exists():  # else the next job continues
        _finish(page, since)


def _check(is_stopped: Callable[[], bool]) -> None:
    if is_stopped():
        raise Stopped


# -- conversations whose newest message is too old ---------------------------------------------------------
def _ended_before(page: Page, since: datetime) -> list[int]:
    """Return some of them, without those whose older messages a running sync is reading at this moment."""
    oldest_first = F("last_message_time").asc(nulls_first=True), F("pk")  # as in an index
    rows = page.conversations.filter(_is_over(since)).order_by(*oldest_first)
    if is_sync_locked(page.pk):
        begun = page.threads.filter(backfill__isnull=False, conversation__isnull=False)
        rows = rows.exclude(pk__in=begun.values("conversation"))
    return list(rows.values_list("pk", flat=True)[:CHUNK])


def _is_over(since: datetime) -> Q:
    """No message is newer. One without a known message is judged by when it was stored."""
    return Q(last_message_time__lt=since) | Q(last_message_time=None, created_at__lt=since)


@transaction.atomic
def _erase_conversations(page: Page, ids: list[int], since: datetime) -> None:
    lock_rows([page.pk])
    lock_index()
    # Since they were chosen, the customer may have written.
    rows = Conversation.objects.filter(_is_over(since), pk__in=ids)
    kept = list(rows.values_list("pk", flat=True))
    people = [*rows.values_list("sender_id", flat=True), *rows.values_list("aliases__sender_id", flat=True)]
    senders = list(filter(None, people))
    messages = InteractionEvent.objects.filter(MESSAGES, conversation__in=kept).count()
    threads = Thread.objects.filter(conversation__in=kept)
    number = threads.count()
    files = archive.digests_of(rows)
    transaction.on_commit(lambda: archive.remove_unused(files), robust=True)
    delete_files(page, kept, senders)
    clear_mentions(page, senders)
    clear_traces(page, rows, senders, by_name=False)
    empty_threads(threads, TOO_OLD)
    deleted = delete_suggested(page, Conversation.objects.filter(pk__in=kept))
    events = deleted.get(InteractionEvent._meta.label, 0)
    _count(
        page,
        conversations=len(kept),
        messages=messages,
        history=events - messages,
        tags=deleted.get(ConversationTag._meta.label, 0),
        threads=number,
    )


# -- old events of the others ------------------------------------------------------------------------------
def _with_old_events(page: Page, since: datetime, last: int) -> list[int]:
    """Return the next conversations that have old events, in the order of their IDs."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"page": page.pk, "since": since, "last": last, "limit": CHUNK}
        cursor.execute(STATEMENTS["with_old_events"], values)
        return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def _erase_events(page: Page, ids: list[int], since: datetime) -> bool:
    """Erase some old events of these conversations. Return whether there may be more."""
    lock_rows([page.pk])
    lock_index()
    files = archive.digests_of(Conversation.objects.filter(pk__in=ids))
    transaction.on_commit(lambda: archive.remove_unused(files), robust=True)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["delete_events"], {"ids": ids, "since": since, "limit": EVENTS})
        touched = {owner: (messages, history) for owner, messages, history in cursor.fetchall()}
        values: dict[str, Any] = {"ids": list(touched), "since": since}
        for statement in ("delete_history", "delete_headers", "clear_conversations", "shorten_threads"):
            cursor.execute(STATEMENTS[statement], values)
        if page.has_imports:
            for statement in ("shorten_imported", "shorten_own"):
                cursor.execute(STATEMENTS[statement], values)
            left = Exists(ImportedMessage.objects.filter(thread=OuterRef("pk")))
            ImportedThread.objects.filter(~left, conversation__in=touched).delete()
    MessageIndexChunk.objects.filter(conversation__in=touched).delete()  # they are queued, and indexed again
    rows = Conversation.objects.filter(pk__in=touched)
    show_last_messages(rows.exclude(events__kind__startswith="message_"))  # the row had a text that is gone
    recount(list(rows.filter(read_until__isnull=False).values_list("pk", flat=True)))
    delete_files(page, list(touched), list(rows.values_list("sender_id", flat=True)))
    messages, history = (
        (sum(numbers) for numbers in zip(*touched.values(), strict=True)) if touched else (0, 0)
    )
    if touched:
        _count(page, messages=messages, history=history)
    return messages + history == EVENTS


# -- the ledger --------------------------------------------------------------------------------------------
def _count(page: Page, **numbers: int) -> None:
    """Add to the record of this erasure, which begins with the first that is erased."""
    running = Erasure.objects.filter(kind=Erasure.Kind.AGE, page=page, ended_at=None)
    erasure = running.first() or Erasure.objects.create(kind=Erasure.Kind.AGE, **erasure_for(page, None))
    added = {name: F(name) + number for name, number in numbers.items()}
    Erasure.objects.filter(pk=erasure.pk).update(**added)
    notify_changes([page.pk])


@transaction.atomic
def _finish(page: Page, since: datetime) -> None:
    # What Facebook sent of threads that could not be read.
    page.threads.filter(updated_time__lt=since, record__isnull=False).update(record=None)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["clear_separated"], {"page": page.pk, "since": since})
    Erasure.objects.filter(kind=Erasure.Kind.AGE, page=page, ended_at=None).update(ended_at=timezone.now())
    Page.objects.filter(pk=page.pk).update(kept_from=since)
    if page.has_imports:
        count_months(page)


def _blank_deliveries(since: datetime, is_stopped: Callable[[], bool]) -> None:
    """Empty old webhooks. Those that nobody has worked on yet drop by themselves what is too old."""
    old = WebhookDelivery.objects.filter(received_at__lt=since).exclude(state=WebhookDelivery.State.PENDING)
    while ids := list(old.exclude(body=b"").order_by("pk").values_list("pk", flat=True)[:EVENTS]):
        blank_rows(WebhookDelivery.objects.filter(pk__in=ids))
        _check(is_stopped)
