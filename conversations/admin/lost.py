"""Pages that somebody must connect again: told on every page of the admin."""

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.http import HttpRequest

from conversations.models import Page


def lost_pages(request: HttpRequest) -> list[Page]:
    """Those that the user sees, each with `helpers`: names of superusers, who can connect it. One query."""
    if not (request.user.is_active and request.user.is_staff):
        return []
    superusers = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk")
    pages = (
        Page.objects.visible_to(request.user)
        .only("name", "facebook_page_id", "access_token", "state", "state_reason")
        .annotate(helpers=ArraySubquery(superusers.values("username")[:3]))
        .order_by("name", "pk")
    )
    return [page for page in pages if page.connection[0] == Page.State.RECONNECT]
