"""Short ways to a filtered list: quick filters above it, saved views in the sidebar."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape

from conversations.admin.asking import as_query, parameters_of
from conversations.models import SavedView

LIST = "admin:conversations_conversation_changelist"
QUICK = {
    "reading": ("unread", "Unread"),
    "tagging": ("untagged", "Untagged"),
    "reply": ("waiting", "Waiting for us over 24 h"),
}
WITH_VIEWS = ("conversations_conversation_changelist", "conversations_savedview_")
MOST_VIEWS = 20  # in the sidebar; the page of saved views has them all


def quick_filters(request: HttpRequest) -> list[dict]:
    """Each with `title`, `query` (where it leads) and `is_on`; they combine with all other filters."""
    found = [address(request, "All", {}, is_on=not set(QUICK) & set(request.GET))]
    for name, (value, title) in QUICK.items():
        is_on = request.GET.get(name) == value
        others = {key: request.GET.getlist(key) for key in QUICK if key != name and key in request.GET}
        found.append(address(request, title, {**others, **({} if is_on else {name: [value]})}, is_on=is_on))
    return found


def address(request: HttpRequest, title: str, quick: dict[str, list[str]], *, is_on: bool) -> dict:
    query = request.GET.copy()
    for name in ("p", *QUICK):
        query.pop(name, None)
    for name, values in quick.items():
        query.setlist(name, values)
    return {"title": title, "query": query.urlencode(), "is_on": is_on}


# -- saved views -------------------------------------------------------------------------------------------
def view_address(view: SavedView) -> str:
    query = {**as_query(view.query), **({"page": view.page_id} if view.page_id else {})}
    return reverse(LIST, query=query)


def views_menu(request: HttpRequest) -> list[dict]:
    """A group of the sidebar beside the list: own views and those that others share."""
    match = request.resolver_match
    if not match or not (match.url_name or "").startswith(WITH_VIEWS):
        return []
    views = SavedView.objects.seen_by(request.user).select_related("owner")[:MOST_VIEWS]
    return [{"title": "Views", "items": [entry(request, view) for view in views]}] if views else []


def entry(request: HttpRequest, view: SavedView) -> dict:
    """As unfold wants it. It writes titles as HTML: the name is escaped here."""
    is_current = is_shown(request, view)
    is_own = view.owner_id == request.user.pk
    return {
        "title": escape(view.name if is_own else f"{view.name} ({view.owner})"),
        "icon": "bookmark" if is_own else "group",
        "link": view_address(view),
        "active": lambda request: is_current,
    }


def is_shown(request: HttpRequest, view: SavedView) -> bool:
    """Whether the list shows this very view now."""
    match = request.resolver_match
    page = str(view.page_id or "")
    return (
        match is not None
        and f"admin:{match.url_name}" == LIST
        and request.GET.get("page", "") == page
        and as_query(parameters_of(request)) == as_query(view.query)
    )
