"""What can be wrong with a Page: how it is noticed, in which words, and who may mend it. Only rows are read.

The sentences are read by everybody who sees the Page, in mails and by other programs. They are ours alone: an
error may have Facebook's words or a customer's. An alert keeps its sentence in the language of the
installation, as a worker writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, OuterRef, Q, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models import Alert, Page, SyncRun
from conversations.models.privacy import Erasure
from conversations.models.roles import SUPERUSER, Role

Cause, Status = Alert.Cause, SyncRun.Status
DAY = timedelta(days=1)
EXPIRES_WITHIN = timedelta(days=7)
FAILED = (Status.ERROR, Status.COMPLETE_WITH_ERRORS)
RECONNECT = _("Connect the Page again.")


@dataclass(frozen=True)
class Kind:
    """A cause of alerts. `find` returns the sentence if it holds; `mender` is the role that can end it."""

    find: Callable[[Any, datetime], str | None]
    advice: Promise
    mender: str


def find_refusal(page: Page, now: datetime) -> str | None:
    if page.connection[0] != Page.State.RECONNECT:
        return None
    return gettext("Inbox can no longer read this Page at Facebook. New messages do not arrive.")


def find_expiry(page: Page, now: datetime) -> str | None:
    if page.access_ends_at is None or page.access_ends_at > now + EXPIRES_WITHIN:
        return None
    day = f"{page.access_ends_at:%Y-%m-%d}"
    return gettext("The access to this Page at Facebook expires on %(day)s.") % {"day": day}


def find_lost_subscription(page: Page, now: datetime) -> str | None:
    if page.live_state != Page.LiveState.LOST:
        return None
    return gettext(
        "Facebook has stopped to send messages of this Page at once: they arrive with the next sync."
    )


def find_failed_audit(page: Any, now: datetime) -> str | None:
    """The last full sync failed, or left out what no later sync has brought. The first sync is no audit."""
    is_over = page.full_status == Status.COMPLETE_WITH_ERRORS and page.newest_status == Status.COMPLETE
    if page.last_synced_at is None or page.full_status not in FAILED or is_over:
        return None
    return gettext("The last full sync of this Page did not read everything: messages may be missing.")


def find_overdue_sync(page: Any, now: datetime) -> str | None:
    """The day begins again once the Page is connected again."""
    since = max(filter(None, (page.last_synced_at or page.created_at, page.refused_until)))
    if not settings.SYNC_EVERY_MINUTES or now - since < DAY:
        return None
    return gettext("No sync of this Page has completed for a day: newer messages may be missing.")


def find_blocked_sending(page: Page, now: datetime) -> str | None:
    """It ends with the next message that is sent, or a day after the last one that was not."""
    if page.sending_blocked_at is None or now - page.sending_blocked_at > DAY:
        return None
    return gettext("Facebook lets this Page send no messages at the moment, because of its policies.")


KINDS: dict[str, Kind] = {
    Cause.TOKEN: Kind(find_refusal, RECONNECT, SUPERUSER),
    Cause.EXPIRY: Kind(find_expiry, RECONNECT, SUPERUSER),
    Cause.SUBSCRIPTION: Kind(find_lost_subscription, RECONNECT, SUPERUSER),
    Cause.AUDIT: Kind(
        find_failed_audit, _("See why in its sync runs, and start a full resync."), Role.MANAGER
    ),
    Cause.SYNC: Kind(find_overdue_sync, _("See why in its sync runs, and start a sync."), Role.MANAGER),
    Cause.SENDING: Kind(
        find_blocked_sending, _("Look for Facebook's message in the Page's support inbox."), Role.MANAGER
    ),
}


def sentences_of(page: Any, open_ones: dict[str, str], now: datetime) -> dict[str, str]:
    """Return the sentence of each cause that holds. `open_ones` are those of open alerts.

    Without access nothing else is known: what was open stays, and nothing is added.
    """
    if refusal := find_refusal(page, now):
        return open_ones | {Cause.TOKEN: refusal}
    if Cause.TOKEN in open_ones:  # until now
        page.refused_until = now
    found = {cause: kind.find(page, now) for cause, kind in KINDS.items()}
    return {cause: sentence for cause, sentence in found.items() if sentence}


def pages_to_watch():
    """Return the Pages with what their causes are found by, without those that are being deleted."""
    ended = SyncRun.objects.filter(page=OuterRef("pk"), ended_at__isnull=False).order_by("-pk")
    ended = ended.exclude(status__in=[Status.CANCELLED, Status.INTERRUPTED])
    refused = Q(alerts__cause=Cause.TOKEN)
    return Page.objects.exclude(pk__in=Erasure.objects.pages_in_progress().values("page")).annotate(
        newest_status=Subquery(ended.values("status")[:1]),
        full_status=Subquery(ended.filter(mode=SyncRun.Mode.FULL).values("status")[:1]),
        refused_until=Max("alerts__closed_at", filter=refused),
    )
