"""Admin of sync runs: the list and the page of one run, both updated live; run again and cancel."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, Value, When
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import describe_status, short_time
from conversations.admin.runs.run_page import requested_by, run_context
from conversations.lib.durations import format_duration
from conversations.models import SyncRun
from conversations.permissions import MANAGER, VIEWER, page_ids, require_role
from conversations.tasks import RunEnded, cancel_sync, request_sync

PARTS_TEMPLATE = "admin/conversations/syncrun/parts.html"


@admin.register(SyncRun)
class SyncRunAdmin(PageRecordAdmin):
    """Every member of a Page sees its runs. Only managers see why one failed."""

    role = VIEWER
    list_display = [
        "number",
        "page",
        "status_label",
        "progress",
        "new",
        "new_messages",
        "mode_and_trigger",
        "started",
        "duration",
    ]
    list_filter = [
        VisiblePageFilter,
        ("status", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
    ]
    list_after_template = "admin/conversations/syncrun/live_list.html"
    ordering = ["-id"]

    def get_queryset(self, request):
        managed = When(page__in=page_ids(request.user, MANAGER), then=Value(True))
        is_managed = Case(managed, default=Value(False), output_field=BooleanField())
        runs = super().get_queryset(request).select_related("page", "asked_by")
        return runs.annotate(is_managed=is_managed)

    def changelist_view(self, request, extra_context=None):
        # The script adds a new run only to a list in which it would be the first row.
        is_top = not set(request.GET) & {"p", "status__exact", "mode__exact"}
        return super().changelist_view(request, {**(extra_context or {}), "is_top": is_top})

    # -- the list
    @display(description=_("Run"))
    def number(self, run):
        return format_html(
            '<span class="inbox-nowrap">{}</span>', gettext("Run %(number)s") % {"number": run.pk}
        )

    @display(description=_("Status"))
    def status_label(self, run):
        template = '<span class="inbox-status" data-run="{}" data-show="status" data-status="{}">{}</span>{}'
        return format_html(
            template,
            run.pk,
            run.status,
            describe_status(run.status),
            error_line(run.is_managed and run.error),
        )

    @display(description=_("Conversations"))
    def progress(self, run):
        template = (
            '<span class="inbox-line"><progress class="inbox-bar" data-run="{}" data-show="bar" max="{}"'
            ' value="{}" aria-label="{}"></progress> {}</span>'
        )
        total, value = (run.total or 1, run.done) if run.total else (1, int(run.ended_at is not None))
        label = gettext("Conversations of run %(number)s") % {"number": run.pk}
        return format_html(template, run.pk, total, value, label, cell(run, "done", run.done))

    @display(description=_("New"))
    def new(self, run):
        return cell(run, "inserted", run.inserted)

    @display(description=_("New messages"))
    def new_messages(self, run):
        return cell(run, "eventsCreated", run.events_created)

    @display(description=_("Mode"))
    def mode_and_trigger(self, run):
        return f"{run.get_mode_display().lower()}, {requested_by(run)}"

    @display(description=_("Started"), empty_value="-")
    def started(self, run):
        return short_time(run.started_at)

    @display(description=_("Duration"), empty_value="-")
    def duration(self, run):
        if not run.ended_at or not run.started_at:
            return None
        return format_html('<span class="inbox-nowrap">{}</span>', format_duration(run.duration))

    # -- one run
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the run without a form: a run only has two buttons."""
        if request.method != "GET":
            self.get_object(request, object_id)
            raise PermissionDenied
        run = self.get_object(request, object_id)
        title = gettext("Run %(number)s of %(page)s") % {"number": run.pk, "page": run.page}
        context = {
            **self.admin_site.each_context(request),
            **run_context(request, run),
            "title": title,
            "opts": self.opts,
            "original": title,  # without the status, which would become outdated
        }
        return TemplateResponse(request, "admin/conversations/syncrun/run.html", context)

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/parts/", view(self.parts), name="conversations_syncrun_parts"),
            path("<int:pk>/cancel/", view(require_POST(self.cancel)), name="conversations_syncrun_cancel"),
            path("<int:pk>/again/", view(require_POST(self.run_again)), name="conversations_syncrun_again"),
            *super().get_urls(),
        ]

    def parts(self, request, pk):
        """Return the parts of the run's page that change, for its script."""
        run = self.get_object(request, str(pk))
        return TemplateResponse(request, PARTS_TEMPLATE, run_context(request, run))

    def cancel(self, request, pk):
        """Cancel the run, whichever process works on it."""
        run = self.get_managed_run(request, pk)
        try:
            cancel_sync(run, asked_by=request.user)
        except RunEnded as error:
            messages.warning(request, str(error))
        return self.redirect_to(run)

    def run_again(self, request, pk):
        """Request a run of the same mode, or join the active one."""
        run = self.get_managed_run(request, pk)
        is_full = run.mode == SyncRun.Mode.FULL
        return self.redirect_to(request_sync(run.page, full=is_full, trigger="admin", asked_by=request.user))

    def get_managed_run(self, request, pk) -> SyncRun:
        """Raise Http404 for an invisible run and PermissionDenied for one that the user does not manage."""
        run = self.get_object(request, str(pk))
        require_role(request.user, [run.page_id], MANAGER)
        return run

    def redirect_to(self, run: SyncRun) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:conversations_syncrun_change", args=[run.pk]))


def error_line(error: str) -> SafeString | str:
    """Return the error, cut to one line by CSS; the tooltip and the page of the run show all of it."""
    template = '<span class="inbox-error-line inbox-quiet" title="{}">{}</span>'
    return format_html(template, error, error) if error else ""


def cell(run: SyncRun, name: str, number: int) -> SafeString:
    return format_html('<span data-run="{}" data-show="{}">{}</span>', run.pk, name, f"{number:,}")
