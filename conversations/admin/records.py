"""What syncs and services wrote down, to look at: runs, the ledger of threads, events, rows of tags."""

from django.contrib import admin
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.access import MANAGER, OfPages, page_ids, short_time
from conversations.admin.filters import PageFilter
from conversations.admin.ledgers import ledger_shown
from conversations.models import ConversationTag, InteractionEvent, SyncRun, Thread
from conversations.sync.progress import PAUSES, in_words, seconds_left

RUN_COLOURS = {
    "complete": "success",
    "complete_with_errors": "warning",
    "error": "danger",
    "interrupted": "warning",
    "cancelled": "warning",
    **dict.fromkeys(["queued", "starting", "fetching", "syncing", "waiting", "retrying"], "info"),
}
THREAD_COLOURS = {"stored": "success", "merged": "info", "unreadable": "danger", "owed": "warning"}


class Records(OfPages):
    list_filter_sheet = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer(f"{self.path_to_page}__access_token")


@admin.register(SyncRun)
class SyncRunAdmin(Records):
    """For managers: a run's error is for them."""

    role = MANAGER
    list_display = ["id", "page", "mode", "trigger", "state", "started", "ended", "synced", "skipped", "owed"]
    list_display += ["total", "events_created", "error"]
    list_filter = [("status", ChoicesDropdownFilter), ("mode", ChoicesDropdownFilter)]
    list_select_related = ["page"]
    fields = ["page", "mode", "trigger", "status", "pause", "error", "account", "remarks", "synced"]
    fields += ["inserted", "updated", "unchanged", "skipped", "owed", "total", "events_created", "requests"]
    fields += ["created_at", "started_at", "alive_at", "ended_at"]
    readonly_fields = ["pause", "account", "remarks", "synced"]
    ordering = ["-id"]

    @display(description="Started", empty_value="-")
    def started(self, run):
        return short_time(run.started_at)

    @display(description="Ended", empty_value="-")
    def ended(self, run):
        return short_time(run.ended_at)

    @display(description="Status", label=RUN_COLOURS)
    def state(self, run):
        return run.status, run.get_status_display()

    @display(description="Waits", empty_value="-")
    def pause(self, run):
        if run.status not in PAUSES:
            return None
        seconds = seconds_left(run)
        return in_words(run) if seconds is None else f"{seconds} s more. {in_words(run)}"

    @display(description="Ledger at its end", empty_value="-")
    def account(self, run):
        return ledger_shown(run.page, run.ledger)

    @display(description="Notes", empty_value="-")
    def remarks(self, run):
        return format_html_join("", "<p>{}</p>", ((note,) for note in run.notes)) or None


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
