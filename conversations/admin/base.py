"""Base classes of the admin. Roles on Pages decide what a user sees, not Django's own permissions."""

from collections.abc import Collection

from django.contrib import admin
from django.http import Http404
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from conversations.admin.paginators import CappedPaginator
from conversations.models.audit import Action, record
from conversations.models.roles import Role
from conversations.permissions import VIEWER, page_ids


class CappedChangeList(ChangeList):
    """A change list that shows the paginator's capped count and never counts the whole table."""

    def get_results(self, request) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class PageScopedAdmin(ModelAdmin):
    """Read-only admin of the rows of the Pages on which the user has at least `role`."""

    role: Role = VIEWER
    path_to_page = "page"
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_filter_submit = True
    sortable_by: Collection[str] = ()  # no index supports another order

    def get_queryset(self, request):
        # Filter by ID for superusers, too: with a single Page the index of the Page gives the order.
        pages = page_ids(request.user, self.role)
        return super().get_queryset(request).filter(**{f"{self.path_to_page}__in": pages})

    def get_changelist(self, request, **kwargs):
        return CappedChangeList

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def get_paginator(self, request, queryset, per_page, orphans=0, allow_empty_first_page=True):
        paginator = self.paginator(queryset, per_page, orphans, allow_empty_first_page)
        paginator.set_current_page(request.GET.get("p", ""))
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


class SuperuserAdmin(ModelAdmin):
    """Admin of the settings of the installation: only superusers see and change them."""

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


class ReadOnlyAdmin(SuperuserAdmin):
    """Admin of rows that the system writes: superusers see them, nobody changes them."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


def record_roles(request, formset) -> None:
    """Write to the audit log which roles on Pages a saved formset gave, changed and took."""
    changes = {
        "given": formset.new_objects,
        "changed": [row for row, _ in formset.changed_objects],
        "taken": formset.deleted_objects,
    }
    for change, rows in changes.items():
        for row in rows:
            details = {"user": row.user.get_username(), "role": row.role, "change": change}
            record(Action.ROLE_CHANGED, request=request, target=row.page, **details)
