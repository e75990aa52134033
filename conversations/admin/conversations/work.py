"""What staff do at the page of one conversation beside tags and status: read, assign, snooze and note."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from conversations.actions.assigning import assign_conversations
from conversations.actions.notes import (
    MAX_LETTERS,
    Colleague,
    InvalidNote,
    add_note,
    delete_note,
    notes_of,
)
from conversations.actions.reading import mark_read
from conversations.actions.snoozing import snooze
from conversations.actions.targets import targets_by_id
from conversations.admin.base import PageScopedAdmin
from conversations.lib.text import is_plain
from conversations.models import Conversation
from conversations.models.roles import Role
from conversations.permissions import MANAGER, PageUser, assignable_user, colleagues_of, has_role

# How long a conversation can be snoozed here, in hours. Other times: the inbox page and REST.
SNOOZE_TIMES = {
    "1": _("1 hour"),
    "4": _("4 hours"),
    "24": _("1 day"),
    "72": _("3 days"),
    "168": _("1 week"),
    "720": _("30 days"),
}


def snooze_time(hours: str) -> datetime | None:
    """Return the time that many hours from now; None: end the snooze."""
    later = timezone.now() + timedelta(hours=int(hours)) if hours in SNOOZE_TIMES else None
    return later and later.replace(microsecond=0)


def assignable(page_id: int) -> list[PageUser]:
    """Return to whom conversations of the Page can be assigned, by name."""
    return [each for each in colleagues_of(page_id) if each.role in Role.TAGGER.sufficient]


class ConversationWorkAdmin(PageScopedAdmin):
    """A part of ConversationDetailAdmin, which has the methods that are named here."""

    get_taggable: Callable[..., Conversation]  # raises Http404 and PermissionDenied
    redirect_to: Callable[..., HttpResponse]

    def work_views(self) -> dict:
        return {
            "read": require_POST(self.mark_read),
            "assignee": require_POST(self.assign),
            "snooze": require_POST(self.snooze),
            "notes": require_POST(self.add_note),
            "delete-note": require_POST(self.delete_note),
        }

    def mark_read(self, request, pk):
        conversation = self.get_taggable(request, pk)
        mark_read(request.POST.get("read") != "false", targets_by_id([conversation.pk]))
        return self.redirect_to(request, conversation)

    def assign(self, request, pk):
        conversation = self.get_taggable(request, pk)
        value = request.POST.get("user", "")
        user = assignable_user(int(value), [conversation.page_id]) if value.isdecimal() else None
        if user or not value:
            targets = targets_by_id([conversation.pk])
            assign_conversations(user and user.pk, targets, actor=request.user)
        else:
            messages.error(request, gettext("Conversations of this Page cannot be assigned to this user."))
        return self.redirect_to(request, conversation)

    def snooze(self, request, pk):
        conversation = self.get_taggable(request, pk)
        until = snooze_time(request.POST.get("hours", ""))
        if until and conversation.conversation_status == Conversation.Status.DONE:
            messages.error(request, gettext("What is done cannot be snoozed. Reopen it first."))
        else:
            snooze(until, targets_by_id([conversation.pk]), actor=request.user)
        return self.redirect_to(request, conversation)

    def add_note(self, request, pk):
        conversation = self.get_taggable(request, pk)
        text = request.POST.get("text", "").strip()
        people = [Colleague(each.id, each.name) for each in colleagues_of(conversation.page_id)]
        if not text or len(text) > MAX_LETTERS or not is_plain(text):
            messages.error(
                request, gettext("A note has 1 to %(number)s characters.") % {"number": f"{MAX_LETTERS:,}"}
            )
            return self.redirect_to(request, conversation)
        try:
            add_note(conversation, text, colleagues=people, actor=request.user)
        except InvalidNote as error:
            messages.error(request, str(error))
        return self.redirect_to(request, conversation)

    def delete_note(self, request, pk):
        conversation = self.get_taggable(request, pk)
        number = request.POST.get("note", "")
        pk = int(number) if number.isdecimal() and len(number) < 19 else 0
        note = get_object_or_404(notes_of(conversation).select_related("conversation"), pk=pk)
        if note.actor_id != request.user.pk and not has_role(request.user, [conversation.page_id], MANAGER):
            raise PermissionDenied(gettext("Only its author and managers delete a note."))
        delete_note(note)
        return self.redirect_to(request, conversation)
