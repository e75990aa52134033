"""The page *My API key*: users create, renew and revoke their own key. A key is shown once, when created."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token

PREFIX_LENGTH = 6  # of 40 characters, enough to recognize a key


def key_prefix(token: Token) -> str:
    return f"{token.key[:PREFIX_LENGTH]}…"


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def key(request: HttpRequest) -> HttpResponse:
    """GET shows whether the user has a key. POST `action` renews (or creates) or revokes it.

    `of` is the prefix of the key for which the form was drawn: reloading the response submits the form again,
    which must not renew the key that has just been shown.
    """
    user = cast(User, request.user)
    if request.method == "GET":
        return page(request, user)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        token = Token.objects.filter(user=user).first()
        if request.POST.get("of", "") != (key_prefix(token) if token else ""):
            return redirect("key")
        Token.objects.filter(user=user).delete()
        if request.POST.get("action") != "renew":
            return redirect("key")
        token = Token.objects.create(user=user)
    return page(request, user, new=token.key)


def page(request: HttpRequest, user: User, new: str = "") -> HttpResponse:
    token = Token.objects.filter(user=user).first()
    context = {"token": token, "key_prefix": key_prefix(token) if token else "", "new": new}
    return render(request, "account/key.html", context)
