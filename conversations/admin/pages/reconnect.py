"""The Pages that need to be reconnected. A notice about them is shown on every page of the admin."""

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.http import HttpRequest

from conversations.models import Page


def disconnected_pages(request: HttpRequest) -> list[Page]:
    """Return those that the user sees, with one query.

    Each has `superusers`, up to three names of superusers, who can reconnect it, and `reason`, the text for
    this user.
    """
    if not (request.user.is_active and request.user.is_staff):
        return []
    superusers = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk")
    pages = (
        Page.objects.visible_to(request.user)
        .only("name", "facebook_page_id", "access_token", *Page.STATE_FIELDS)
        .with_role_of(request.user)
        .annotate(superusers=ArraySubquery(superusers.values("username")[:3]))
        .order_by("name", "pk")
    )
    disconnected = [page for page in pages if page.connection[0] == Page.State.RECONNECT]
    for page in disconnected:
        page.reason = page.reason_for(page.role)
    return disconnected
