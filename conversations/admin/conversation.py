"""One conversation: what was said, its tags, what staff did, and what Facebook has of it now."""

from copy import copy

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from conversations.admin.access import TAGGER, OfPages, has_role, require_role
from conversations.admin.asking import selection_of
from conversations.admin.messages import history_of, messages_of
from conversations.asking import Refused, Why
from conversations.models import Conversation, InteractionEvent, Platform
from conversations.reading.listing import time_limit
from conversations.reading.neighbours import Neighbour, neighbours
from conversations.reading.sql import TooSlow
from conversations.refreshing import fresh_attachment, refresh, thread_link
from conversations.status import set_status
from conversations.tagging import tag_conversations, untag_conversations
from tags.models import Tag

CAME_FROM = "_changelist_filters"  # Django's word for the query of the list one came from
LONGEST_QUERY = 4000
STATUSES = {Why.RECONNECT: 409, Why.GONE: 410, Why.NOTHING: 404, Why.FACEBOOK: 502}
NAME = "conversations_conversation_"
TALK = "admin/conversations/conversation/"


class OneConversation(OfPages):
    """The page of one conversation; conversations.py has the list."""

    def get_urls(self):
        doors = {
            "tags": require_POST(self.change_tags),
            "status": require_POST(self.change_status),
            "refresh": require_POST(self.refresh),
            "messages": require_GET(self.talk),
            "facebook": require_GET(self.at_facebook),
        }
        attachment = self.admin_site.admin_view(require_GET(self.attachment))
        address = "<int:pk>/messages/<int:event>/<int:index>/"
        return [
            *(path(f"<int:pk>/{word}/", self.admin_site.admin_view(view), name=NAME + word)
              for word, view in doors.items()),
            path(address, attachment, name=NAME + "attachment"),
            *super().get_urls(),
        ]  # fmt: skip

    # -- reading
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """No form: its content is Facebook's, its tags and status have forms of their own."""
        if request.method != "GET":
            raise PermissionDenied
        conversation = self.get_object(request, object_id)
        newer, older = beside(request, conversation)
        history = history_of(conversation)
        context = {
            **self.admin_site.each_context(request),
            **messages_of(conversation, before=request.GET.get("before", "")),
            "title": str(conversation),
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "tag_rows": conversation.tag_rows.all(),
            "history": history,
            "status_set": next((event for event in history if event.kind == "status_changed"), None),
            "may_tag": has_role(request, [conversation.page_id], TAGGER),
            "other_tags": Tag.objects.exclude(conversation_rows__conversation=conversation),
            "at_facebook": conversation.platform == Platform.MESSENGER and conversation.graph_id,
            "newer_one": newer,
            "older_one": older,
            "came_from": came_from(request),
            "keep": kept(request),
        }
        return TemplateResponse(request, TALK + "conversation.html", context)

    def talk(self, request, pk):
        """A further part of the talk, for conversation.js to put above."""
        conversation = self.get_object(request, str(pk))
        context = {
            **messages_of(conversation, before=request.GET.get("before", "")),
            "conversation": conversation,
            "keep": kept(request),
        }
        return TemplateResponse(request, TALK + "talk.html", context)

    # -- asking Facebook
    def refresh(self, request, pk):
        conversation = self.changeable(request, pk)
        try:
            messages.success(request, refresh(conversation).message)
        except Refused as refused:
            messages.error(request, str(refused))
        return self.back(request, conversation)

    def attachment(self, request, pk, event, index):
        """To the attachment itself, by a link that works now."""
        conversation = self.get_object(request, str(pk))
        found = get_object_or_404(InteractionEvent, pk=event, conversation=conversation)
        return self.to_facebook(request, conversation, lambda: fresh_attachment(found, index))

    def at_facebook(self, request, pk):
        conversation = self.get_object(request, str(pk))
        return self.to_facebook(request, conversation, lambda: thread_link(conversation))

    def to_facebook(self, request, conversation, ask) -> HttpResponse:
        try:
            answer: HttpResponse = HttpResponseRedirect(ask())
        except Refused as refused:
            context = {
                **self.admin_site.each_context(request),
                "title": "Not to be opened",
                "opts": self.opts,
                "conversation": conversation,
                "words": str(refused),
            }
            answer = TemplateResponse(request, TALK + "refused.html", context, status=STATUSES[refused.why])
        answer["Referrer-Policy"] = "no-referrer"
        return answer

    # -- changing
    def change_tags(self, request, pk):
        """`add` and `remove`: ids of tags."""
        conversation = self.changeable(request, pk)
        for name, change in (("add", tag_conversations), ("remove", untag_conversations)):
            chosen = [value for value in request.POST.getlist(name) if value.isdecimal()]
            if tags := list(Tag.objects.filter(pk__in=chosen)):
                change([conversation.pk], tags, actor=request.user)
        return self.back(request, conversation)

    def change_status(self, request, pk):
        conversation = self.changeable(request, pk)
        status = request.POST.get("status")
        if status in Conversation.Status.values:
            set_status([conversation.pk], status, actor=request.user)
        return self.back(request, conversation)

    def changeable(self, request, pk) -> Conversation:
        conversation = self.get_object(request, str(pk))
        require_role(request, conversation.page_id, TAGGER)
        return conversation

    def back(self, request, conversation) -> HttpResponseRedirect:
        address = reverse(f"admin:{NAME}change", args=[conversation.pk])
        return HttpResponseRedirect(address + kept(request))


# -- the list one came from --------------------------------------------------------------------------------
def came_from(request: HttpRequest) -> str:
    """Its query, as it was in its address."""
    return request.GET.get(CAME_FROM, "")[:LONGEST_QUERY]


def kept(request: HttpRequest) -> str:
    """What our addresses carry on, with its question mark."""
    query = came_from(request)
    return "?" + urlencode({CAME_FROM: query}) if query else ""


def beside(request: HttpRequest, conversation: Conversation) -> tuple[Neighbour | None, Neighbour | None]:
    """The next newer and older conversation of that list."""
    asked = copy(request)
    asked.GET = QueryDict(came_from(request))
    selection = selection_of(asked)
    try:
        with time_limit(selection):
            return neighbours(selection, (conversation.last_message_time, conversation.pk))
    except TooSlow:
        return None, None
