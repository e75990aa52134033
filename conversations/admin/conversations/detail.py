"""Admin page of one conversation: its messages, tags and history, and what Facebook shows of it now."""

from copy import copy

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from conversations.actions.refresh import facebook_url, refresh
from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations, untag_conversations
from conversations.admin.conversations.list_query import criteria_of
from conversations.admin.conversations.timeline_rows import history_of, messages_of
from conversations.admin.conversations.work import SNOOZE_TIMES, ConversationWorkAdmin, assignable
from conversations.admin.formatting import CONVERSATION_STATUS_LABELS
from conversations.connections.interactive import FacebookRefused, asking_facebook
from conversations.lib.timeouts import TooSlow
from conversations.models import Conversation, Platform
from conversations.permissions import AGENT, MANAGER, TAGGER, has_role, require_role
from conversations.search.adjacent import AdjacentConversation, adjacent
from tags.models import Tag

LIST_QUERY_PARAMETER = "_changelist_filters"  # Django's name for the query of the list before this page
MAX_QUERY_LENGTH = 4000
URL_NAME_PREFIX = "conversations_conversation_"
TEMPLATES = "admin/conversations/conversation/"


class ConversationDetailAdmin(ConversationWorkAdmin):
    """The page of one conversation; `conversation_list` adds the list."""

    def get_urls(self):
        views = {
            "tags": require_POST(self.change_tags),
            "status": require_POST(self.change_status),
            "refresh": require_POST(self.refresh),
            "messages": require_GET(self.older_messages),
            "facebook": require_GET(self.at_facebook),
            **self.work_views(),
        }
        return [
            *(path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=URL_NAME_PREFIX + name)
              for name, view in views.items()),
            *super().get_urls(),
        ]  # fmt: skip

    # -- the page
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the conversation without Django's form; tags and status have forms of their own."""
        if request.method != "GET":
            raise PermissionDenied
        conversation = self.get_object(request, object_id)
        newer, older = adjacent_conversations(request, conversation)
        history = history_of(conversation)
        context = {
            **self.admin_site.each_context(request),
            **messages_of(conversation, before=request.GET.get("before", "")),
            "title": str(conversation),
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "status_label": CONVERSATION_STATUS_LABELS[conversation.conversation_status],
            "tag_rows": conversation.tag_rows.all(),
            "history": history,
            "status_change": next((event for event in history if event.kind == "status_changed"), None),
            "may_answer": has_role(request.user, [conversation.page_id], AGENT),
            "may_tag": has_role(request.user, [conversation.page_id], TAGGER),
            "manages": has_role(request.user, [conversation.page_id], MANAGER),
            "assignable": assignable(conversation.page_id),
            "snooze_times": SNOOZE_TIMES,
            "other_tags": Tag.objects.exclude(conversation_rows__conversation=conversation),
            "is_on_facebook": conversation.platform == Platform.MESSENGER and conversation.graph_id,
            "next_newer": newer,
            "next_older": older,
            "list_query": list_query(request),
            "query_string": query_string(request),
        }
        return TemplateResponse(request, TEMPLATES + "conversation.html", context)

    def older_messages(self, request, pk):
        """Return the messages before `?before=` as HTML, for conversation.js."""
        conversation = self.get_object(request, str(pk))
        context = {
            **messages_of(conversation, before=request.GET.get("before", "")),
            "conversation": conversation,
            "may_answer": has_role(request.user, [conversation.page_id], AGENT),
            "may_tag": has_role(request.user, [conversation.page_id], TAGGER),
            "manages": has_role(request.user, [conversation.page_id], MANAGER),
            "query_string": query_string(request),
        }
        return TemplateResponse(request, TEMPLATES + "messages.html", context)

    # -- calls to Facebook
    def refresh(self, request, pk):
        conversation = self.get_taggable(request, pk)
        try:
            with asking_facebook(request.user):
                messages.success(request, refresh(conversation).message)
        except FacebookRefused as refused:
            messages.error(request, str(refused))
        return self.redirect_to(request, conversation)

    def at_facebook(self, request, pk):
        conversation = self.get_object(request, str(pk))
        return self.redirect_to_facebook(request, conversation, lambda: facebook_url(conversation))

    def redirect_to_facebook(self, request, conversation, fetch_url) -> HttpResponse:
        """Redirect to the URL that `fetch_url()` returns, without a referrer; show why if it is refused."""
        try:
            with asking_facebook(request.user):
                response: HttpResponse = HttpResponseRedirect(fetch_url())
        except FacebookRefused as refused:
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Cannot be opened"),
                "opts": self.opts,
                "conversation": conversation,
                "error": str(refused),
            }
            template = TEMPLATES + "refused.html"
            response = TemplateResponse(request, template, context, status=refused.http_status)
        response["Referrer-Policy"] = "no-referrer"
        return response

    # -- changes
    def change_tags(self, request, pk):
        """Add and remove tags; `add` and `remove` are their IDs."""
        conversation = self.get_taggable(request, pk)
        for name, change in (("add", tag_conversations), ("remove", untag_conversations)):
            ids = [value for value in request.POST.getlist(name) if value.isdecimal()]
            if tags := list(Tag.objects.filter(pk__in=ids)):
                change([conversation.pk], tags, actor=request.user)
        return self.redirect_to(request, conversation)

    def change_status(self, request, pk):
        conversation = self.get_taggable(request, pk)
        status = request.POST.get("status")
        if status in Conversation.Status.values:
            set_status([conversation.pk], status, actor=request.user)
        return self.redirect_to(request, conversation)

    def get_taggable(self, request, pk) -> Conversation:
        """Raise Http404 for an invisible conversation and PermissionDenied without the role tagger."""
        conversation = self.get_object(request, str(pk))
        require_role(request.user, [conversation.page_id], TAGGER)
        return conversation

    def redirect_to(self, request, conversation) -> HttpResponseRedirect:
        url = reverse(f"admin:{URL_NAME_PREFIX}change", args=[conversation.pk])
        return HttpResponseRedirect(url + query_string(request))


# -- the list that links here ------------------------------------------------------------------------------
def list_query(request: HttpRequest) -> str:
    """Return the query string of the list that linked to this page."""
    return request.GET.get(LIST_QUERY_PARAMETER, "")[:MAX_QUERY_LENGTH]


def query_string(request: HttpRequest) -> str:
    """Return the query string that passes `list_query` on, with its question mark; empty without one."""
    query = list_query(request)
    return "?" + urlencode({LIST_QUERY_PARAMETER: query}) if query else ""


def adjacent_conversations(
    request: HttpRequest, conversation: Conversation
) -> tuple[AdjacentConversation | None, AdjacentConversation | None]:
    """Return the next newer and the next older conversation of that list; None where there is none."""
    list_request = copy(request)
    list_request.GET = QueryDict(list_query(request))
    criteria = criteria_of(list_request)
    try:
        return adjacent(criteria, (conversation.last_message_time, conversation.pk))
    except TooSlow:
        return None, None
