"""Notices at a sync that webhooks are missing.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from conversations.lib.notify import notify_changes
from conversations.models import Page, WebhookDelivery

MIN_AGE = timedelta(minutes=10)  # Facebook repeats a webhook for some minutes
REASON = (
    "A sync brought a message that no webhook had brought. Check the Page (manage.py checkpage): the app may"
    " not be published, or Facebook may not reach this installation."
)
LiveState, State = Page.LiveState, WebhookDelivery.State


def note_missed(page: Page, times: Iterable[datetime]) -> None:
    """Mark the Page as silent if a message of these times should have come by a webhook.

    `times` are those of messages that are stored now and were not before.
    """
    since = page.subscribed_at
    if page.live_state != LiveState.SUBSCRIBED or since is None:
        return
    until = timezone.now() - MIN_AGE
    missed = [time for time in times if since <= time <= until]
    if not missed or _may_have_come(page, min(missed)):
        return
    current = Page.objects.filter(pk=page.pk, live_state=LiveState.SUBSCRIBED, subscribed_at__lte=max(missed))
    if current.update(
        live_state=LiveState.SILENT,
        live_reason=REASON,
        silent_at=timezone.now(),
        next_subscription_check=timezone.now(),
    ):
        page.live_state = LiveState.SILENT
        notify_changes([page.pk])


def note_delivery(page: Page, received_at: datetime) -> None:
    """A webhook has come: the Page is silent no longer."""
    silent = Page.objects.filter(pk=page.pk, live_state=LiveState.SILENT, silent_at__lt=received_at)
    silent.update(live_state=LiveState.SUBSCRIBED, live_reason="", silent_at=None)


def _may_have_come(page: Page, since: datetime) -> bool:
    """Whether a webhook that came since then is not applied yet, or could not be."""
    waiting = Q(page=page) | Q(page=None, state=State.PENDING)
    states = [State.PENDING, State.PARTIAL, State.FAILED]
    return WebhookDelivery.objects.filter(waiting, state__in=states, received_at__gte=since).exists()
