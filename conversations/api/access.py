"""Who may do what: a Page that one does not see is not there (404), what needs a role is refused (403)."""

from collections.abc import Iterable

from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from conversations.models import Page, PageMember

TAGGER, MANAGER = PageMember.Role.TAGGER, PageMember.Role.MANAGER


def page_ids(user, wanted: str = "") -> list[int]:
    """The Pages that this user may see, or the one of them that `wanted`, a facebookPageId, names."""
    pages = Page.objects.visible_to(user)
    if wanted in ("", "all"):
        return list(pages.values_list("pk", flat=True))
    found = list(pages.filter(facebook_page_id=wanted).values_list("pk", flat=True))
    if not found:
        raise NotFound("There is no Page with this facebookPageId that you may see.")
    return found


def has_role(user, page_ids: Iterable[int], role: str) -> bool:
    """Has the user at least this role on each of these Pages?"""
    wanted = set(page_ids)
    return Page.objects.visible_to(user, at_least=role).filter(pk__in=wanted).count() == len(wanted)


def require_role(user, page_ids: Iterable[int], role: str) -> None:
    if not has_role(user, page_ids, role):
        raise PermissionDenied(f"This needs the role {role} on the Page.")


class TaggersChange(BasePermission):
    """Conversations: whoever sees the Page reads, its taggers change."""

    def has_object_permission(self, request, view, obj) -> bool:
        if request.method not in SAFE_METHODS:
            require_role(request.user, [obj.page_id], TAGGER)
        return True


class TagsAreShared(BasePermission):
    """Tags: everybody reads, whoever is tagger somewhere makes them, superusers rename and delete."""

    def has_permission(self, request, view) -> bool:
        if request.method in SAFE_METHODS or request.user.is_superuser:
            return True
        if request.method != "POST":
            raise PermissionDenied("Only superusers rename and delete tags: all Pages share them.")
        if not Page.objects.visible_to(request.user, at_least=TAGGER).exists():
            raise PermissionDenied(f"This needs the role {TAGGER} on a Page.")
        return True
