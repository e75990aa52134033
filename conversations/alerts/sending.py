"""Sends one notice: our sentence and the name of the Page, no token, no error, no word of customers."""

import json
import smtplib
import time
from http.client import HTTPException
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from urllib3.exceptions import HTTPError

from conversations.alerts.causes import KINDS
from conversations.graph.http import TimedAdapter, reading_until
from conversations.models import Alert, AlertNotice
from conversations.webhooks.signature import sign

MAX_SECONDS = 10  # in all
OPTIONS: dict[str, Any] = {"timeout": (3, 5), "allow_redirects": False, "stream": True}
SIGNATURE = "X-Hub-Signature-256"  # as Facebook signs webhooks, so that the same code can check it


class SendingFailed(Exception):
    """The receiver did not take it. The text has neither the address nor its answer."""


def send(notice: AlertNotice) -> None:
    """Send it by its channel. Raises SendingFailed."""
    if notice.user is None:
        post(body_of(notice))
    else:
        mail(notice, notice.user)


# -- mail --------------------------------------------------------------------------------------------------
def mail(notice: AlertNotice, user: AbstractUser) -> None:
    alert, name = notice.alert, one_line(str(notice.alert.page))
    is_over = notice.phase == AlertNotice.Phase.CLOSED
    label = alert.get_cause_display()
    context = {
        "user": user,
        "alert": alert,
        "page": name,
        "label": label,
        "is_over": is_over,
        "advice": KINDS[alert.cause].advice,
        "link": link_to(alert),
    }
    text = gettext("Solved: %(label)s (%(page)s)") if is_over else gettext("Inbox: %(label)s (%(page)s)")
    subject = text % {"label": label, "page": name}
    try:
        send_mail(subject, render_to_string("mail/alert.txt", context), None, [user.email])
    except (OSError, smtplib.SMTPException) as error:
        raise SendingFailed(f"the mail server did not take the mail ({type(error).__name__})") from None


def one_line(text: str) -> str:
    """Return the text without line breaks, which no header may have."""
    return " ".join(text.split())


def link_to(alert: Alert) -> str:
    """Return the address of the Page in the admin; "" if nobody has told ours."""
    path = reverse("admin:conversations_page_change", args=[alert.page_id])
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""


# -- POST --------------------------------------------------------------------------------------------------
def body_of(notice: AlertNotice) -> dict[str, Any]:
    alert, page = notice.alert, notice.alert.page
    return {
        "event": f"alert.{notice.phase}",
        "delivery": notice.pk,
        "sentAt": timezone.now().isoformat(),
        "alert": {
            "id": alert.pk,
            "cause": alert.cause,
            "sentence": alert.sentence,
            "advice": str(KINDS[alert.cause].advice),
            "since": alert.opened_at.isoformat(),
            "until": alert.closed_at and alert.closed_at.isoformat(),
        },
        "page": {"id": page.pk, "facebook_page_id": page.facebook_page_id, "name": page.name},
    }


def post(content: dict[str, Any]) -> None:
    """Send JSON to ALERT_URL. No redirect is followed, and nothing of the answer is read but its status."""
    body = json.dumps(content).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Inbox",
        SIGNATURE: sign(settings.ALERT_SECRET, body),
    }
    try:
        with _session() as session, reading_until(time.monotonic() + MAX_SECONDS):
            response = session.post(settings.ALERT_URL, data=body, headers=headers, **OPTIONS)
            status = response.status_code
            response.close()
    except (OSError, ValueError, HTTPError, HTTPException) as error:
        raise SendingFailed(f"ALERT_URL did not answer ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise SendingFailed(f"ALERT_URL answered with status {status}")


def _session() -> requests.Session:
    session = requests.Session()
    session.auth = _no_auth
    for scheme in ("http://", "https://"):
        session.mount(scheme, TimedAdapter())
    return session


def _no_auth(request: Any) -> Any:
    """Add nothing, also nothing from a .netrc file."""
    return request
