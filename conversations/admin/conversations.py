"""The list of conversations: found, tagged, set; conversation.py has the page of one of them."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display

from conversations.admin.access import TAGGER, List, has_role, page_ids
from conversations.admin.actions import ACTIONS, counted
from conversations.admin.asking import fault_of, parameters_of, selection_of
from conversations.admin.chips import chip, chips
from conversations.admin.conversation import OneConversation
from conversations.admin.counting import SelectionPaginator
from conversations.admin.filters import (
    ExcludeTagsFilter,
    IncludeModeFilter,
    IncludeTagsFilter,
    LastMessageFilter,
    PageFilter,
    PlatformFilter,
    SearchInFilter,
    StatusFilter,
    UnreadFilter,
    UntaggedFilter,
    WaitingFilter,
    all_tags,
)
from conversations.admin.quick import quick_filters
from conversations.admin.times import time_ago
from conversations.choosing import chosen_by_act, count
from conversations.models import Conversation, ConversationTag, Page
from conversations.reading.news import MOST, count_new, newest_mark
from conversations.reading.sql import TooSlow
from conversations.tagging import undo

TAG_ROWS = ConversationTag.objects.select_related("tag").order_by("tag__name", "pk")

TOO_SLOW = "The search took too long and was ended. Narrow it: more letters, a Page, a tag, a time."


def rest_filter(request) -> dict[str, str] | None:
    """The list's filter as REST takes it; None where it is not understood."""
    if fault_of(request):
        return None
    page = request.GET.get("page", "").strip()
    if not page:
        return parameters_of(request)
    if not page.isdecimal() or int(page) not in page_ids(request):
        return None
    [facebook_page_id] = Page.objects.filter(pk=page).values_list("facebook_page_id", flat=True)
    return {**parameters_of(request), "facebookPageId": facebook_page_id}


class ConversationList(List):
    """Django reads the parameters and shows the filters; the Selection finds the rows."""

    def get_results(self, request) -> None:
        try:
            super().get_results(request)
            part = self.paginator.page(min(self.page_num, self.paginator.num_pages))
            self.result_list = part.object_list
        except TooSlow:
            messages.error(
                request, "The search took too long and was ended. Narrow it: more letters, a Page, a tag."
            )
            self.result_list, self.result_count = self.queryset.none(), 0
            self.full_result_count, self.multi_page, self.can_show_all = 0, False, False
        if fault := fault_of(request):
            messages.error(request, fault)


@admin.register(Conversation)
class ConversationAdmin(OneConversation):
    list_display = ["name", "of_page", "said", "time", "unread", "status", "tags"]
    list_filter = [
        PageFilter,
        IncludeTagsFilter,
        IncludeModeFilter,
        ExcludeTagsFilter,
        UntaggedFilter,
        UnreadFilter,
        WaitingFilter,
        StatusFilter,
        PlatformFilter,
        LastMessageFilter,
        SearchInFilter,
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
        return queryset, False  # the Selection has it

    def get_changelist(self, request, **kwargs):
        return ConversationList

    def get_paginator(self, request, queryset, per_page, orphans=0, allow_empty_first_page=True):
        number = request.GET.get("p", "")
        number = int(number) if number.isdecimal() and len(number) < 10 else 1
        return SelectionPaginator(queryset, per_page, selection_of(request), number)

    def has_tagger_permission(self, request) -> bool:
        return bool(page_ids(request, TAGGER))

    def get_actions(self, request):
        return super().get_actions(request) if self.has_tagger_permission(request) else {}

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST" and not self.has_tagger_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return super().changelist_view(request, extra_context)
        shown = {
            "newest_mark": newest_mark(),  # before the rows are read: what arrives meanwhile is news
            "quick_filters": quick_filters(request),
            "rest_filter": rest_filter(request),
            "may_tag": self.has_tagger_permission(request),
            "all_chips": [(tag, chip(tag)) for tag in all_tags(request)],
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def news(self, request):
        """How many conversations of the list as it is filtered have messages newer than its mark, `after`."""
        mark = request.GET.get("after", "")
        mark = int(mark) if mark.isdecimal() and len(mark) < 19 else 0
        number = count_new(selection_of(request), mark)
        many = number is None or number > MOST
        return JsonResponse({"new": MOST if many else number, "many": many})

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
        return time_ago(row.last_message_time)

    @display(description="Unread", empty_value="")
    def unread(self, row):
        return format_html('<b class="inbox-unread">{}</b>', row.unread_count) if row.unread_count else None

    @display(description="Status", label={"active": "info", "done": "success"})
    def status(self, row):
        return row.conversation_status, row.get_conversation_status_display()

    @display(description="Tags", empty_value="")
    def tags(self, row):
        tags = [tag_row.tag for tag_row in row.tag_rows.all()]
        template = '<span class="inbox-tags" data-tags="{}" data-name="{}" data-pk="{}">{}</span>'
        return format_html(template, ",".join(str(tag.pk) for tag in tags), str(row), row.pk, chips(tags))

    # -- acts
    def get_urls(self):
        return [
            path(
                "acts/<uuid:act>/undo/", self.admin_site.admin_view(self.undo), name="conversations_act_undo"
            ),
            path("news/", self.admin_site.admin_view(self.news), name="conversations_news"),
            *super().get_urls(),
        ]

    def undo(self, request, act):
        """Takes an act back: asks first."""
        chosen = chosen_by_act(act)
        if not chosen.page_ids or not has_role(request, chosen.page_ids, TAGGER):
            raise PermissionDenied
        if request.method == "POST":
            changed, _ = undo(act, chosen, actor=request.user)
            messages.success(request, f"Restored {counted(len(changed))}.")
            return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Undo",
            "opts": self.opts,
            "count": counted(count(chosen)),
        }
        return TemplateResponse(request, "admin/conversations/conversation/undo.html", context)
