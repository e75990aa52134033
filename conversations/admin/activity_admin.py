"""Read-only admin of what syncs and users have recorded: the sync ledger, events, tags, IDs of people."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.base import PageScopedAdmin
from conversations.admin.conversations.list_filters import PageFilter
from conversations.admin.formatting import THREAD_STATE_LABELS, badge, chip, short_time
from conversations.lib.attachments import attachments_of
from conversations.models import (
    ConversationAlias,
    ConversationTag,
    InteractionEvent,
    RemovedConversation,
    Thread,
)
from conversations.permissions import page_ids

SUBJECTS = ("name", "to", "until", "before")  # of events: the tag, the status, the time, the former text
SYSTEM_ACTOR = _("the system")  # shown where no user did it
THREAD_STATE_COLORS = {
    Thread.State.MERGED: "info",
    Thread.State.UNREADABLE: "danger",
    Thread.State.OWED: "warning",
}


class PageRecordAdmin(PageScopedAdmin):
    """Base class for records of a Page. The Page's access token is never loaded with them."""

    list_filter_sheet = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer(f"{self.path_to_page}__access_token")


class VisiblePageFilter(PageFilter):
    """Filters by one Page that the user sees. Any other Page matches no row."""

    def queryset(self, request, queryset):
        visible = {str(pk): pk for pk in page_ids(request.user)}
        return queryset.filter(page=visible.get(self.value(), 0)) if self.value() else queryset


@admin.register(Thread)
class ThreadAdmin(PageRecordAdmin):
    """The sync ledger: one row for each thread that Facebook has listed."""

    list_display = [
        "facebook_id",
        "page_name",
        "platform",
        "state_label",
        "history",
        "stored",
        "listed",
        "updated",
        "reason_text",
    ]
    list_filter = [
        VisiblePageFilter,
        ("state", ChoicesDropdownFilter),
        ("history", ChoicesDropdownFilter),
        ("platform", ChoicesDropdownFilter),
    ]
    list_select_related = ["page"]
    search_fields = ["=graph_id"]
    search_help_text = _("Facebook ID")
    exclude = ["record"]
    ordering = ["-id"]

    @display(description=_("Facebook ID"))
    def facebook_id(self, thread):
        return thread.graph_id

    @display(description=_("Page"))
    def page_name(self, thread):
        return format_html('<span class="inbox-nowrap">{}</span>', thread.page)

    @display(description=_("Stored"))
    def stored(self, thread):
        return f"{thread.held_count:,}"

    @display(description=_("Listed"))
    def listed(self, thread):
        return "" if thread.message_count is None else f"{thread.message_count:,}"

    @display(description=_("Updated"), empty_value="-")
    def updated(self, thread):
        return short_time(thread.updated_time)

    @display(description=_("Reason"), empty_value="")
    def reason_text(self, thread):
        return thread.reason or (
            thread.gap_at
            and gettext("Messages before %(time)s are missing") % {"time": f"{thread.gap_at:%Y-%m-%d %H:%M}"}
        )

    @display(description=_("State"))
    def state_label(self, thread):
        return badge(THREAD_STATE_LABELS[thread.state], THREAD_STATE_COLORS.get(thread.state))


@admin.register(InteractionEvent)
class InteractionEventAdmin(PageRecordAdmin):
    path_to_page = "conversation__page"
    list_display = ["time", "conversation", "kind_label", "text_or_subject", "actor_name"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    list_select_related = ["conversation__page", "actor"]
    ordering = ["-id"]

    @display(description=_("Time"))
    def time(self, event):
        return short_time(event.occurred_at)

    @display(description=_("Text"), empty_value="")
    def text_or_subject(self, event):
        """The text of a message or note, or the kind of an attachment; else what the event is about."""
        if event.graph_id is None:
            names = ("name", "to_name", "until", "before") if "to_name" in event.data else SUBJECTS
            return event.text or next(filter(None, map(event.data.get, names)), None)
        return event.text or gettext(attachments_of(event.attachments, event.data, event.text)[0].kind)

    @display(description=_("Kind"))
    def kind_label(self, event):
        return event.get_kind_display().capitalize()

    @display(description=_("By"), empty_value="")
    def actor_name(self, event):
        """Empty for messages: their kind says who wrote them."""
        return None if event.kind.startswith("message") else event.actor or SYSTEM_ACTOR


@admin.register(ConversationTag)
class ConversationTagAdmin(PageRecordAdmin):
    list_display = ["conversation", "tag_chip", "actor_name", "created"]
    list_select_related = ["conversation", "page", "tag", "actor"]
    ordering = ["-id"]

    class Media:
        css = {"all": ["conversations/list/list.css"]}

    @display(description=_("Tag"))
    def tag_chip(self, row):
        return chip(row.tag)

    @display(description=_("By"))
    def actor_name(self, row):
        return row.actor or SYSTEM_ACTOR

    @display(description=_("Time"))
    def created(self, row):
        return short_time(row.created_at)


@admin.register(ConversationAlias)
class ConversationAliasAdmin(PageRecordAdmin):
    """Further IDs under which Facebook shows people."""

    list_display = ["sender_id", "conversation", "page", "created"]
    list_select_related = ["conversation", "page"]
    search_fields = ["=sender_id"]
    search_help_text = _("Facebook ID")
    ordering = ["-id"]

    @display(description=_("Time"))
    def created(self, alias):
        return short_time(alias.created_at)


@admin.register(RemovedConversation)
class RemovedConversationAdmin(PageRecordAdmin):
    """Conversations that a sync joined with another one or took apart.

    `manage.py separateconversations` undoes a join: it asks which one, and tells what it did.
    """

    list_display = ["number", "sender_id", "kind_label", "conversation", "page", "created", "undone"]
    list_select_related = ["conversation", "page"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["=sender_id"]
    search_help_text = _("Facebook ID")
    ordering = ["-id"]

    @display(description=_("Number"))
    def number(self, row):
        """The one that `manage.py separateconversations` asks for."""
        return row.pk

    @display(description=_("Kind"))
    def kind_label(self, row):
        return row.get_kind_display()

    @display(description=_("Time"))
    def created(self, row):
        return short_time(row.created_at)

    @display(description=_("Undone"), empty_value="")
    def undone(self, row):
        return short_time(row.undone_at)
