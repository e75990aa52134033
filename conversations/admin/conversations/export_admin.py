"""Admin of exports: requests a file of the filtered list or of one conversation, and shows its progress."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget

from conversations.admin.base import BoundedAdmin
from conversations.admin.conversations.conversation_list import rest_filter
from conversations.admin.conversations.list_query import criteria_of, filter_error
from conversations.admin.formatting import badge, short_time
from conversations.exports import parquet
from conversations.exports.export_tasks import request_export_work
from conversations.exports.prepared import describe, prepare_unless_small, sees_pages, stream_address
from conversations.lib.request_scope import ServerBusy, TooManyRequests
from conversations.models import Conversation, Export
from conversations.permissions import page_ids
from conversations.search.criteria import SearchCriteria

STATE_COLORS = {Export.State.QUEUED: "info", Export.State.RUNNING: "info", Export.State.FAILED: "danger"}
REFRESH_SECONDS = 2


class ExportForm(forms.Form):
    what = forms.ChoiceField(
        label=_("Contents"),
        choices=[
            ("conversations", _("Conversations")),
            ("messages", _("All their messages")),
        ],
        initial="conversations",
        widget=UnfoldAdminRadioSelectWidget,
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[
            ("csv", _("CSV, for spreadsheets")),
            ("ndjson", _("NDJSON, for programs")),
            ("parquet", _("Parquet, for data analysis")),
        ],
        initial="csv",
        widget=UnfoldAdminRadioSelectWidget,
    )

    def clean_format(self) -> str:
        kind = self.cleaned_data["format"]
        if kind == "parquet" and not parquet.is_available():
            raise forms.ValidationError(parquet.MISSING)
        return kind


@admin.register(Export)
class ExportAdmin(BoundedAdmin):
    """Everybody sees the own exports. Superusers also see and delete those of others, but not their files."""

    list_display = ["file", "actor", "state_label", "progress", "size_text", "created", "expires"]
    list_display_links = ["file"]
    list_select_related = ["actor"]
    sortable_by = ()
    ordering = ["-pk"]
    show_full_result_count = False

    def get_queryset(self, request):
        exports = super().get_queryset(request)
        return exports if request.user.is_superuser else exports.filter(actor=request.user)

    # -- the list
    @display(description=_("File"))
    def file(self, export):
        return export.file_name

    @display(description=_("State"))
    def state_label(self, export):
        return badge(export.get_state_display(), STATE_COLORS.get(export.state))

    @display(description=_("Progress"))
    def progress(self, export):
        return describe(export)

    @display(description=_("Size"), empty_value="")
    def size_text(self, export):
        return filesizeformat(export.size) if export.size else None

    @display(description=_("Requested"))
    def created(self, export):
        return short_time(export.created_at)

    @display(description=_("Kept until"))
    def expires(self, export):
        return short_time(export.expires_at)

    # -- a new one
    def add_view(self, request, form_url="", extra_context=None):
        """Ask for contents and format. The address has the parameters of the list, or `conversation`."""
        criteria, selection, about = self.selected(request)
        form = ExportForm(request.POST if request.method == "POST" else None, initial=request.GET)
        if request.method == "POST" and form.is_valid() and not about.get("error"):
            return self.request_export(request, form.cleaned_data, criteria, selection)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Export"),
            "opts": self.opts,
            **about,
        }
        template = "admin/conversations/export/request.html"
        return TemplateResponse(request, template, context | {"form": form})

    def selected(self, request) -> tuple[SearchCriteria, dict, dict]:
        """Return what is to be exported, as criteria and as it is stored, and what the page says about it."""
        if number := request.GET.get("conversation", ""):
            visible = Conversation.objects.for_pages(page_ids(request.user))
            row = visible.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
            if row is None:
                raise Http404
            criteria = SearchCriteria(page_ids=(row.page_id,), ids=(row.pk,))
            return criteria, {"conversationIds": [row.pk]}, {"conversation": row}
        if error := filter_error(request):
            return criteria_of(request), {}, {"error": error}
        return criteria_of(request), {"filter": rest_filter(request) or {}}, {}

    def request_export(self, request, chosen: dict, criteria: SearchCriteria, selection: dict):
        what, kind = chosen["what"], chosen["format"]
        try:
            export = prepare_unless_small(
                request.user, what=what, kind=kind, criteria=criteria, selection=selection
            )
        except (TooManyRequests, ServerBusy) as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.get_full_path())
        if export is None:
            return HttpResponseRedirect(stream_address(what, kind, selection))
        request_export_work()
        return HttpResponseRedirect(reverse("admin:conversations_export_change", args=[export.pk]))

    # -- one of them
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show how far it is, and where to download it."""
        export = self.get_object(request, object_id)
        if export is None:
            raise Http404
        if request.method != "GET":
            raise PermissionDenied
        is_own = export.actor_id == request.user.pk and sees_pages(request.user, export)
        is_complete = export.state == Export.State.COMPLETE
        context = {
            **self.admin_site.each_context(request),
            "title": export.file_name,
            "opts": self.opts,
            "original": export,
            "export": export,
            "message": describe(export),
            "download_url": reverse("export-file", args=[export.pk]) if is_own and is_complete else "",
            "refresh_seconds": REFRESH_SECONDS,
        }
        return TemplateResponse(request, "admin/conversations/export/export.html", context)

    def get_deleted_objects(self, objs, request):
        """Without the thousands of pieces."""
        lines = [format_html(gettext("{} of {}"), export.file_name, export.actor) for export in objs]
        return lines, {"exports": len(lines)}, set(), []

    # -- permissions
    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    has_module_permission = has_view_permission

    def has_add_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_view_permission(request)
