"""Roles on Pages: which Pages a user may see and what the user may do there.

A user has at most one role on each Page: viewer, tagger or manager; each role includes the ones before it.
Superusers have every role on every Page. Django's own model permissions are not used.

Functions that take a request read the user's roles once for each request: one screen of the admin needs them
many times. Functions that take a user query the database at each call: the API needs the roles once or twice,
and an open stream reads them again when they change.
"""

from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from conversations.models import Page, PageMember
from conversations.models.querysets import ROLES

VIEWER, TAGGER, MANAGER = PageMember.Role.VIEWER, PageMember.Role.TAGGER, PageMember.Role.MANAGER


# -- of a request ------------------------------------------------------------------------------------------
def roles_of(request: HttpRequest) -> dict[int, str]:
    """Return the user's role by the ID of each Page that the user may see; one query for each request."""
    cache = vars(request)
    if "roles_on_pages" not in cache:
        pages = Page.objects.visible_to(request.user).with_role_of(request.user)
        cache["roles_on_pages"] = dict(pages.values_list("pk", "role"))
    return cache["roles_on_pages"]


def page_ids(request: HttpRequest, at_least: str = VIEWER) -> list[int]:
    """Return the IDs of the Pages on which the user has at least this role."""
    sufficient = {*ROLES[ROLES.index(at_least) :], "superuser"}
    return sorted(pk for pk, role in roles_of(request).items() if role in sufficient)


def has_role(request: HttpRequest, ids: Collection[int], role: str) -> bool:
    """Whether the user has at least this role on each of these Pages."""
    return set(ids) <= set(page_ids(request, role))


def require_role(request: HttpRequest, page_id: int, role: str) -> None:
    """Raise PermissionDenied unless the user has at least this role on the Page."""
    if not has_role(request, [page_id], role):
        raise PermissionDenied(missing_role(role))


# -- of a user ---------------------------------------------------------------------------------------------
def user_page_ids(user, at_least: str = VIEWER) -> list[int]:
    """Return the IDs of the Pages on which the user has at least this role."""
    return list(Page.objects.visible_to(user, at_least=at_least).values_list("pk", flat=True))


def user_has_role(user, ids: Iterable[int], role: str) -> bool:
    """Whether the user has at least this role on each of these Pages."""
    distinct = set(ids)
    return Page.objects.visible_to(user, at_least=role).filter(pk__in=distinct).count() == len(distinct)


def require_user_role(user, ids: Iterable[int], role: str) -> None:
    """Raise PermissionDenied unless the user has at least this role on each of these Pages."""
    if not user_has_role(user, ids, role):
        raise PermissionDenied(missing_role(role))


def missing_role(role: str) -> str:
    return f"This needs the role {role} on the Page."
