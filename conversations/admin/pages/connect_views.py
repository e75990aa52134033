"""Views that connect Pages: a superuser enters a token or uses Facebook Login, then chooses Pages."""

import json
import secrets
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from conversations.connections import facebook_login
from conversations.connections.connect import ConnectionRefused, describe_failure
from conversations.connections.discovery import TokenScope, connect_discovered, inspect_token
from conversations.connections.interactive import asking_facebook
from conversations.graph.errors import GraphError
from conversations.models import Page, PendingConnection
from conversations.models.pages import CONNECTING
from conversations.permissions import require_confirmation

SCOPE_KEY, STATE_KEY = "token_scope", "login_state"  # session keys
MAX_MINUTES = 15  # for the login at Facebook; a token is kept for less
MAX_PAGES = 20  # at once: each needs several calls to Facebook while the user waits
EXPIRED = _("The token was discarded after %(minutes)s minutes. Start again.")


class HistoryForm(forms.Form):
    """From which age on the conversations of a first sync are no work."""

    history_days = forms.IntegerField(
        label=_("Days after which conversations of the first sync are done"),
        min_value=0,
        max_value=settings.MAX_DAYS,
        widget=forms.NumberInput(attrs={"class": "inbox-input"}),
        help_text=_(
            "Older ones are the past, not work: they are stored as done. With 0 all of them are open."
        ),
    )


class TokenForm(forms.Form):
    token = forms.CharField(
        label=_("Access token of a person or a Page"),
        widget=forms.PasswordInput(attrs={"class": "inbox-input", "autocomplete": "off"}),
    )


def urls(site) -> list:
    views = {"": start, "facebook/": to_facebook, "back/": from_facebook, "choose/": choose, "done/": done}
    return [
        path(
            f"connect/{route}",
            site.admin_view(_for_superusers(site, view)),
            name=f"conversations_page_connect{'_' * bool(route)}{route.strip('/')}",
        )
        for route, view in views.items()
    ]


def _for_superusers(site, view):
    @sensitive_post_parameters("token")
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        if view is not from_facebook:  # Facebook's code in its address would be lost; it follows to_facebook
            require_confirmation(request.session)
        return view(site, request)

    return guarded


def _url(view: str = "", **query: Any) -> str:
    name = f"admin:conversations_page_connect{'_' * bool(view)}{view}"
    return reverse(name, query=query or None)


def _page_to_reconnect(request: HttpRequest) -> Page | None:
    """Return the Page to reconnect; None if any Page may be connected. Raise Http404 for an unknown one."""
    pk = request.GET.get("page", "")
    if not pk:
        return None
    page = Page.objects.filter(pk=pk).first() if pk.isascii() and pk.isdigit() else None
    if page is None:
        raise Http404
    return page


def _render(site, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    context = {**site.each_context(request), "title": gettext("Connect a Page"), **context}
    response = TemplateResponse(request, f"admin/conversations/page/{template}.html", context)
    response["Cache-Control"] = "no-store"
    return response


# -- a token
@sensitive_variables()
def start(site, request: HttpRequest) -> HttpResponse:
    reconnected = _page_to_reconnect(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _use_token(request, form.cleaned_data["token"].strip(), reconnected)
        except (ConnectionRefused, GraphError) as error:
            form.add_error(
                "token", gettext("Nothing was changed. %(reason)s") % {"reason": describe_failure(error)}
            )
    context = {"form": form, "reconnected": reconnected, "has_login": facebook_login.is_configured()}
    return _render(site, request, "connect", **context)


@sensitive_variables()
def _use_token(request: HttpRequest, token: str, reconnected: Page | None) -> HttpResponse:
    """Reconnect the Page, or continue with the choice of Pages. Raise ConnectionRefused or GraphError."""
    with asking_facebook(request.user):
        scope = inspect_token(token)
    if reconnected is None:
        _forget_scope(request)
        pending = PendingConnection.objects.create(scope=json.dumps(scope.to_json()))
        request.session[SCOPE_KEY] = str(pending.pk)
        return redirect(_url("choose"))
    page = scope.page(reconnected.facebook_page_id)
    if page is None:
        raise ConnectionRefused(
            gettext(
                "This is the token of %(holder)s, which has no access to %(reconnected)s (%(id)s). "
                "Use a token of this Page, or of a person who manages it."
            )
            % {"holder": scope.holder, "reconnected": reconnected, "id": reconnected.facebook_page_id}
            + (f" {reconnected.state_reason}" if reconnected.migrated_to else "")
        )
    with asking_facebook(request.user):
        connect_discovered(page, connected_by=scope.user_id)
    return redirect(_url("done", page=reconnected.pk))


# -- Facebook Login
def to_facebook(site, request: HttpRequest) -> HttpResponse:
    """Redirect to Facebook's dialog. This is a GET, because forms may not submit to another host."""
    if not facebook_login.is_configured():
        raise Http404
    reconnected = _page_to_reconnect(request)
    nonce = request.session[STATE_KEY] = secrets.token_urlsafe(16)
    state = signing.dumps({"nonce": nonce, "page": reconnected.pk if reconnected else None}, salt=STATE_KEY)
    instagram = "instagram" in request.GET or bool(reconnected and reconnected.instagram_account_id)
    return redirect(facebook_login.dialog_url(_return_url(request), state, instagram=instagram))


def _return_url(request: HttpRequest) -> str:
    return request.build_absolute_uri(_url("back"))


@sensitive_variables()
def from_facebook(site, request: HttpRequest) -> HttpResponse:
    """Handle the return from Facebook's dialog. Always redirect, so that the code leaves the address bar."""
    reconnected = None
    try:
        pk = _page_of_state(request)
        reconnected = Page.objects.filter(pk=pk).first() if pk else None
        if pk and reconnected is None:
            raise ConnectionRefused(gettext("This Page no longer exists."))
        code = _code(request)
        with asking_facebook(request.user):
            token = facebook_login.exchange_code(code, _return_url(request))
        return _use_token(request, token, reconnected)
    except (ConnectionRefused, GraphError) as error:
        messages.error(
            request, gettext("Nothing was changed. %(reason)s") % {"reason": describe_failure(error)}
        )
    return redirect(_url(page=reconnected.pk) if reconnected else _url())


def _page_of_state(request: HttpRequest) -> int | None:
    """Return the ID of the Page in the login state. A state is valid once, in the session that began it."""
    nonce = request.session.pop(STATE_KEY, None)
    try:
        state = signing.loads(request.GET.get("state", ""), salt=STATE_KEY, max_age=MAX_MINUTES * 60)
    except signing.BadSignature:
        state = {}
    if not nonce or state.get("nonce") != nonce:
        raise ConnectionRefused(gettext("This login was not started here, or it has expired. Log in again."))
    return state["page"]


def _code(request: HttpRequest) -> str:
    if request.GET.get("error") == "access_denied":
        raise ConnectionRefused(
            gettext("Facebook's dialog was cancelled. Inbox cannot read without permission.")
        )
    if not request.GET.get("code"):
        raise ConnectionRefused(
            gettext("Facebook's dialog ended with an error. Try again, or paste a token.")
        )
    return request.GET["code"]


# -- the choice of Pages
@sensitive_variables()
def choose(site, request: HttpRequest) -> HttpResponse:
    scope = _stored_scope(request)
    if scope is None:
        _forget_scope(request)
        messages.error(request, EXPIRED % {"minutes": MAX_MINUTES})
        return redirect(_url())
    selected = request.POST.getlist("pages")
    form = HistoryForm({"history_days": settings.HISTORY_DONE_BEFORE} | request.POST.dict())
    if request.method != "POST" or not 0 < len(selected) <= MAX_PAGES or not form.is_valid():
        is_wrong = request.method == "POST" and not 0 < len(selected) <= MAX_PAGES
        error = gettext("Choose 1 to %(number)s Pages.") % {"number": MAX_PAGES} if is_wrong else ""
        return _render(site, request, "choose", scope=scope, error=error, rows=_rows(scope), form=form)
    _forget_scope(request)
    connected = _connect(request, scope, selected, form.cleaned_data["history_days"])
    return redirect(_url("done", page=connected) if connected else _url())


def _stored_scope(request: HttpRequest) -> TokenScope | None:
    """Return the scope of this session, unless it is too old or its key is gone."""
    since = timezone.now() - CONNECTING
    row = PendingConnection.objects.filter(pk=_pending_id(request), created_at__gte=since).first()
    return TokenScope.from_json(json.loads(row.scope)) if row and row.scope else None


def _forget_scope(request: HttpRequest) -> None:
    PendingConnection.objects.filter(pk=_pending_id(request)).delete()
    request.session.pop(SCOPE_KEY, None)


def _pending_id(request: HttpRequest) -> UUID:
    """Return the ID in the session; one that no row has if there is none, or one of an earlier version."""
    try:
        return UUID(request.session.get(SCOPE_KEY, ""))
    except ValueError:
        return UUID(int=0)


def _rows(scope: TokenScope) -> list[dict]:
    """Return the Pages for the template, without their tokens."""
    ids = [page.id for page in scope.pages]
    known = set(Page.objects.filter(facebook_page_id__in=ids).values_list("facebook_page_id", flat=True))
    return [
        {
            "id": page.id,
            "name": page.name or page.id,
            "missing": page.missing,
            "is_connected": page.id in known,
            "can_connect": bool(page.token),
        }
        for page in scope.pages
    ]


def _connect(request: HttpRequest, scope: TokenScope, selected: list[str], history_days: int) -> list[int]:
    """Connect the selected Pages and return their primary keys. Each failure becomes a message."""
    connected = []
    for page in filter(None, map(scope.page, dict.fromkeys(selected))):
        try:
            with asking_facebook(request.user):
                result = connect_discovered(page, history_days=history_days, connected_by=scope.user_id)
                connected.append(result.page.pk)
        except (ConnectionRefused, GraphError) as error:
            messages.error(
                request,
                gettext("%(name)s was not connected. %(reason)s")
                % {"name": page.name, "reason": describe_failure(error)},
            )
    return connected


# -- the result
def done(site, request: HttpRequest) -> HttpResponse:
    ids = [pk for pk in request.GET.getlist("page") if pk.isascii() and pk.isdigit()]
    pages = list(Page.objects.filter(pk__in=ids).order_by("name", "pk"))
    return _render(site, request, "connected", pages=pages, title=gettext("Connected"))
