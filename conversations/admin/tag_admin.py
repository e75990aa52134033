"""Admin of tags, which all Pages share: taggers create them, superusers rename and delete them."""

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from conversations.actions.bulk_operations import delete_tag_at_once_or_in_slices
from conversations.actions.bulk_tasks import request_work
from conversations.admin.base import BoundedAdmin
from conversations.admin.formatting import chip
from conversations.permissions import TAGGER, page_ids
from tags.models import Tag, change_tag, create_tag


@admin.register(Tag)
class TagAdmin(BoundedAdmin):
    list_display = ["name_chip", "slug", "conversations"]
    search_fields = ["name"]
    fields = ["name", "color", "slug"]
    readonly_fields = ["slug"]

    class Media:
        css = {"all": ["conversations/list/list.css"]}

    @display(description=_("Name"))
    def name_chip(self, tag):
        return chip(tag)

    @display(description=_("Conversations"))
    def conversations(self, tag):
        url = reverse("admin:conversations_conversation_changelist", query={"include_tags": tag.pk})
        return format_html('<a href="{}" class="inbox-link">Show</a>', url)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            change_tag(obj, name=obj.name, color=obj.color)
        else:
            created = create_tag(obj.name, color=obj.color)
            obj.pk, obj.slug = created.pk, created.slug

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["name", "color"]  # a new slug is derived from the name

    # -- deletion: each conversation that loses the tag gets an event
    def get_deleted_objects(self, objs, request):
        lines = [gettext("%(tag)s, which is removed from every conversation") % {"tag": tag} for tag in objs]
        return lines, {"tags": len(lines)}, set(), []

    def delete_model(self, request, obj):
        if delete_tag_at_once_or_in_slices(obj, force=True, actor=request.user):
            request_work()
            text = gettext(
                "%(tag)s is on many conversations. It is removed from them in the background, then deleted."
            ) % {"tag": obj}
            messages.info(request, text)

    def response_delete(self, request, obj_display, obj_id):
        if Tag.objects.filter(pk=obj_id).exists():  # not yet: delete_model() has said so
            return redirect("admin:tags_tag_changelist")
        return super().response_delete(request, obj_display, obj_id)

    def delete_queryset(self, request, queryset):
        for tag in queryset:
            self.delete_model(request, tag)

    # -- permissions
    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return request.user.is_superuser or bool(page_ids(request.user, TAGGER))

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser
