"""Pages: how they are, who works on them, and the sync that one asks for and watches."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from conversations.admin import connect
from conversations.admin.access import MANAGER, OfPages, page_ids, require_role, short_time
from conversations.admin.ledgers import ledger_shown
from conversations.admin.words import result_in_words, status_in_words
from conversations.jobs import is_worker_alive, request_sync
from conversations.models import Page, PageMember, SyncRun
from conversations.sync.ledger import take_ledger
from conversations.sync.progress import DISCREET, ENDS, PAUSES, SyncProgress

COUNTERS = {
    "total": "listed",
    "inserted": "new",
    "updated": "changed",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "eventsCreated": "new messages",
}


@dataclass
class SyncPanel:
    """What is shown of a Page's newest run; static/conversations/live.js keeps it current."""

    page: Page
    state: SyncProgress | None
    may_sync: bool
    has_worker: bool

    @property
    def message(self) -> str:
        """Why a run failed or pauses is for managers; that it does is shown beside it."""
        if self.state is None:
            return "Never synced."
        return "" if self.state.status in DISCREET and not self.may_sync else self.state.message

    @property
    def waits(self) -> bool:
        return self.state is not None and self.state.status in PAUSES

    @property
    def until(self) -> datetime | None:
        """When a pause ends."""
        seconds = self.state.seconds if self.state else None
        return timezone.now() + timedelta(seconds=seconds) if seconds else None

    @property
    def done(self) -> int:
        return self.state.synced + self.state.skipped if self.state else 0

    @property
    def is_active(self) -> bool:
        return self.state is not None and self.state.status not in ENDS

    @property
    def status(self) -> str:
        return status_in_words(self.state.status if self.state else "")

    @property
    def counters(self) -> list[tuple[str, str, str]]:
        """What is counted: its word, its name in a stream, and how many."""
        values = self.state.as_message() if self.state else dict.fromkeys(COUNTERS, 0)
        return [(word, name, f"{values[name]:,}") for name, word in COUNTERS.items()]

    @property
    def result(self) -> str:
        return result_in_words(self.state)

    @property
    def zone(self) -> str:
        return timezone.get_current_timezone_name()


def panels(request: HttpRequest, pages: list[Page]) -> list[SyncPanel]:
    newest = SyncRun.objects.filter(page__in=pages).briefly().order_by("page", "-pk").distinct("page")
    states = {
        run.page_id: SyncProgress.of(run) for run in newest.select_related("page").defer("page__access_token")
    }
    managed, has_worker = page_ids(request, MANAGER), is_worker_alive()
    return [SyncPanel(page, states.get(page.pk), page.pk in managed, has_worker) for page in pages]


class PageMemberInline(TabularInline):
    model = PageMember
    extra = 0
    autocomplete_fields = ["user"]
    verbose_name_plural = "Who works on it"

    def has_view_permission(self, request, obj=None) -> bool:
        """Managers see who works with them; superusers alone give roles: what none has, none gives."""
        managed = page_ids(request, MANAGER)
        return obj.pk in managed if obj else bool(managed)

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_delete_permission = has_change_permission


@admin.register(Page)
class PageAdmin(OfPages):
    """Superusers name Pages and say who works on them; connect.py adds them."""

    path_to_page = "pk"
    list_display = ["name_or_id", "facebook_page_id", "state_shown", "last_sync"]
    search_fields = ["name", "facebook_page_id"]
    fields = ["name", "facebook_page_id", "connection", "platforms_in_words", "conversations", "unread"]
    fields += ["ledger", "last_sync", "created"]
    readonly_fields = fields[1:]
    inlines = [PageMemberInline]
    list_before_template = "admin/conversations/page/connect_button.html"
    change_form_outer_before_template = "admin/conversations/page/sync.html"
    change_form_outer_after_template = "admin/conversations/page/erase_link.html"
    ordering = ["name", "pk"]

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "name":
            kwargs["widget"] = UnfoldAdminTextInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def lookup_allowed(self, lookup, value, request=None) -> bool:
        return not lookup.startswith("access_token") and super().lookup_allowed(lookup, value, request)

    @display(description="Name")
    def name_or_id(self, page):
        return str(page)

    @display(description="State", label={"connected": "success", "reconnect": "danger"})
    def state_shown(self, page):
        return page.connection[0], Page.State(page.connection[0]).label

    @display(description="State")
    def connection(self, page):
        state, reason = page.connection
        return Page.State(state).label + (f": {reason}" if reason else "")

    @display(description="Last complete sync", empty_value="never")
    def last_sync(self, page):
        return short_time(page.last_synced_at)

    @display(description="Platforms")
    def platforms_in_words(self, page):
        return ", ".join(str(platform).capitalize() for platform in page.platforms)

    @display(description="Conversations")
    def conversations(self, page):
        address = reverse("admin:conversations_conversation_changelist", query={"page": page.pk})
        number = f"{page.conversations.count():,}"
        return format_html('<a href="{}" class="inbox-link">{}</a>', address, number)

    @display(description="Of these unread")
    def unread(self, page):
        return f"{page.conversations.filter(unread_count__gt=0).count():,}"

    @display(description="Ledger")
    def ledger(self, page):
        return ledger_shown(page, take_ledger(page))

    @display(description="Connected first")
    def created(self, page):
        return short_time(page.created_at)

    # -- the sync
    def change_view(self, request, object_id, form_url="", extra_context=None):
        panel = panels(request, [self.get_object(request, object_id)])[0]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panel": panel})

    def get_urls(self):
        sync = self.admin_site.admin_view(require_POST(self.sync))
        own = [path("<int:pk>/sync/", sync, name="conversations_page_sync"), *connect.urls(self.admin_site)]
        return [*own, *super().get_urls()]

    def sync(self, request, pk):
        """Asks for a sync, or joins the one under way; `full` walks everything again."""
        page = self.get_object(request, str(pk))
        require_role(request, page.pk, MANAGER)
        request_sync(page, full="full" in request.POST, trigger="admin", asked_by=request.user)
        return HttpResponseRedirect(reverse("admin:conversations_page_change", args=[page.pk]))
