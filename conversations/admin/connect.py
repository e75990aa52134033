"""Connecting Pages without a shell: a token or Facebook Login, the Pages it sees, those chosen."""

import secrets
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from conversations import facebook_login
from conversations.accounts import Seen, connect_seen, look
from conversations.connecting import ConnectionRefused
from conversations.graph.errors import GraphError
from conversations.models import Page
from conversations.secrets import seal, unseal

SEEN, STATE = "pages_seen", "login_state"  # in the session: what was seen is sealed there
MINUTES = 15
MOST_AT_ONCE = 20  # each asks Facebook several questions, and somebody waits
LATE = f"It took longer than {MINUTES} minutes: the token was forgotten. Begin again."


class TokenForm(forms.Form):
    token = forms.CharField(
        label="Access token of a person or a Page",
        widget=forms.PasswordInput(attrs={"class": "inbox-input", "autocomplete": "off"}),
    )


def urls(site) -> list:
    views = {"": start, "facebook/": to_facebook, "back/": back, "choose/": choose, "done/": done}
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
        return view(site, request)

    return guarded


def _address(view: str = "", **query: Any) -> str:
    name = f"admin:conversations_page_connect{'_' * bool(view)}{view}"
    return reverse(name, query=query or None)


def _again(request: HttpRequest) -> Page | None:
    """The Page that is to be connected again; None: any."""
    wanted = request.GET.get("page", "")
    if not wanted:
        return None
    page = Page.objects.filter(pk=wanted).first() if wanted.isascii() and wanted.isdigit() else None
    if page is None:
        raise Http404
    return page


def _shown(site, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    context = {**site.each_context(request), "title": "Connect a Page", **context}
    response = TemplateResponse(request, f"admin/conversations/page/{template}.html", context)
    response["Cache-Control"] = "no-store"
    return response


# -- a token
@sensitive_variables()
def start(site, request: HttpRequest) -> HttpResponse:
    again = _again(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _with_token(request, form.cleaned_data["token"].strip(), again)
        except (ConnectionRefused, GraphError) as error:
            form.add_error("token", f"Nothing was changed. {error}")
    return _shown(site, request, "connect", form=form, again=again, has_login=facebook_login.is_set_up())


@sensitive_variables()
def _with_token(request: HttpRequest, token: str, again: Page | None) -> HttpResponse:
    seen = look(token)
    if again is None:
        request.session[SEEN] = seal(seen.to_json())
        return redirect(_address("choose"))
    page = seen.page(again.facebook_page_id)
    if page is None:
        raise ConnectionRefused(
            f"This is the token of {seen.holder}, which does not see {again} ({again.facebook_page_id}): "
            "take a token of this Page, or of a person who manages it."
        )
    connect_seen(page)
    return redirect(_address("done", page=again.pk))


# -- Facebook Login
def to_facebook(site, request: HttpRequest) -> HttpResponse:
    """A link, as a form may not lead to another host."""
    if not facebook_login.is_set_up():
        raise Http404
    again = _again(request)
    once = request.session[STATE] = secrets.token_urlsafe(16)
    state = signing.dumps({"once": once, "page": again.pk if again else None}, salt=STATE)
    instagram = "instagram" in request.GET or bool(again and again.instagram_account_id)
    return redirect(facebook_login.dialogue_address(_return_address(request), state, instagram=instagram))


def _return_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(_address("back"))


@sensitive_variables()
def back(site, request: HttpRequest) -> HttpResponse:
    """From Facebook's dialogue; redirects at once, so that the code stays in no address bar."""
    again = None
    try:
        wanted = _checked_state(request)
        again = Page.objects.filter(pk=wanted).first() if wanted else None
        if wanted and again is None:
            raise ConnectionRefused("That Page is no longer here.")
        return _with_token(request, facebook_login.token_for(_code(request), _return_address(request)), again)
    except (ConnectionRefused, GraphError) as error:
        messages.error(request, f"Nothing was changed. {error}")
    return redirect(_address(page=again.pk) if again else _address())


def _checked_state(request: HttpRequest) -> int | None:
    """Counts once, in the session that asked."""
    once = request.session.pop(STATE, None)
    try:
        state = signing.loads(request.GET.get("state", ""), salt=STATE, max_age=MINUTES * 60)
    except signing.BadSignature:
        state = {}
    if not once or state.get("once") != once:
        raise ConnectionRefused("This login was not begun here, is used up or too old: log in again.")
    return state["page"]


def _code(request: HttpRequest) -> str:
    if request.GET.get("error") == "access_denied":
        raise ConnectionRefused("Facebook's dialogue was cancelled: without a yes there nothing can be read.")
    if not request.GET.get("code"):
        raise ConnectionRefused("Facebook's dialogue ended with an error. Try again, or paste a token.")
    return request.GET["code"]


# -- the Pages it sees
@sensitive_variables()
def choose(site, request: HttpRequest) -> HttpResponse:
    stored = unseal(request.session.get(SEEN, ""), seconds=MINUTES * 60)
    if stored is None:
        request.session.pop(SEEN, None)
        messages.error(request, LATE)
        return redirect(_address())
    seen = Seen.from_json(stored)
    chosen = request.POST.getlist("pages")
    if request.method != "POST" or not 0 < len(chosen) <= MOST_AT_ONCE:
        wrong = f"Choose one to {MOST_AT_ONCE} Pages." if request.method == "POST" else ""
        return _shown(site, request, "choose", seen=seen, wrong=wrong, rows=_rows(seen))
    del request.session[SEEN]
    connected = _connected(request, seen, chosen)
    return redirect(_address("done", page=connected) if connected else _address())


def _rows(seen: Seen) -> list[dict]:
    """Without the tokens: a template has no use for them."""
    ids = [page.id for page in seen.pages]
    known = set(Page.objects.filter(facebook_page_id__in=ids).values_list("facebook_page_id", flat=True))
    return [
        {
            "id": page.id,
            "name": page.name or page.id,
            "lacks": page.lacks,
            "is_known": page.id in known,
            "can": bool(page.token),
        }
        for page in seen.pages
    ]


def _connected(request: HttpRequest, seen: Seen, chosen: list[str]) -> list[int]:
    """Ids of our Pages. Each is stored whole or not at all; what was refused is told."""
    done = []
    for page in filter(None, map(seen.page, dict.fromkeys(chosen))):
        try:
            done.append(connect_seen(page).page.pk)
        except (ConnectionRefused, GraphError) as error:
            messages.error(request, f"{page.name} was not connected. {error}")
    return done


# -- and then
def done(site, request: HttpRequest) -> HttpResponse:
    ids = [pk for pk in request.GET.getlist("page") if pk.isascii() and pk.isdigit()]
    pages = list(Page.objects.filter(pk__in=ids).order_by("name", "pk"))
    return _shown(site, request, "connected", pages=pages, title="Connected")
