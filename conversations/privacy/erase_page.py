"""Deletes everything of a Page, in short transactions, so that readers never wait for it.

If the process ends, the next job continues: the Erasure's row says that it is not finished.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import F, Sum
from django.utils import timezone

from conversations.lib.locks import SyncLock, lock_rows, sync_lock
from conversations.lib.notify import notify_changes
from conversations.models import (
    CallBudget,
    Conversation,
    ConversationTag,
    Export,
    InteractionEvent,
    Page,
    SyncRun,
    Thread,
)
from conversations.models.audit import Action, record
from conversations.models.privacy import Erasure
from conversations.privacy.forget_person import delete_conversations, erasure_for
from conversations.sync import run_lifecycle
from conversations.webhooks.blanking import blank_page

logger = logging.getLogger(__name__)

CHUNK = 500  # conversations, or rows of another table, in one transaction
CHECK_SECONDS = 0.2  # how often to check whether the cancelled sync has released the Page
WAIT_SECONDS = 50  # the longest wait for that; the next job, a minute later, waits again
CANCELLED = "All data of this Page is being deleted."


class ErasureStopped(Exception):
    """The process must end, or another one holds the Page's lock: the next job continues."""


@dataclass(frozen=True)
class PageCounts:
    """What is deleted with a Page. `messages` sums the counts of threads: counting rows takes too long."""

    conversations: int
    messages: int
    tags: int
    threads: int
    runs: int


def count_page(page: Page) -> PageCounts:
    return PageCounts(
        conversations=page.conversations.count(),
        messages=page.threads.aggregate(held=Sum("held_count"))["held"] or 0,
        tags=ConversationTag.objects.filter(page=page).count(),
        threads=page.threads.count(),
        runs=page.runs.count(),
    )


@transaction.atomic
def start_erasure(page: Page, *, keep_page: bool, actor) -> Erasure:
    """Record that all data of the Page is to be deleted. Return the deletion in progress if there is one.

    `keep_page`: the Page stays connected. Otherwise its token is deleted at once, so that no further call to
    Facebook is made with it.
    """
    page = Page.objects.select_for_update().get(pk=page.pk)
    if running := Erasure.objects.pages_in_progress().filter(page=page).first():
        return running
    if not keep_page:
        page.access_token = ""
        page.set_reconnect(CANCELLED)
        page.save(update_fields=["access_token", *Page.STATE_FIELDS])
    Export.objects.of_page(page.pk).delete()
    record(Action.PAGE_ERASED, actor=actor, target=page, keeps_page=keep_page)
    return Erasure.objects.create(
        kind=Erasure.Kind.PAGE,
        keeps_page=keep_page,
        total=page.conversations.count(),
        account_ids=sorted(page.business_ids),
        **erasure_for(page, actor),
    )


def erase_all(is_stopped: Callable[[], bool]) -> None:
    """Continue all deletions until they are finished or the process must end."""
    try:
        for erasure in Erasure.objects.pages_in_progress().order_by("pk"):
            erase(erasure, is_stopped)
    except ErasureStopped:
        logger.info("The next job continues deleting the data of a Page.")


def erase(erasure: Erasure, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Execute a deletion. Raises ErasureStopped. A further call continues where the last one stopped."""
    page = erasure.page
    if page is not None:
        with sync_lock(page.pk) as lock:  # keeps syncs and other processes out
            _take_lock(lock, page, is_stopped)
            _delete_rows(erasure, page, is_stopped)
            _finish(erasure, page)


def _take_lock(lock: SyncLock, page: Page, is_stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not lock.is_acquired and not lock.acquire():
        _cancel_runs(page)
        _check_stop(lambda: is_stopped() or time.monotonic() > deadline)
        time.sleep(CHECK_SECONDS)
    _cancel_runs(page)  # queued ones, and those of dead processes


def _check_stop(is_stopped: Callable[[], bool]) -> None:
    if is_stopped():
        raise ErasureStopped


def _cancel_runs(page: Page) -> None:
    """Cancel all active runs. A sync in progress ends with its next transaction."""
    for run in page.runs.active():
        run_lifecycle.finish_if_open(run, SyncRun.Status.CANCELLED, CANCELLED)


def _delete_rows(erasure: Erasure, page: Page, is_stopped: Callable[[], bool]) -> None:
    _blank_deliveries(page, is_stopped)  # first: pending ones would bring back what is deleted
    for rows in (page.conversations, page.threads, page.runs):
        while _delete_some(erasure, page, rows.order_by("pk")):
            _check_stop(is_stopped)
    _blank_deliveries(page, is_stopped)  # those that came meanwhile


def _blank_deliveries(page: Page, is_stopped: Callable[[], bool]) -> None:
    while _blank_some(page):
        _check_stop(is_stopped)


@transaction.atomic
def _blank_some(page: Page) -> bool:
    """Empty one chunk of what Facebook has delivered. Return whether there was one."""
    lock_rows([page.pk])  # nobody works on a delivery of the Page meanwhile
    return blank_page(page, CHUNK) > 0


@transaction.atomic
def _delete_some(erasure: Erasure, page: Page, rows: models.QuerySet) -> bool:
    """Delete one chunk of these rows. Return whether there was one."""
    lock_rows([page.pk])
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    batch = rows.model._base_manager.filter(pk__in=ids)
    if rows.model is Conversation:
        staff = InteractionEvent.objects.filter(conversation__in=ids).exclude(kind__startswith="message_")
        history = staff.count()
        deleted = delete_conversations(batch)
    else:
        history, deleted = 0, batch.delete()[1]
    Erasure.objects.filter(pk=erasure.pk).update(
        conversations=F("conversations") + _count(deleted, Conversation),
        messages=F("messages") + _count(deleted, InteractionEvent) - history,
        history=F("history") + history,
        tags=F("tags") + _count(deleted, ConversationTag),
        threads=F("threads") + _count(deleted, Thread),
    )
    notify_changes([page.pk])
    return bool(ids)


def _count(deleted: dict[str, int], model: type[models.Model]) -> int:
    return deleted.get(model._meta.label, 0)


@transaction.atomic
def _finish(erasure: Erasure, page: Page) -> None:
    Export.objects.of_page(page.pk).delete()  # those that were started meanwhile
    CallBudget.objects.filter(facebook_page_id=page.facebook_page_id).delete()
    Erasure.objects.filter(pk=erasure.pk).update(ended_at=timezone.now())
    notify_changes([page.pk])
    if not erasure.keeps_page:
        page.delete()
        return
    page.removed_conversations.all().delete()
    # As if the Page had just been connected, except that its capabilities remain known.
    page.watermarks, page.last_synced_at, page.last_full_sync_at = {}, None, None
    page.last_delivery_at, page.has_imports, page.import_months = None, False, {}
    fields = ["watermarks", "last_synced_at", "last_full_sync_at", "last_delivery_at"]
    page.save(update_fields=[*fields, "has_imports", "import_months"])
