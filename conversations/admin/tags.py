"""The vocabulary of labels, which all Pages share: taggers add to it, superusers rename and delete."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from conversations.admin.access import TAGGER, page_ids
from conversations.admin.chips import chip
from conversations.tagging import delete_tag
from tags.models import Tag, change_tag, create_tag


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    list_display = ["chip", "slug", "conversations"]
    search_fields = ["name"]
    fields = ["name", "color", "slug"]
    readonly_fields = ["slug"]

    class Media:
        css = {"all": ["conversations/list/list.css"]}

    @display(description="Name")
    def chip(self, tag):
        return chip(tag)

    @display(description="Conversations")
    def conversations(self, tag):
        address = reverse("admin:conversations_conversation_changelist", query={"include_tags": tag.pk})
        return format_html('<a href="{}" class="inbox-link">Show them</a>', address)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            change_tag(obj, name=obj.name, color=obj.color)
        else:
            made = create_tag(obj.name, color=obj.color)
            obj.pk, obj.slug = made.pk, made.slug

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["name", "color"]  # the slug is made from the name

    # -- deleting: each conversation that loses it keeps an event
    def get_deleted_objects(self, objs, request):
        lines = [f"{tag}, and it is taken off every conversation that has it" for tag in objs]
        return lines, {"tags": len(lines)}, set(), []

    def delete_model(self, request, obj):
        delete_tag(obj, force=True, actor=request.user)

    def delete_queryset(self, request, queryset):
        for tag in queryset:
            self.delete_model(request, tag)

    # -- who may
    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return request.user.is_superuser or bool(page_ids(request, TAGGER))

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser
