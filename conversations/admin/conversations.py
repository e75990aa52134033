"""The list of conversations, and one of them: what was said, its tags, what staff did."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.views.decorators.http import require_POST
from unfold.decorators import display

from conversations.admin.access import TAGGER, OfPages, has_role, page_ids, require_role, short_time
from conversations.admin.actions import ACTIONS
from conversations.admin.filters import (
    ExcludeTagsFilter,
    IncludeTagsFilter,
    LastMessageFilter,
    PageFilter,
    StatusFilter,
    UnreadFilter,
    UntaggedFilter,
)
from conversations.admin.messages import history_of, messages_of
from conversations.models import Conversation, ConversationTag
from conversations.status import set_status
from conversations.tagging import tag_conversations, untag_conversations
from tags.models import Tag

TAG_ROWS = ConversationTag.objects.select_related("tag").order_by("tag__name", "pk")


@admin.register(Conversation)
class ConversationAdmin(OfPages):
    list_display = ["name", "of_page", "said", "time", "unread", "status", "tags"]
    list_filter = [
        PageFilter,
        IncludeTagsFilter,
        ExcludeTagsFilter,
        UntaggedFilter,
        UnreadFilter,
        StatusFilter,
        LastMessageFilter,
    ]
    list_fullwidth = True
    search_fields = ["search"]
    search_help_text = "Name or last message"
    actions = ACTIONS

    # -- the list
    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("page")
        return rows.defer("search", "page__access_token").prefetch_related(Prefetch("tag_rows", TAG_ROWS))

    def get_ordering(self, request):
        return Conversation.objects.newest_first().query.order_by

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term) if search_term else queryset, False

    def has_tagger_permission(self, request) -> bool:
        return bool(page_ids(request, TAGGER))

    def get_actions(self, request):
        return super().get_actions(request) if self.has_tagger_permission(request) else {}

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST" and not self.has_tagger_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    @display(description="Name")
    def name(self, row):
        return format_html('<span class="inbox-name">{}</span>', Truncator(str(row)).chars(40))

    @display(description="Page")
    def of_page(self, row):
        return format_html('<span class="inbox-nowrap">{}</span>', Truncator(str(row.page)).chars(30))

    @display(description="Last message")
    def said(self, row):
        words = Truncator(" ".join(row.last_message.split())).chars(80)
        return format_html('<span class="inbox-said" dir="auto">{}</span>', words)

    @display(description="Time", empty_value="")
    def time(self, row):
        return short_time(row.last_message_time)

    @display(description="Unread", empty_value="")
    def unread(self, row):
        return format_html('<b class="inbox-unread">{}</b>', row.unread_count) if row.unread_count else None

    @display(description="Status", label={"active": "info", "done": "success"})
    def status(self, row):
        return row.conversation_status, row.get_conversation_status_display()

    @display(description="Tags", empty_value="")
    def tags(self, row):
        chips = ((tag_row.tag.color, tag_row.tag.name) for tag_row in row.tag_rows.all())
        template = '<span class="inbox-tag" style="--tag: {}">{}</span> '
        return format_html('<span class="inbox-tags">{}</span>', format_html_join("", template, chips))

    # -- one conversation
    def get_urls(self):
        return [
            path("<int:pk>/tags/", self.door(self.change_tags), name="conversations_conversation_tags"),
            path("<int:pk>/status/", self.door(self.change_status), name="conversations_conversation_status"),
            *super().get_urls(),
        ]

    def door(self, view):
        return self.admin_site.admin_view(require_POST(view))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """No form: its content is Facebook's, its tags and status have forms of their own."""
        if request.method != "GET":
            raise PermissionDenied
        conversation = self.get_object(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **messages_of(conversation, before=request.GET.get("before", "")),
            "title": str(conversation),
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "tag_rows": conversation.tag_rows.all(),
            "history": history_of(conversation),
            "may_tag": has_role(request, [conversation.page_id], TAGGER),
            "other_tags": Tag.objects.exclude(conversation_rows__conversation=conversation),
        }
        return TemplateResponse(request, "admin/conversations/conversation/conversation.html", context)

    def change_tags(self, request, pk):
        """`add` and `remove`: ids of tags."""
        conversation = self.changeable(request, pk)
        for name, change in (("add", tag_conversations), ("remove", untag_conversations)):
            chosen = [value for value in request.POST.getlist(name) if value.isdecimal()]
            if tags := list(Tag.objects.filter(pk__in=chosen)):
                change([conversation.pk], tags, actor=request.user)
        return self.back(conversation)

    def change_status(self, request, pk):
        conversation = self.changeable(request, pk)
        status = request.POST.get("status")
        if status in Conversation.Status.values:
            set_status([conversation.pk], status, actor=request.user)
        return self.back(conversation)

    def changeable(self, request, pk) -> Conversation:
        conversation = self.get_object(request, str(pk))
        require_role(request, conversation.page_id, TAGGER)
        return conversation

    def back(self, conversation) -> HttpResponseRedirect:
        return HttpResponseRedirect(
            reverse("admin:conversations_conversation_change", args=[conversation.pk])
        )
