"""Opens an alert for each problem of a Page, and closes it when the problem is over. A job does it."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from conversations.alerts.causes import pages_to_watch, sentences_of
from conversations.alerts.notices import note_closed, note_opened
from conversations.lib.locks import ALERTS, WORK, try_lock_until_commit
from conversations.lib.notify import notify_changes
from conversations.models import Alert


@transaction.atomic
def watch(now: datetime | None = None) -> None:
    """Compare the problems of all Pages with the open alerts. Only one process at a time does so."""
    if not try_lock_until_commit(ALERTS, WORK):
        return
    now = now or timezone.now()
    open_alerts: dict[int, dict[str, Alert]] = defaultdict(dict)
    for alert in Alert.objects.filter(closed_at=None):
        open_alerts[alert.page_id][alert.cause] = alert
    opened, closed = [], []
    for page in pages_to_watch():
        known = open_alerts[page.pk]
        found = sentences_of(page, {cause: alert.sentence for cause, alert in known.items()}, now)
        new = sorted(found.keys() - known)
        opened += [Alert(page=page, cause=cause, sentence=found[cause], opened_at=now) for cause in new]
        closed += [alert for cause, alert in known.items() if cause not in found]
    _save(opened, closed, now)


def _save(opened: list[Alert], closed: list[Alert], now: datetime) -> None:
    Alert.objects.bulk_create(opened)
    note_opened(opened)
    Alert.objects.filter(pk__in=[alert.pk for alert in closed]).update(closed_at=now)
    note_closed(closed)
    if pages := {alert.page_id for alert in (*opened, *closed)}:
        notify_changes(pages)
