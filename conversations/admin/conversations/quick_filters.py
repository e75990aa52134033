"""Links to filtered lists: the quick filters above the list and the saved views in the sidebar."""

from itertools import islice

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.admin.conversations.list_query import as_query, parameters_of
from conversations.models import SavedView
from conversations.search.filters import spelled_out
from conversations.search.stored_filters import normalize, problem_of

LIST = "admin:conversations_conversation_changelist"
QUICK_FILTERS = {
    "assignee": ("me", _("Mine")),
    "mentioned": ("me", _("Mentions")),
    "unread": ("true", _("Unread")),
    "tagging": ("untagged", _("Untagged")),
    "reply": ("waiting", _("Needs reply (over 24 h)")),
}
URL_NAMES_WITH_VIEWS = ("conversations_conversation_changelist", "conversations_savedview_")
MAX_VIEWS = 20  # in the sidebar; the page of saved views lists all


def quick_filters(request: HttpRequest) -> list[dict]:
    """Return the filters with `title`, `query` and `is_on`. They combine with all other filters."""
    links = [quick_filter(request, gettext("All"), {}, is_on=not set(QUICK_FILTERS) & set(request.GET))]
    for name, (value, title) in QUICK_FILTERS.items():
        is_on = request.GET.get(name) == value
        others = {
            key: request.GET.getlist(key) for key in QUICK_FILTERS if key != name and key in request.GET
        }
        own = {} if is_on else {name: [value]}
        links.append(quick_filter(request, title, {**others, **own}, is_on=is_on))
    return links


def quick_filter(
    request: HttpRequest, title: str | Promise, parameters: dict[str, list[str]], *, is_on: bool
) -> dict:
    """Return a link to the current list with exactly these quick filters on."""
    query = request.GET.copy()
    for name in ("p", *QUICK_FILTERS):
        query.pop(name, None)
    for name, values in parameters.items():
        query.setlist(name, values)
    return {"title": title, "query": query.urlencode(), "is_on": is_on}


# -- saved views -------------------------------------------------------------------------------------------
def view_query(view: SavedView) -> dict[str, str | list[str]]:
    """Return its filter, which must be valid, as parameters of the list."""
    return as_query(spelled_out(normalize(view.query)))


def view_url(view: SavedView) -> str:
    query = {**view_query(view), **({"page": view.page_id} if view.page_id else {})}
    return reverse(LIST, query=query)


def views_menu(request: HttpRequest) -> list[dict]:
    """Return menu entries of the user's own views and the shared ones; only on pages of the list."""
    match = request.resolver_match
    if not match or not (match.url_name or "").startswith(URL_NAMES_WITH_VIEWS):
        return []
    views = SavedView.objects.visible_to(request.user).select_related("owner")
    usable = list(islice((view for view in views if not problem_of(view)), MAX_VIEWS))
    return [menu_entry(request, view) for view in usable]


def menu_entry(request: HttpRequest, view: SavedView) -> dict:
    """Return an entry for unfold's menu. Unfold renders titles as HTML, so the name is escaped here."""
    is_active = is_current(request, view)
    is_own = view.owner_id == request.user.pk
    return {
        "title": escape(view.name if is_own else f"{view.name} ({view.owner})"),
        "icon": "bookmark" if is_own else "group",
        "link": view_url(view),
        "active": lambda request: is_active,
    }


def is_current(request: HttpRequest, view: SavedView) -> bool:
    """Return whether the current page is the list filtered by this view."""
    match = request.resolver_match
    page = str(view.page_id or "")
    return (
        match is not None
        and f"admin:{match.url_name}" == LIST
        and request.GET.get("page", "") == page
        and as_query(parameters_of(request)) == view_query(view)
    )
