"""Deletes a person or everything of a Page, and lists the erasures that remain as a record."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from conversations.admin.base import PageScopedAdmin
from conversations.admin.formatting import badge, short_time
from conversations.models import Conversation, Page
from conversations.models.privacy import Erasure
from conversations.permissions import MANAGER, page_ids, require_confirmation, require_role
from conversations.privacy.erase_page import count_page
from conversations.privacy.erase_tasks import request_erasure
from conversations.privacy.forget_person import count_person, delete_person
from conversations.tasks import is_worker_alive

REFRESH_SECONDS = 2  # of the page that shows a running erasure
TEMPLATES = "admin/conversations/erasure"


@admin.register(Erasure)
class ErasureAdmin(PageScopedAdmin):
    """Erasures, for managers of the Page. Only superusers see those of deleted Pages."""

    role = MANAGER
    list_display = [
        "time",
        "kind_label",
        "page_label",
        "actor_name",
        "conversation_number",
        "message_number",
        "state_label",
    ]
    ordering = ["-id"]

    def get_queryset(self, request):
        erasures = self.model._default_manager.order_by(*self.ordering)
        if request.user.is_superuser:
            return erasures
        return erasures.filter(page__in=page_ids(request.user, MANAGER))

    def has_view_permission(self, request, obj=None) -> bool:
        return super().has_view_permission(request) and bool(
            request.user.is_superuser or page_ids(request.user, MANAGER)
        )

    @display(description=_("Time"))
    def time(self, erasure):
        return short_time(erasure.created_at)

    @display(description=_("What"))
    def kind_label(self, erasure):
        return erasure.get_kind_display()

    @display(description=_("Page"))
    def page_label(self, erasure):
        return erasure.page_name or erasure.facebook_page_id

    @display(description=_("Conversations"))
    def conversation_number(self, erasure):
        return f"{erasure.conversations:,}"

    @display(description=_("Messages"))
    def message_number(self, erasure):
        return f"{erasure.messages:,}"

    @display(description=_("State"))
    def state_label(self, erasure):
        return gettext("Done") if erasure.ended_at else badge(gettext("In progress"), "warning")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one erasure with its progress. The page reloads itself until the erasure has ended."""
        if request.method != "GET":
            raise PermissionDenied
        erasure = self.get_object(request, object_id)
        is_running = erasure.ended_at is None
        response = self._render(
            request, "erasure", str(erasure), erasure=erasure, has_worker=not is_running or is_worker_alive()
        )
        if is_running:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def _render(self, request, template: str, title: str, **context) -> TemplateResponse:
        common = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", {**common, **context})

    # -- requests
    def get_urls(self):
        guarded = self.admin_site.admin_view
        return [
            path("person/<int:pk>/", guarded(self.delete_person), name="conversations_delete_person"),
            path("page/<int:pk>/", guarded(self.erase), name="conversations_erase_page"),
            *super().get_urls(),
        ]

    def delete_person(self, request, pk):
        """Ask for confirmation with the numbers of rows, then delete the person at once."""
        visible = Conversation.objects.filter(page__in=page_ids(request.user)).select_related("page")
        conversation = get_object_or_404(visible, pk=pk)
        require_role(request.user, [conversation.page_id], MANAGER)
        require_confirmation(request.session)
        if request.method != "POST":
            counts = count_person(conversation)
            return self._render(
                request, "person", gettext("Delete this person"), conversation=conversation, counts=counts
            )
        deleted = delete_person(conversation, actor=request.user)
        if deleted is None:
            raise Http404
        removed = ngettext(
            "Person deleted; %(number)s message removed.",
            "Person deleted; %(number)s messages removed.",
            deleted.messages,
        )
        messages.success(request, removed % {"number": f"{deleted.messages:,}"})
        return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))

    def erase(self, request, pk):
        """Ask for the name of the Page, with the numbers of rows, then let a worker delete everything."""
        if not request.user.is_superuser:
            raise PermissionDenied
        page = get_object_or_404(Page, pk=pk)
        require_confirmation(request.session)
        error = ""
        if request.method == "POST":
            if request.POST.get("name", "").strip() == str(page).strip():
                erasure = request_erasure(page, keep_page="keep" in request.POST, actor=request.user)
                return self.redirect_to(erasure)
            error = gettext("The name does not match. Nothing was deleted.")
        if running := Erasure.objects.pages_in_progress().filter(page=page).first():
            return self.redirect_to(running)
        return self._render(
            request, "page", gettext("Delete everything"), page=page, counts=count_page(page), error=error
        )

    def redirect_to(self, erasure: Erasure) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:conversations_erasure_change", args=[erasure.pk]))
