"""My API key: everybody makes, renews and revokes his own. The key is shown in the answer that made it."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token

SHOWN = 6  # of its 40 characters: enough to tell which it is


def beginning(token: Token) -> str:
    return f"{token.key[:SHOWN]}…"


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def key(request: HttpRequest) -> HttpResponse:
    """GET tells whether there is one. POST `act`: renew (or make) it, or revoke it.

    `of`: the beginning of the key that the form was about. Reloading the answer sends the form again, which
    must not renew the key that it has just shown.
    """
    user = cast(User, request.user)
    if request.method == "GET":
        return page(request, user)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        token = Token.objects.filter(user=user).first()
        if request.POST.get("of", "") != (beginning(token) if token else ""):
            return redirect("key")
        Token.objects.filter(user=user).delete()
        if request.POST.get("act") != "renew":
            return redirect("key")
        token = Token.objects.create(user=user)
    return page(request, user, new=token.key)


def page(request: HttpRequest, user: User, new: str = "") -> HttpResponse:
    token = Token.objects.filter(user=user).first()
    context = {"token": token, "beginning": beginning(token) if token else "", "new": new}
    return render(request, "account/key.html", context)
