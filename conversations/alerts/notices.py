"""Tells people and other programs of alerts: by mail, and by a signed POST to ALERT_URL.

A notice is a row, so that a restart neither repeats nor loses it. It is due again before it is sent: one
whose job is lost, or whose receiver does not answer, is sent later, MAX_ATTEMPTS times in all.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.alerts.sending import SendingFailed, send
from conversations.models import Alert, AlertNotice, PageMember
from conversations.models.roles import Role

logger = logging.getLogger(__name__)

Phase, Channel = AlertNotice.Phase, AlertNotice.Channel
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240)]  # after each attempt but the last
MAX_ATTEMPTS = len(PAUSES) + 1
LAST = timedelta(minutes=5)  # for which the last attempt may take
MAX_MAILS = 50  # of one alert
AT_ONCE = 50  # notices that one job takes


# -- what is to be told ------------------------------------------------------------------------------------
def note_opened(alerts: Iterable[Alert]) -> None:
    """Have these new alerts told."""
    notices = []
    for alert in alerts:
        if settings.EMAIL_URL:
            users = managers_of(alert.page_id)[:MAX_MAILS]
            notices += [_opened(alert, Channel.MAIL, user) for user in users]
        if settings.ALERT_URL:
            notices.append(_opened(alert, Channel.POST))
    AlertNotice.objects.bulk_create(notices)


def _opened(alert: Alert, channel: AlertNotice.Channel, user=None) -> AlertNotice:
    return AlertNotice(alert=alert, phase=Phase.OPENED, channel=channel, user=user)


def note_closed(alerts: Iterable[Alert]) -> None:
    """Have those told that these alerts are over to whom they were told. What is not told yet is dropped."""
    opened = AlertNotice.objects.filter(alert__in=list(alerts), phase=Phase.OPENED)
    opened.filter(attempts=0).delete()
    AlertNotice.objects.bulk_create(
        [
            AlertNotice(alert_id=one.alert_id, phase=Phase.CLOSED, channel=one.channel, user_id=one.user_id)
            for one in opened
        ]
    )


def managers_of(page_id: int):
    """Return the users whom mails about the Page reach and who may act: its managers, and superusers."""
    managers = PageMember.objects.filter(page=page_id, role=Role.MANAGER).values("user")
    users = get_user_model().objects.filter(Q(pk__in=managers) | Q(is_superuser=True), is_active=True)
    return users.exclude(email="").order_by("pk")


# -- what is due -------------------------------------------------------------------------------------------
@transaction.atomic
def claim_due() -> list[int]:
    """Return the notices to send now. They are due again later, in case this attempt fails."""
    now = timezone.now()
    due = AlertNotice.objects.filter(next_at__lte=now).order_by("next_at")
    notices = list(due.select_for_update(skip_locked=True)[:AT_ONCE])
    for notice in notices:
        notice.attempts += 1
        # One more than PAUSES: a last attempt whose process ends is given up then.
        notice.next_at = now + (PAUSES[notice.attempts - 1] if notice.attempts <= len(PAUSES) else LAST)
    AlertNotice.objects.bulk_update(notices, ["attempts", "next_at"])
    return [notice.pk for notice in notices]


def deliver(notice_id: int) -> None:
    """Send a claimed notice, unless there is nothing to tell any more."""
    notices = AlertNotice.objects.select_related("alert__page", "user").defer("alert__page__access_token")
    notice = notices.filter(pk=notice_id, sent_at=None, next_at__isnull=False).first()
    if notice is None:
        return
    if notice.attempts > MAX_ATTEMPTS or _is_pointless(notice):
        _end(notice)
    elif not _waits(notice):
        _try(notice)


def _is_pointless(notice: AlertNotice) -> bool:
    if notice.phase == Phase.OPENED and notice.alert.closed_at:
        return True
    if notice.channel == Channel.POST:
        return not settings.ALERT_URL
    is_manager = managers_of(notice.alert.page_id).filter(pk=notice.user_id).exists()
    return not (settings.EMAIL_URL and is_manager)


def _waits(notice: AlertNotice) -> bool:
    """Whether it is not known yet if the receiver was told of the alert whose end this tells."""
    if notice.phase == Phase.OPENED:
        return False
    opened = notice.alert.notices.filter(phase=Phase.OPENED, channel=notice.channel, user=notice.user).first()
    if opened and opened.sent_at:
        return False
    if not (opened and opened.next_at):
        _end(notice)  # it was never told
    return True


def _try(notice: AlertNotice) -> None:
    try:
        send(notice)
    except SendingFailed as error:
        logger.warning("[page %s] alert %s: %s", notice.alert.page_id, notice.alert_id, error)
        is_last = notice.attempts >= MAX_ATTEMPTS
        changes: dict[str, Any] = {"error": str(error)} | ({"next_at": None} if is_last else {})
    else:
        changes = {"error": "", "next_at": None, "sent_at": timezone.now()}
    AlertNotice.objects.filter(pk=notice.pk).update(**changes)


def _end(notice: AlertNotice) -> None:
    AlertNotice.objects.filter(pk=notice.pk).update(next_at=None)
