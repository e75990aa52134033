"""The tables for staff: to look at, each seeing the Pages they are members of."""

from typing import Any

from django.contrib import admin
from rest_framework.authtoken.models import TokenProxy

from conversations.models import (
    Conversation,
    ConversationTag,
    InteractionEvent,
    Page,
    PageMember,
    SyncRun,
    Thread,
)

admin.site.unregister(TokenProxy)  # it would show tokens; `manage.py drf_create_token USER` makes them


class OfPages(admin.ModelAdmin):
    """Rows that a sync or a service writes: every member of staff looks at those of their Pages."""

    role = PageMember.Role.VIEWER
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user, at_least=self.role)

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class PageMemberInline(admin.TabularInline):
    model = PageMember
    extra = 0
    autocomplete_fields = ["user"]

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(Page)
class PageAdmin(OfPages):
    """Superusers name Pages and say who works on them; `manage.py connectpage` adds them."""

    list_display = ["name", "facebook_page_id", "state", "last_synced_at"]
    search_fields = ["name", "facebook_page_id"]
    readonly_fields = [
        "facebook_page_id",
        "platforms",
        "instagram_account_id",
        "state",
        "state_reason",
        "synced_until",
        "last_synced_at",
        "created_at",
    ]
    fields = ["name", *readonly_fields]
    inlines = [PageMemberInline]

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def get_queryset(self, request):
        return super().get_queryset(request).defer("access_token")


@admin.register(Conversation)
class ConversationAdmin(OfPages):
    list_display = [
        "sender_name",
        "page",
        "platform",
        "last_message",
        "last_message_time",
        "unread_count",
        "conversation_status",
    ]
    list_filter = ["conversation_status", "platform"]
    list_select_related = ["page"]
    search_fields = ["search"]
    search_help_text = "A part of the sender's name or of the last message"

    def get_ordering(self, request):
        return Conversation.objects.newest_first().query.order_by

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term) if search_term else queryset, False


@admin.register(Thread)
class ThreadAdmin(OfPages):
    list_display = ["graph_id", "page", "state", "history", "held_count", "updated_time", "reason"]
    list_filter = ["state", "history", "platform"]
    list_select_related = ["page"]
    search_fields = ["graph_id"]
    ordering = ["-id"]


@admin.register(InteractionEvent)
class InteractionEventAdmin(OfPages):
    list_display = ["occurred_at", "conversation", "kind", "text", "actor"]
    list_filter = ["kind"]
    list_select_related = ["conversation", "actor"]
    ordering = ["-id"]


@admin.register(ConversationTag)
class ConversationTagAdmin(OfPages):
    list_display = ["conversation", "tag", "actor", "created_at"]
    list_select_related = ["conversation", "tag", "actor"]
    ordering = ["-id"]


@admin.register(SyncRun)
class SyncRunAdmin(OfPages):
    """Shown to managers: a run's error is for them."""

    role = PageMember.Role.MANAGER
    list_display = ["id", "page", "mode", "trigger", "status", "synced", "total", "started_at", "ended_at"]
    list_filter = ["status", "mode"]
    list_select_related = ["page"]
    exclude = ["resume"]
    ordering = ["-id"]
