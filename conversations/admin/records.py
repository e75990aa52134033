"""What syncs and services wrote down, to look at: the ledger of threads, events, rows of tags."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.access import OfPages, page_ids, short_time
from conversations.admin.filters import PageFilter
from conversations.models import ConversationTag, InteractionEvent, Thread

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

    list_display = ["graph_id", "page", "platform", "account", "history", "held_count", "message_count"]
    list_display += ["updated", "reason"]
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

    @display(description="Updated", empty_value="-")
    def updated(self, thread):
        return short_time(thread.updated_time)

    @display(description="State", label=THREAD_COLOURS)
    def account(self, thread):
        return thread.state, thread.get_state_display()


@admin.register(InteractionEvent)
class InteractionEventAdmin(Records):
    path_to_page = "conversation__page"
    list_display = ["time", "conversation", "kind", "text", "actor"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    list_select_related = ["conversation__page", "actor"]
    ordering = ["-id"]

    @display(description="Time")
    def time(self, event):
        return short_time(event.occurred_at)


@admin.register(ConversationTag)
class ConversationTagAdmin(Records):
    list_display = ["conversation", "tag", "actor", "created_at"]
    list_select_related = ["conversation", "page", "tag", "actor"]
    ordering = ["-id"]
