"""Deleting everything of a Page, in steps of which each is short: nobody who reads waits for it.

Whatever ends the process, the next goes on: the Erasure tells that it is in work.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import F, Sum
from django.utils import timezone

from conversations.forgetting.people import about, delete_conversations
from conversations.forgetting.tables import Erasure
from conversations.locks import SyncLock, lock_rows, sync_lock
from conversations.models import (
    CallBudget,
    Conversation,
    ConversationTag,
    InteractionEvent,
    Page,
    SyncRun,
    Thread,
)
from conversations.sync import runs

logger = logging.getLogger(__name__)

CHUNK = 500  # conversations, or rows of another table, in one transaction
LOOK_SECONDS = 0.2  # at whether the sync that was cancelled has let go
WAIT_SECONDS = 50  # for it; the next job, a minute later, waits again
CANCELLED = "Everything of this Page is being deleted."


class Stopped(Exception):
    """The process is to end, or somebody else holds the Page: the next job goes on."""


@dataclass(frozen=True)
class PageCounts:
    """What of a Page goes. Messages as its ledger counts them: nobody waits for a count of ten millions."""

    conversations: int
    messages: int
    tags: int
    threads: int
    runs: int


def would_erase(page: Page) -> PageCounts:
    return PageCounts(
        conversations=page.conversations.count(),
        messages=page.threads.aggregate(held=Sum("held_count"))["held"] or 0,
        tags=ConversationTag.objects.filter(page=page).count(),
        threads=page.threads.count(),
        runs=page.runs.count(),
    )


@transaction.atomic
def begin_erasing(page: Page, *, keep: bool, actor) -> Erasure:
    """Says that everything of this Page is to go; the one under way where there is one.

    `keep`: the Page stays connected. Else its token goes at once: no call to Facebook is made with it again.
    """
    page = Page.objects.select_for_update().get(pk=page.pk)
    if running := Erasure.objects.filter(page=page, ended_at=None).first():
        return running
    if not keep:
        page.access_token, page.state, page.state_reason = "", Page.State.RECONNECT, CANCELLED
        page.save(update_fields=["access_token", "state", "state_reason"])
    return Erasure.objects.create(
        kind=Erasure.Kind.PAGE, keeps_page=keep, total=page.conversations.count(), **about(page, actor)
    )


def erase_all(is_stopped: Callable[[], bool]) -> None:
    """Goes on with everything that is to go, until it is gone or the process is to end."""
    try:
        for erasure in Erasure.objects.filter(ended_at=None).order_by("pk"):
            erase(erasure, is_stopped)
    except Stopped:
        logger.info("Deleting everything of a Page goes on with the next job.")


def erase(erasure: Erasure, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Does it. Raises Stopped; then, or killed, it goes on where it was when it is called again."""
    page = erasure.page
    if page is not None:
        with sync_lock(page.pk) as lock:  # no sync begins meanwhile, and no second process does the same
            _wait_for(lock, page, is_stopped)
            _delete_rows(erasure, page, is_stopped)
            _finish(erasure, page)


def _wait_for(lock: SyncLock, page: Page, is_stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not lock.is_ours and not lock.take():
        _cancel_runs(page)
        _look(lambda: is_stopped() or time.monotonic() > deadline)
        time.sleep(LOOK_SECONDS)
    _cancel_runs(page)  # those that are queued, and what the dead left


def _look(is_stopped: Callable[[], bool]) -> None:
    if is_stopped():
        raise Stopped


def _cancel_runs(page: Page) -> None:
    """A sync in work ends with its next step: it has nothing more to write to."""
    for run in page.runs.active():
        runs.give_up(run, SyncRun.Status.CANCELLED, CANCELLED)


def _delete_rows(erasure: Erasure, page: Page, is_stopped: Callable[[], bool]) -> None:
    for rows in (page.conversations, page.threads, page.runs):
        while _delete_some(erasure, page, rows.order_by("pk")):
            _look(is_stopped)


@transaction.atomic
def _delete_some(erasure: Erasure, page: Page, rows: models.QuerySet) -> bool:
    lock_rows([page.pk])
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    chosen = rows.model._base_manager.filter(pk__in=ids)
    if rows.model is Conversation:
        staff = InteractionEvent.objects.filter(conversation__in=ids).exclude(kind__startswith="message_")
        history = staff.count()
        gone = delete_conversations(chosen)
    else:
        history, gone = 0, chosen.delete()[1]
    number = _of(gone, InteractionEvent)
    Erasure.objects.filter(pk=erasure.pk).update(
        conversations=F("conversations") + _of(gone, Conversation),
        messages=F("messages") + number - history,
        history=F("history") + history,
        tags=F("tags") + _of(gone, ConversationTag),
        threads=F("threads") + _of(gone, Thread),
    )
    return bool(ids)


def _of(gone: dict[str, int], model: type[models.Model]) -> int:
    return gone.get(model._meta.label, 0)


@transaction.atomic
def _finish(erasure: Erasure, page: Page) -> None:
    CallBudget.objects.filter(facebook_page_id=page.facebook_page_id).delete()
    Erasure.objects.filter(pk=erasure.pk).update(ended_at=timezone.now())
    if not erasure.keeps_page:
        page.delete()
        return
    # As if it had just been connected; what Facebook lets us do with it stays known.
    page.watermarks, page.last_synced_at, page.audited_at = {}, None, None
    page.save(update_fields=["watermarks", "last_synced_at", "audited_at"])
