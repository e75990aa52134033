"""Admin list of conversations: search, filters, bulk actions. `detail` has the page of one conversation."""

from contextlib import suppress

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from conversations.actions.bulk_operations import (
    OperationEnded,
    Undone,
    cancel_operation,
    find_operation,
    pages_to_undo,
    undo_at_once_or_in_slices,
)
from conversations.actions.bulk_tasks import request_work
from conversations.actions.operation_texts import describe
from conversations.actions.targets import count_targets, targets_of_operation
from conversations.admin.base import CappedChangeList
from conversations.admin.conversations.bulk_actions import ACTIONS, report_started
from conversations.admin.conversations.detail import ConversationDetailAdmin
from conversations.admin.conversations.list_filters import (
    AdFilter,
    AssigneeFilter,
    AttachmentFilter,
    ExcludeTagsFilter,
    IncludeModeFilter,
    IncludeTagsFilter,
    LastMessageFilter,
    MentionedFilter,
    NoteFilter,
    PageFilter,
    PlatformFilter,
    SearchInFilter,
    SenderFilter,
    SnoozedFilter,
    StatusFilter,
    UnreadFilter,
    UntaggedFilter,
    WaitingFilter,
    all_tags,
)
from conversations.admin.conversations.list_query import criteria_of, filter_error, parameters_of, with_zone
from conversations.admin.conversations.quick_filters import quick_filters
from conversations.admin.formatting import (
    CONVERSATION_STATUS_LABELS,
    badge,
    chip,
    chips,
    count_conversations,
    short_time,
    time_ago,
)
from conversations.admin.paginators import SearchPaginator
from conversations.lib.timeouts import TooSlow
from conversations.models import BulkOperation, Conversation, ConversationTag, Page
from conversations.permissions import TAGGER, has_role, may_see_operation, page_ids, require_cancel
from conversations.search.new_messages import MAX_COUNTED, count_new, current_mark

TAG_ROWS = ConversationTag.objects.select_related("tag").order_by("tag__sort_key", "pk")

STATUS_COLORS = {Conversation.Status.DONE: "success"}
TOO_SLOW = _("The search took too long and was stopped. Type more letters, or filter by Page, tag or date.")


def rest_filter(request) -> dict[str, str] | None:
    """Return the filter of the list as REST parameters; None where it is invalid."""
    if filter_error(request):
        return None
    page = request.GET.get("page", "").strip()
    if not page:
        return with_zone(parameters_of(request))
    if not page.isdecimal() or int(page) not in page_ids(request.user):
        return None
    [facebook_page_id] = Page.objects.filter(pk=page).values_list("facebook_page_id", flat=True)
    return {**with_zone(parameters_of(request)), "facebookPageId": facebook_page_id}


class ConversationChangeList(CappedChangeList):
    """Django reads the parameters and shows the filters; the rows come from our own search."""

    def get_results(self, request) -> None:
        try:
            super().get_results(request)
            page = self.paginator.page(min(max(1, self.page_num), self.paginator.num_pages))
            self.result_list = page.object_list
        except TooSlow:
            messages.error(request, TOO_SLOW)
            self.result_list, self.result_count = self.queryset.none(), 0
            self.full_result_count, self.multi_page, self.can_show_all = 0, False, False
        if error := filter_error(request):
            messages.error(request, error)


@admin.register(Conversation)
class ConversationAdmin(ConversationDetailAdmin):
    list_display = [
        "name",
        "page_name",
        "last_message_text",
        "time",
        "unread",
        "status",
        "assigned",
        "tags",
    ]
    list_filter = [
        PageFilter,
        IncludeTagsFilter,
        IncludeModeFilter,
        ExcludeTagsFilter,
        UntaggedFilter,
        UnreadFilter,
        WaitingFilter,
        StatusFilter,
        AssigneeFilter,
        SnoozedFilter,
        MentionedFilter,
        NoteFilter,
        PlatformFilter,
        AdFilter,
        SenderFilter,
        AttachmentFilter,
        LastMessageFilter,
        SearchInFilter,
    ]
    list_fullwidth = True
    search_fields = ["search"]
    search_help_text = _("Name or last message")
    actions = ACTIONS

    # -- the list
    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("page", "assignee")
        return rows.defer("search", "page__access_token").prefetch_related(Prefetch("tag_rows", TAG_ROWS))

    def get_ordering(self, request):
        return Conversation.objects.newest_first().query.order_by

    def get_search_results(self, request, queryset, search_term):
        return queryset, False  # the paginator searches

    def get_changelist(self, request, **kwargs):
        return ConversationChangeList

    def get_paginator(self, request, queryset, per_page, orphans=0, allow_empty_first_page=True):
        number = request.GET.get("p", "")
        number = int(number) if number.isdecimal() and len(number) < 10 else 1
        return SearchPaginator(queryset, per_page, criteria_of(request), number)

    def has_tagger_permission(self, request) -> bool:
        return bool(page_ids(request.user, TAGGER))

    def get_actions(self, request):
        return super().get_actions(request) if self.has_tagger_permission(request) else {}

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST" and not self.has_tagger_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return super().changelist_view(request, extra_context)
        context = {
            # Taken before the rows are read: messages that arrive meanwhile count as new.
            "newest_mark": current_mark(),
            "quick_filters": quick_filters(request),
            "rest_filter": rest_filter(request),
            "may_tag": self.has_tagger_permission(request),
            "all_chips": [(tag, chip(tag)) for tag in all_tags(request)],
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def new_messages(self, request):
        """Return the number of conversations in the filtered list with messages after the mark `after`."""
        mark = request.GET.get("after", "")
        mark = int(mark) if mark.isdecimal() and len(mark) < 19 else 0
        number = count_new(criteria_of(request), mark)
        is_capped = number is None or number > MAX_COUNTED
        return JsonResponse({"new": MAX_COUNTED if is_capped else number, "many": is_capped})

    @display(description=_("Name"))
    def name(self, row):
        return format_html('<span class="inbox-name">{}</span>', Truncator(str(row)).chars(40))

    @display(description=_("Page"))
    def page_name(self, row):
        return format_html('<span class="inbox-nowrap">{}</span>', Truncator(str(row.page)).chars(30))

    @display(description=_("Last message"))
    def last_message_text(self, row):
        text = Truncator(" ".join(row.last_message.split())).chars(80)
        return format_html('<span class="inbox-last-message" dir="auto">{}</span>', text)

    @display(description=_("Time"), empty_value="")
    def time(self, row):
        return time_ago(row.last_message_time)

    @display(description=_("Unread"), empty_value="")
    def unread(self, row):
        return format_html('<b class="inbox-unread">{}</b>', row.unread_count) if row.unread_count else None

    @display(description=_("Status"))
    def status(self, row):
        if row.snoozed_until:
            return format_html(gettext("Snoozed until {}"), short_time(row.snoozed_until))
        return badge(
            CONVERSATION_STATUS_LABELS[row.conversation_status], STATUS_COLORS.get(row.conversation_status)
        )

    @display(description=_("Assignee"), empty_value="")
    def assigned(self, row):
        return row.assignee and row.assignee.get_username()

    @display(description=_("Tags"), empty_value="")
    def tags(self, row):
        tags = [tag_row.tag for tag_row in row.tag_rows.all()]
        template = '<span class="inbox-tags" data-tags="{}" data-name="{}" data-pk="{}">{}</span>'
        return format_html(template, ",".join(str(tag.pk) for tag in tags), str(row), row.pk, chips(tags))

    # -- further views
    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("operations/<uuid:operation>/", view(self.operation), name="conversations_operation"),
            path("operations/<uuid:operation>/undo/", view(self.undo), name="conversations_operation_undo"),
            path("new-messages/", view(self.new_messages), name="conversations_new_messages"),
            *super().get_urls(),
        ]

    def undo(self, request, operation):
        """Undo a bulk operation after confirmation. One that is in progress is cancelled first."""
        pages = pages_to_undo(operation)
        if not pages or not has_role(request.user, pages, TAGGER):
            raise PermissionDenied
        require_cancel(request.user, operation)
        if request.method == "POST":
            self.report_undo(request, undo_at_once_or_in_slices(operation, actor=request.user))
            return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))
        count = count_conversations(count_targets(targets_of_operation(operation)))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Undo"),
            "opts": self.opts,
            "count": count,
        }
        return TemplateResponse(request, "admin/conversations/conversation/undo.html", context)

    def report_undo(self, request, result: Undone | BulkOperation) -> None:
        if isinstance(result, BulkOperation):
            request_work()
            return report_started(self, request, result)
        return messages.success(
            request,
            gettext("Restored %(conversations)s.") % {"conversations": count_conversations(result.changed)},
        )

    def operation(self, request, operation):
        """Show how far a bulk operation in slices is; cancel it on POST."""
        row = find_operation(operation)
        if row is None or not may_see_operation(request.user, row):
            raise Http404
        if request.method == "POST":
            with suppress(OperationEnded):
                cancel_operation(row, actor=request.user)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Bulk operation"),
            "opts": self.opts,
            "operation": row,
            "message": describe(row),
            "refresh_seconds": 2,
        }
        return TemplateResponse(request, "admin/conversations/conversation/operation.html", context)
