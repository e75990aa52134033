"""Read-only admin of background jobs and Graph API call budgets, for superusers."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import admin as _registers_jobs  # noqa: F401 - replaced here
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from conversations.admin.base import ReadOnlyAdmin
from conversations.admin.formatting import badge
from conversations.admin.paginators import CappedPaginator
from conversations.models import CallBudget

STATUS_COLORS = {"todo": "info", "doing": "primary", "failed": "danger"}

admin.site.unregister(ProcrastinateJob)


class StatusFilter(DropdownFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request, model_admin):
        return ProcrastinateJob._meta.get_field("status").choices

    def queryset(self, request, queryset):
        if self.value() and self.value() not in dict(self.lookup_choices):
            return queryset.none()  # the column is an enum, which knows no other value
        return queryset.filter(status=self.value()) if self.value() else queryset


class EventInline(TabularInline):
    model = ProcrastinateEvent
    fields = readonly_fields = ["type", "at"]
    extra = 0

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "task_name", "args", "status_label", "attempts", "scheduled_at"]
    list_filter = [StatusFilter]
    list_filter_submit = True
    ordering = ["-id"]
    paginator = CappedPaginator
    show_full_result_count = False
    inlines = [EventInline]

    @display(description=_("Status"))
    def status_label(self, job):
        return badge(job.status, STATUS_COLORS.get(job.status))


@admin.register(CallBudget)
class CallBudgetAdmin(ReadOnlyAdmin):
    """Shows when each Page and platform may be called again, and why not now."""

    list_display = ["facebook_page_id", "platform", "next_at", "closed_until", "reason"]
    ordering = ["facebook_page_id", "platform"]
