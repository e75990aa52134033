"""The audit log, for superusers. Nobody changes it: the database refuses to."""

import json

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from conversations.admin.base import CappedChangeList, ReadOnlyAdmin
from conversations.admin.formatting import short_time
from conversations.admin.paginators import CappedPaginator
from conversations.models import AuditEntry
from conversations.models.audit import Action

ACTION_LABELS = dict(Action.choices)


class ActionFilter(DropdownFilter):
    title, parameter_name = _("action"), "action"

    def lookups(self, request, model_admin):
        return Action.choices

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["time", "what", "actor_name", "on_what", "address", "more"]
    list_display_links = None
    list_filter = [ActionFilter]
    list_filter_submit = True
    search_fields = ["=actor_name", "=address", "=target_name"]
    search_help_text = _("User, address or target, in full")
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    show_full_result_count = False

    def get_changelist(self, request, **kwargs):
        return CappedChangeList

    @display(description=_("Time"))
    def time(self, entry):
        return short_time(entry.at)

    @display(description=_("Action"))
    def what(self, entry):
        return ACTION_LABELS.get(entry.action, entry.action)

    @display(description=_("On"), empty_value="")
    def on_what(self, entry):
        number = f"{entry.target_type} {entry.target_id}".strip()
        return entry.target_name or number

    @display(description=_("Details"), empty_value="")
    def more(self, entry):
        return json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
