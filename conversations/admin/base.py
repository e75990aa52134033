"""Base classes of the admin. Roles on Pages decide what a user sees, not Django's own permissions."""

from collections.abc import Collection, Iterator

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from conversations.admin.paginators import CappedPaginator
from conversations.lib.text import is_plain
from conversations.models.audit import Action, record
from conversations.models.roles import Role
from conversations.permissions import VIEWER, page_ids

MAX_ID_LENGTH = 64  # of the primary keys of our tables, the longest of which are session keys


class CappedChangeList(ChangeList):
    """A change list that shows the paginator's capped count and never counts the whole table."""

    def get_results(self, request) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class BoundedAdmin(ModelAdmin):
    """An address of the admin shows what the page shows, and asks the database nothing else.

    Django lets an address filter a list by any column and any look-up: `error__startswith` would tell a user
    letter by letter what the list does not show, and `name__regex` would keep a processor busy.
    """

    def lookup_allowed(self, lookup, value, request) -> bool:
        return lookup in set(self.declared_lookups(request)) and is_plain(value)

    def declared_lookups(self, request) -> Iterator[str]:
        """Yield the parameters of the filters beside the list."""
        for declared in self.get_list_filter(request):
            if isinstance(declared, type):
                one = getattr(declared, "parameter_name", "")
                yield from getattr(declared, "parameter_names", [one])
            else:
                name = declared if isinstance(declared, str) else declared[0]
                yield from (f"{name}__{lookup}" for lookup in ("exact", "in", "isnull"))

    def get_object(self, request, object_id, from_field=None):
        """Return the row; None, as for an unknown one, for an ID that no row can have."""
        if not is_plain(object_id) or len(object_id) > MAX_ID_LENGTH:
            return None
        return super().get_object(request, object_id, from_field)

    def history_view(self, request, object_id, extra_context=None):
        """Only superusers see the history: it names other users, and columns that a page leaves out."""
        if not request.user.is_superuser:
            self.get_object(request, object_id)  # a row of another Page is a 404
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


class PageScopedAdmin(BoundedAdmin):
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


class SuperuserAdmin(BoundedAdmin):
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
    """Add the changes of a saved formset of roles to the audit log."""
    for member in [*formset.new_objects, *(member for member, _ in formset.changed_objects)]:
        record(Action.ROLE_CHANGED, request=request, target=member.user, page=member.page, role=member.role)
    for member in formset.deleted_objects:
        record(Action.ROLE_CHANGED, request=request, target=member.user, page=member.page, role="")
