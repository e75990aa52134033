"""Mails with a link to set the password."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

SUBJECTS = {"forgotten": _("Set a new password for Inbox"), "invitation": _("Your account for Inbox")}


def send(user_id: int, site: str, template: str) -> None:
    """Make the link now: it is stored nowhere."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None:
        return
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("new-password", args=[uid, default_token_generator.make_token(user)])
    days = settings.PASSWORD_RESET_TIMEOUT // 86_400
    context = {"user": user, "link": site + path, "site": site, "days": days}
    send_mail(str(SUBJECTS[template]), render_to_string(f"mail/{template}.txt", context), None, [user.email])
