"""Roles on Pages decide what staff see and do here; Django's own table of permissions is not asked."""

from collections.abc import Collection
from datetime import datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from conversations.admin.counting import CappedPaginator
from conversations.models import Page, PageMember
from conversations.querysets import ROLES

VIEWER, TAGGER, MANAGER = PageMember.Role.VIEWER, PageMember.Role.TAGGER, PageMember.Role.MANAGER


def roles_of(request: HttpRequest) -> dict[int, str]:
    """Each Page that the user sees, by id, and the role there; asked once per request."""
    known = vars(request)
    if "roles_on_pages" not in known:
        pages = Page.objects.visible_to(request.user).with_role_of(request.user)
        known["roles_on_pages"] = dict(pages.values_list("pk", "role"))
    return known["roles_on_pages"]


def page_ids(request: HttpRequest, at_least: str = VIEWER) -> list[int]:
    """The Pages on which the user has at least this role."""
    enough = {*ROLES[ROLES.index(at_least) :], "superuser"}
    return sorted(pk for pk, role in roles_of(request).items() if role in enough)


def has_role(request: HttpRequest, wanted: Collection[int], role: str) -> bool:
    return set(wanted) <= set(page_ids(request, role))


def require_role(request: HttpRequest, page_id: int, role: str) -> None:
    if not has_role(request, [page_id], role):
        raise PermissionDenied


def short_time(moment: datetime | None) -> SafeString | None:
    if moment is None:
        return None
    local = timezone.localtime(moment)
    words = date_format(local, "j M, H:i" if local.year == timezone.localdate().year else "j M Y, H:i")
    return format_html('<span class="inbox-nowrap">{}</span>', words)


class List(ChangeList):
    def get_results(self, request) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count  # there is no second number to show beside it


class OfPages(ModelAdmin):
    """Rows that a sync or a service writes: staff look at those of the Pages on which they have `role`."""

    role: str = VIEWER
    path_to_page = "page"
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_filter_submit = True
    sortable_by: Collection[str] = ()  # no index would serve another order

    def get_queryset(self, request):
        # By ids, also for superusers: where there is one Page its index gives the order.
        return (
            super().get_queryset(request).filter(**{f"{self.path_to_page}__in": page_ids(request, self.role)})
        )

    def get_changelist(self, request, **kwargs):
        return List

    def get_object(self, request, object_id, from_field=None):
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def get_paginator(self, request, queryset, per_page, orphans=0, allow_empty_first_page=True):
        paginator = self.paginator(queryset, per_page, orphans, allow_empty_first_page)
        paginator.look_beyond(request.GET.get("p", ""))
        return paginator

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class Superusers(ModelAdmin):
    """What keeps the installation going: superusers alone see and change it."""

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request, obj=None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_view_permission(request)


class LookedAt(Superusers):
    """Rows that the machinery writes: superusers look at them."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
