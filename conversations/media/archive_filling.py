"""Fills the archive: downloads what is queued, the newest messages first, within a budget for each run."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from conversations.connections.interactive import FacebookRefused, RefusalReason, interactive_client
from conversations.media import archive, renewal
from conversations.media.download import DownloadFailed, FileTooLarge, LinkExpired, open_file
from conversations.media.links import may_work
from conversations.media.parts import Part, link_of
from conversations.models import ArchivedPart, InteractionEvent, LinkRenewal, Page

FILES = 200  # of a Page in one run
BYTES = 200 * 1024 * 1024  # in one run, of all Pages
SECONDS = 40.0
RENEWALS = 5  # requests to Facebook for a Page in one run, of renewal.MAX_IDS messages each
TRIES = 5
PAUSE = timedelta(minutes=2)  # before the second try; it grows fourfold with each
LATER = timedelta(hours=1)  # when Facebook refuses for a reason that passes
State = ArchivedPart.State


class Budget:
    def __init__(self, is_stopped: Callable[[], bool]):
        self._until, self._bytes, self._is_stopped = time.monotonic() + SECONDS, BYTES, is_stopped

    @property
    def is_spent(self) -> bool:
        return self._bytes <= 0 or time.monotonic() > self._until or self._is_stopped()

    def spend(self, size: int) -> None:
        self._bytes -= size


def fill(is_stopped: Callable[[], bool]) -> None:
    """Keep the files that are due, of each connected Page in turn."""
    budget = Budget(is_stopped)
    for page in Page.objects.filter(state=Page.State.CONNECTED).order_by("?"):
        if budget.is_spent:
            return
        _fill_page(page, budget)


def _fill_page(page: Page, budget: Budget) -> None:
    parts = _due_parts(page)
    events = InteractionEvent.objects.select_related("conversation").in_bulk([one.event_id for one in parts])
    parts = [part for part in parts if part.event_id in events]  # others were deleted just now
    expired = [
        part for part in parts if not budget.is_spent and not _try(part, events[part.event_id], budget)
    ]
    fresh = _renew(page, list({part.event_id: events[part.event_id] for part in expired}.values()), budget)
    for part in expired:
        if not budget.is_spent and part.event_id in fresh and not _try(part, fresh[part.event_id], budget):
            _give_up(part, renewal.GONE)


def _due_parts(page: Page) -> list[ArchivedPart]:
    waiting = page.archived_parts.filter(state=State.WAITING, next_try_at__lte=timezone.now())
    return list(waiting.order_by("-event_id")[:FILES])


def _try(part: ArchivedPart, event: InteractionEvent, budget: Budget) -> bool:
    """Download a part. Return False if its link has expired, True if anything else became of it."""
    try:
        url = link_of(event, part.index, Part(part.part))
        if not may_work(url):
            return False
        download = open_file(url)
        try:
            budget.spend(archive.keep(part, download))
        finally:
            download.close()
    except LinkExpired:
        return False
    except (FileTooLarge, FacebookRefused) as error:  # there is no link
        _give_up(part, str(error))
    except DownloadFailed as error:
        _try_later(part, str(error))
    return True


def _give_up(part: ArchivedPart, reason: str) -> None:
    ArchivedPart.objects.filter(pk=part.pk).update(state=State.MISSING, reason=reason)


def _try_later(part: ArchivedPart, reason: str) -> None:
    if part.tries + 1 >= TRIES:
        _give_up(part, reason)
        return
    later = timezone.now() + PAUSE * 4**part.tries
    ArchivedPart.objects.filter(pk=part.pk).update(tries=F("tries") + 1, next_try_at=later, reason=reason)


# -- links -------------------------------------------------------------------------------------------------
def _renew(page: Page, events: list[InteractionEvent], budget: Budget) -> dict[int, InteractionEvent]:
    """Return the messages whose links were renewed, as they are stored now."""
    by_platform: dict[str, list[InteractionEvent]] = {}
    for event in events:
        by_platform.setdefault(event.conversation.platform, []).append(event)
    for platform, its in by_platform.items():
        for start in range(0, min(len(its), RENEWALS * renewal.MAX_IDS), renewal.MAX_IDS):
            if budget.is_spent or not _renew_some(page, platform, its[start : start + renewal.MAX_IDS]):
                break
    renewed = LinkRenewal.objects.filter(pk__in=[one.pk for one in events])
    for refusal in renewed.filter(reason=RefusalReason.GONE, refused_until__gt=timezone.now()):
        waiting = page.archived_parts.filter(event=refusal.pk, state=State.WAITING)
        waiting.update(state=State.MISSING, reason=refusal.message)
    recent = renewed.filter(renewed_at__gt=timezone.now() - renewal.RENEWED_FOR)
    return InteractionEvent.objects.select_related("conversation").in_bulk(
        recent.values_list("pk", flat=True)
    )


def _renew_some(page: Page, platform: str, events: list[InteractionEvent]) -> bool:
    """Renew the links of these messages in one request. Return whether Facebook may be asked again."""
    ids = [event.graph_id for event in events if event.graph_id]
    try:
        with interactive_client(page, platform) as client:
            shown = renewal.read_by_id(client, ids)
    except FacebookRefused as refused:
        parts = page.archived_parts.filter(event__in=[one.pk for one in events], state=State.WAITING)
        parts.update(next_try_at=timezone.now() + LATER, reason=str(refused))
        return False
    renewal.save(page, events, shown)
    return True
