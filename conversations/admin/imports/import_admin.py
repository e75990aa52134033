"""Imported threads: managers decide to which conversations those belong of which an import was not sure."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import badge
from conversations.imports import decisions
from conversations.imports.comparing import compare
from conversations.models import Conversation, ImportedThread
from conversations.permissions import MANAGER, page_ids

TEMPLATE = "admin/conversations/import/thread.html"
MAX_SHOWN = 5  # suggestions
State = ImportedThread.State
DONE = {
    "accept": _("The thread is in this conversation now."),
    "reject": _("The thread stays on its own."),
    "reopen": _("The conversation is suggested again."),
    "take_out": _("The thread is on its own again."),
}
CHANGED = _("Meanwhile something else was decided. Nothing was changed.")


@admin.register(ImportedThread)
class ImportedThreadAdmin(PageRecordAdmin):
    """The threads of archives, for managers of the Page."""

    role = MANAGER
    list_display = [
        "title",
        "page",
        "state_label",
        "conversation_link",
        "months",
        "message_number",
        "gap_label",
    ]
    list_filter = [
        VisiblePageFilter,
        ("state", ChoicesDropdownFilter),
        ("platform", ChoicesDropdownFilter),
    ]
    list_select_related = ["page", "conversation"]
    search_fields = ["=thread_id", "=customer_name"]
    search_help_text = _("ID of the thread, or name")
    ordering = ["-id"]

    def has_view_permission(self, request, obj=None) -> bool:
        return super().has_view_permission(request) and bool(
            request.user.is_superuser or page_ids(request.user, MANAGER)
        )

    @display(description=_("Thread"))
    def title(self, thread):
        return thread.customer_name or gettext("No name (%(id)s)") % {"id": thread.thread_id}

    @display(description=_("State"))
    def state_label(self, thread):
        return badge(thread.get_state_display(), "warning" if thread.state == State.SUGGESTED else None)

    @display(description=_("Conversation"))
    def conversation_link(self, thread):
        url = reverse("admin:conversations_conversation_change", args=[thread.conversation_id])
        return format_html('<a href="{}" class="inbox-link">{}</a>', url, thread.conversation)

    @display(description=_("Months"), empty_value="")
    def months(self, thread):
        if not thread.first_at:
            return ""
        first, last = f"{thread.first_at:%Y-%m}", f"{thread.last_at:%Y-%m}"
        return first if first == last else gettext("%(first)s to %(last)s") % {"first": first, "last": last}

    @display(description=_("Messages"))
    def message_number(self, thread):
        return f"{thread.message_count:,}"

    @display(description=_("Missing"), empty_value="")
    def gap_label(self, thread):
        return badge(gettext("Parts are missing"), "warning") if thread.has_gaps else ""

    # -- one thread
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the thread beside the conversations to which it may belong."""
        if request.method != "GET":
            raise PermissionDenied
        thread = self.get_object(request, object_id)
        suggestions = thread.suggestions.select_related("conversation").order_by(
            "rejected_at", "-proofs", "pk"
        )
        shown = list(suggestions[:MAX_SHOWN])
        for one in shown:
            one.lines = compare(thread, one.conversation_id) if one.rejected_at is None else []
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.title(thread),
            "thread": thread,
            "suggestions": shown,
            "is_matched": thread.state == State.MATCHED,
        }
        return TemplateResponse(request, TEMPLATE, context)

    def get_urls(self):
        decide = self.admin_site.admin_view(require_POST(self.decide))
        own = [path("<int:pk>/decide/", decide, name="conversations_importedthread_decide")]
        return [*own, *super().get_urls()]

    def decide(self, request, pk):
        """Accept or reject a suggestion, or take either back."""
        thread = self.get_object(request, str(pk))
        act = request.POST.get("act", "")
        if act not in DONE:
            raise PermissionDenied
        try:
            self._decide(request, thread, act)
        except decisions.NotPossible:
            messages.warning(request, CHANGED)
        else:
            messages.success(request, DONE[act])
        return HttpResponseRedirect(reverse("admin:conversations_importedthread_change", args=[thread.pk]))

    def _decide(self, request, thread: ImportedThread, act: str) -> None:
        if act == "take_out":
            decisions.take_out(thread, actor=request.user)
            return
        given = request.POST.get("conversation", "")
        key = int(given) if given.isdecimal() and len(given) < 19 else 0
        conversation = get_object_or_404(Conversation, pk=key, page=thread.page_id)
        getattr(decisions, act)(thread, conversation, actor=request.user)
