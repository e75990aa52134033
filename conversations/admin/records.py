"""What syncs and services wrote down, to look at: the ledger of threads, events, rows of tags."""

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.access import OfPages, page_ids, short_time
from conversations.admin.chips import chip
from conversations.admin.filters import PageFilter
from conversations.models import ConversationTag, InteractionEvent, Thread

SYSTEM = "the system"  # did what nobody did
THREAD_COLOURS = {"stored": "success", "merged": "info", "unreadable": "danger", "owed": "warning"}


class Records(OfPages):
    list_filter_sheet = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer(f"{self.path_to_page}__access_token")


class OfPageFilter(PageFilter):
    """One Page of those one may see; of any other nothing is found."""

    def queryset(self, request, queryset):
        shown = {str(pk): pk for pk in page_ids(request)}
        return queryset.filter(page=shown.get(self.value(), 0)) if self.value() else queryset


@admin.register(Thread)
class ThreadAdmin(Records):
    """The ledger: each thread that Facebook lists is accounted for."""

    list_display = ["facebook_id", "of_page", "platform", "account", "history", "held", "listed"]
    list_display += ["updated", "why"]
    list_filter = [
        OfPageFilter,
        ("state", ChoicesDropdownFilter),
        ("history", ChoicesDropdownFilter),
        ("platform", ChoicesDropdownFilter),
    ]
    list_select_related = ["page"]
    search_fields = ["=graph_id"]
    search_help_text = "Facebook's id, whole"
    exclude = ["record"]
    ordering = ["-id"]

    @display(description="Facebook's id")
    def facebook_id(self, thread):
        return thread.graph_id

    @display(description="Page")
    def of_page(self, thread):
        return format_html('<span class="inbox-nowrap">{}</span>', thread.page)

    @display(description="Held")
    def held(self, thread):
        return f"{thread.held_count:,}"

    @display(description="Listed")
    def listed(self, thread):
        return "" if thread.message_count is None else f"{thread.message_count:,}"

    @display(description="Updated", empty_value="-")
    def updated(self, thread):
        return short_time(thread.updated_time)

    @display(description="Reason", empty_value="")
    def why(self, thread):
        return thread.reason

    @display(description="State", label=THREAD_COLOURS)
    def account(self, thread):
        return thread.state, thread.get_state_display()


@admin.register(InteractionEvent)
class InteractionEventAdmin(Records):
    path_to_page = "conversation__page"
    list_display = ["time", "conversation", "what", "words", "who"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    list_select_related = ["conversation__page", "actor"]
    ordering = ["-id"]

    @display(description="Time")
    def time(self, event):
        return short_time(event.occurred_at)

    @display(description="Text", empty_value="")
    def words(self, event):
        """Of a message its words, else what it was about: a tag, a status."""
        return (
            event.text
            or event.data.get("name")
            or event.data.get("to")
            or (event.attachments and "Attachment")
        )

    @display(description="Kind")
    def what(self, event):
        return event.get_kind_display().capitalize()

    @display(description="By", empty_value="")
    def who(self, event):
        """Messages say it by their kind."""
        return None if event.kind.startswith("message") else event.actor or SYSTEM


@admin.register(ConversationTag)
class ConversationTagAdmin(Records):
    list_display = ["conversation", "chip", "who", "created"]
    list_select_related = ["conversation", "page", "tag", "actor"]
    ordering = ["-id"]

    class Media:
        css = {"all": ["conversations/list/list.css"]}

    @display(description="Tag")
    def chip(self, row):
        return chip(row.tag)

    @display(description="By")
    def who(self, row):
        return row.actor or SYSTEM

    @display(description="When")
    def created(self, row):
        return short_time(row.created_at)
