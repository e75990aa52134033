"""Read-only admin of the outbox: what became of each message of the last 30 days, without its text."""

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import badge, short_time
from conversations.models import OutgoingMessage
from conversations.permissions import page_ids

STATE_COLORS = {
    OutgoingMessage.State.QUEUED: "info",
    OutgoingMessage.State.SENDING: "info",
    OutgoingMessage.State.UNCERTAIN: "warning",
    OutgoingMessage.State.FAILED: "danger",
}


class PageOfMessageFilter(VisiblePageFilter):
    def queryset(self, request, queryset):
        visible = {str(pk): pk for pk in page_ids(request.user)}
        chosen = visible.get(self.value(), 0)
        return queryset.filter(conversation__page=chosen) if self.value() else queryset


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(PageRecordAdmin):
    """Where a message stands that somebody asks about. Its text is on the page of the conversation."""

    path_to_page = "conversation__page"
    list_display = ["written", "conversation", "author", "state_label", "reason_text", "called"]
    list_filter = [PageOfMessageFilter, ("state", ChoicesDropdownFilter)]
    list_select_related = ["conversation__page", "author"]
    fields = [
        "conversation",
        "author",
        "state",
        "reason_text",
        "file_kind",
        "file_size",
        "created_at",
        "due_at",
        "tries",
        "attempted_at",
        "looks",
        "looked_at",
        "graph_id",
    ]
    readonly_fields = ["reason_text"]
    ordering = ["-id"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("text", "digest", "file_name")

    @display(description=_("Written"))
    def written(self, message):
        return short_time(message.created_at, seconds=True)

    @display(description=_("State"))
    def state_label(self, message):
        return badge(message.get_state_display(), STATE_COLORS.get(message.state))

    @display(description=_("Reason"), empty_value="")
    def reason_text(self, message):
        return gettext(message.reason) if message.reason else None

    @display(description=_("Facebook was called"), empty_value="")
    def called(self, message):
        return short_time(message.attempted_at, seconds=True) if message.attempted_at else None
