"""Sync runs: the list of them and the page of one, both kept current while one looks; run again, cancel."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, Value, When
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.access import MANAGER, VIEWER, page_ids, require_role, short_time
from conversations.admin.records import OfPageFilter, Records
from conversations.admin.run_parts import asked, run_shown
from conversations.admin.words import duration, status_in_words
from conversations.jobs import RunEnded, cancel_sync, request_sync
from conversations.models import SyncRun

PARTS = "admin/conversations/syncrun/parts.html"


@admin.register(SyncRun)
class SyncRunAdmin(Records):
    """Whoever sees the Page sees its runs; why one failed is for its managers."""

    role = VIEWER
    list_display = ["number", "page", "state", "bar", "new", "messages", "how", "began", "took"]
    list_filter = [
        OfPageFilter,
        ("status", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
    ]
    list_after_template = "admin/conversations/syncrun/live_list.html"
    ordering = ["-id"]

    def get_queryset(self, request):
        managed = When(page__in=page_ids(request, MANAGER), then=Value(True))
        is_managed = Case(managed, default=Value(False), output_field=BooleanField())
        runs = super().get_queryset(request).select_related("page", "asked_by")
        return runs.annotate(is_managed=is_managed)

    def changelist_view(self, request, extra_context=None):
        # A new run is put into the list only where it would be the first.
        is_top = not set(request.GET) & {"p", "status__exact", "mode__exact"}
        return super().changelist_view(request, {**(extra_context or {}), "is_top": is_top})

    # -- the list
    @display(description="Run")
    def number(self, run):
        return format_html('<span class="inbox-nowrap">Run {}</span>', run.pk)

    @display(description="Status")
    def state(self, run):
        template = '<span class="inbox-status" data-run="{}" data-show="status" data-status="{}">{}</span>{}'
        return format_html(
            template, run.pk, run.status, status_in_words(run.status), why(run.is_managed and run.error)
        )

    @display(description="Conversations")
    def bar(self, run):
        done = run.synced + run.skipped
        template = (
            '<span class="inbox-line"><progress class="inbox-bar" data-run="{}" data-show="bar" max="{}"'
            ' value="{}" aria-label="Conversations of run {}"></progress> {}</span>'
        )
        whole, value = (run.total or 1, done) if run.total else (1, int(run.ended_at is not None))
        return format_html(template, run.pk, whole, value, run.pk, cell(run, "done", done))

    @display(description="New")
    def new(self, run):
        return cell(run, "inserted", run.inserted)

    @display(description="New messages")
    def messages(self, run):
        return cell(run, "eventsCreated", run.events_created)

    @display(description="How")
    def how(self, run):
        return f"{run.mode}, {asked(run)}"

    @display(description="Began", empty_value="-")
    def began(self, run):
        return short_time(run.started_at)

    @display(description="Took", empty_value="-")
    def took(self, run):
        if not run.ended_at or not run.started_at:
            return None
        return format_html('<span class="inbox-nowrap">{}</span>', duration(run.duration))

    # -- one run
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """No form: what one may do with a run are two buttons."""
        if request.method != "GET":
            self.get_object(request, object_id)
            raise PermissionDenied
        run = self.get_object(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **run_shown(request, run),
            "title": f"Run {run.pk} of {run.page}",
            "opts": self.opts,
            "original": f"Run {run.pk} of {run.page}",  # without its status, which would grow old
        }
        return TemplateResponse(request, "admin/conversations/syncrun/run.html", context)

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/parts/", view(self.parts), name="conversations_syncrun_parts"),
            path("<int:pk>/cancel/", view(require_POST(self.cancel)), name="conversations_syncrun_cancel"),
            path("<int:pk>/again/", view(require_POST(self.again)), name="conversations_syncrun_again"),
            *super().get_urls(),
        ]

    def parts(self, request, pk):
        """What of the run's page changes, drawn anew: its script puts it in place."""
        run = self.get_object(request, str(pk))
        return TemplateResponse(request, PARTS, run_shown(request, run))

    def cancel(self, request, pk):
        """Ends the run, wherever it is in work."""
        run = self.managed(request, pk)
        try:
            cancel_sync(run, asked_by=request.user)
        except RunEnded as error:
            messages.warning(request, str(error))
        return self.to(run)

    def again(self, request, pk):
        """Asks for a run of the same mode, or joins the one under way."""
        run = self.managed(request, pk)
        is_full = run.mode == SyncRun.Mode.FULL
        return self.to(request_sync(run.page, full=is_full, trigger="admin", asked_by=request.user))

    def managed(self, request, pk) -> SyncRun:
        run = self.get_object(request, str(pk))
        require_role(request, run.page_id, MANAGER)
        return run

    def to(self, run: SyncRun) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:conversations_syncrun_change", args=[run.pk]))


def why(error: str) -> SafeString | str:
    """Why it failed, on one line; whole where one points at it, and on the run's page."""
    template = '<span class="inbox-why inbox-quiet" title="{}">{}</span>'
    return format_html(template, error, error) if error else ""


def cell(run: SyncRun, name: str, number: int) -> SafeString:
    return format_html('<span data-run="{}" data-show="{}">{}</span>', run.pk, name, f"{number:,}")
