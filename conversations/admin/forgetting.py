"""Forgetting a person, deleting everything of a Page, and the lines that are left of it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import display

from conversations.admin.access import MANAGER, OfPages, page_ids, require_role, short_time
from conversations.forgetting.jobs import request_erasing
from conversations.forgetting.pages import would_erase
from conversations.forgetting.people import forget, would_forget
from conversations.forgetting.tables import Erasure
from conversations.jobs import is_worker_alive
from conversations.models import Conversation, Page

REFRESH_SECONDS = 2  # while one watches everything go
TEMPLATES = "admin/conversations/erasure"


@admin.register(Erasure)
class ErasureAdmin(OfPages):
    """For managers of the Page; of Pages that are gone for superusers."""

    role = MANAGER
    list_display = [
        "time",
        "kind_shown",
        "page_shown",
        "actor_name",
        "conversations_shown",
        "messages_shown",
        "state",
    ]
    ordering = ["-id"]

    def get_queryset(self, request):
        everything = self.model._default_manager.order_by(*self.ordering)
        if request.user.is_superuser:
            return everything
        return everything.filter(page__in=page_ids(request, MANAGER))

    def has_view_permission(self, request, obj=None) -> bool:
        return super().has_view_permission(request) and bool(
            request.user.is_superuser or page_ids(request, MANAGER)
        )

    @display(description="When")
    def time(self, erasure):
        return short_time(erasure.created_at)

    @display(description="What")
    def kind_shown(self, erasure):
        return erasure.get_kind_display()

    @display(description="Page")
    def page_shown(self, erasure):
        return erasure.page_name or erasure.facebook_page_id

    @display(description="Conversations")
    def conversations_shown(self, erasure):
        return f"{erasure.conversations:,}"

    @display(description="Messages")
    def messages_shown(self, erasure):
        return f"{erasure.messages:,}"

    @display(description="State", label={"Done": "success", "In work": "warning"})
    def state(self, erasure):
        return "Done" if erasure.ended_at else "In work"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """One of them: how far it is, in words; drawn anew until it has ended."""
        if request.method != "GET":
            raise PermissionDenied
        erasure = self.get_object(request, object_id)
        in_work = erasure.ended_at is None
        answer = self._draw(
            request, "erasure", str(erasure), erasure=erasure, has_worker=not in_work or is_worker_alive()
        )
        if in_work:
            answer["Refresh"] = str(REFRESH_SECONDS)
        return answer

    def _draw(self, request, template: str, title: str, **context) -> TemplateResponse:
        known = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", {**known, **context})

    # -- asking for it
    def get_urls(self):
        guarded = self.admin_site.admin_view
        return [
            path("person/<int:pk>/", guarded(self.forget), name="conversations_forget_person"),
            path("page/<int:pk>/", guarded(self.erase), name="conversations_erase_page"),
            *super().get_urls(),
        ]

    def forget(self, request, pk):
        """One person: says what will go, then does it at once."""
        seen = Conversation.objects.filter(page__in=page_ids(request)).select_related("page")
        conversation = get_object_or_404(seen, pk=pk)
        require_role(request, conversation.page_id, MANAGER)
        if request.method != "POST":
            counts = would_forget(conversation)
            return self._draw(
                request, "person", "Forget this person", conversation=conversation, counts=counts
            )
        gone = forget(conversation, actor=request.user)
        if gone is None:
            raise Http404
        words = f"Forgotten, with {gone.messages:,} message{'' if gone.messages == 1 else 's'}."
        messages.success(request, words)
        return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))

    def erase(self, request, pk):
        """A Page: says what will go, and asks for its name before a worker begins."""
        if not request.user.is_superuser:
            raise PermissionDenied
        page = get_object_or_404(Page, pk=pk)
        fault = ""
        if request.method == "POST":
            if request.POST.get("name", "").strip() == str(page).strip():
                erasure = request_erasing(page, keep="keep" in request.POST, actor=request.user)
                return self.watch(erasure)
            fault = "That is not its name: nothing was deleted."
        if running := Erasure.objects.filter(Q(page=page) & Q(ended_at=None)).first():
            return self.watch(running)
        return self._draw(
            request, "page", "Delete everything", page=page, counts=would_erase(page), fault=fault
        )

    def watch(self, erasure: Erasure) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:conversations_erasure_change", args=[erasure.pk]))
