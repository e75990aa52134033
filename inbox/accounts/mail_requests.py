"""Has mails with a link to set the password sent by a job, so that no answer tells whether a user exists."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from conversations.models.audit import Action, record
from inbox.accounts.models import PasswordMail
from inbox.accounts.tasks import send_password_mail

AT_MOST_EVERY = timedelta(minutes=5)  # to one user
MAX_USERS = 5  # with the same mail address
TEMPLATES = {Action.PASSWORD_RESET_SENT: "forgotten", Action.USER_INVITED: "invitation"}


def users_of(name: str) -> list:
    """The active users with this name or mail address to whom a mail can be sent."""
    users = get_user_model().objects.filter(Q(username=name) | Q(email__iexact=name), is_active=True)
    return list(users.exclude(email="").order_by("pk")[:MAX_USERS])


def request_mail(request: HttpRequest, user, action: Action) -> bool:
    """Have a mail sent to the user, unless one was sent a short while ago."""
    now = timezone.now()
    with transaction.atomic():
        _, is_new = PasswordMail.objects.get_or_create(user=user, defaults={"sent_at": now})
        is_due = PasswordMail.objects.filter(user=user, sent_at__lte=now - AT_MOST_EVERY)
        if not (is_new or is_due.update(sent_at=now)):
            return False
        record(action, request=request, target=user)
        site = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
        send_password_mail.defer(user_id=user.pk, site=site, template=TEMPLATES[action])
    return True
