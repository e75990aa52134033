"""What the pages of an account have in common."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from conversations.permissions import ConfirmationRequired, require_confirmation

ENTRIES = [
    ("keys", _("API keys")),
    ("password", _("Password")),
    ("second-factor", _("Second factor")),
    ("sessions", _("Sessions")),
]


class AccountRequest(HttpRequest):
    user: User


def account_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the signed-in user that no cache stores, and whose errors show no field."""
    methods = require_http_methods(["GET", "HEAD", "POST"])
    return wraps(view)(never_cache(sensitive_post_parameters()(login_required(methods(view)))))


def show(request: HttpRequest, name: str, **context) -> HttpResponse:
    entries = [(reverse(entry), title, entry == name) for entry, title in ENTRIES]
    template = f"account/{name.replace('-', '_')}.html"
    shared = {"entries": entries, "is_confirmed": is_confirmed(request), "here": request.path}
    return render(request, template, shared | context)


def is_confirmed(request: HttpRequest) -> bool:
    try:
        require_confirmation(request.session)
    except ConfirmationRequired:
        return False
    return True
