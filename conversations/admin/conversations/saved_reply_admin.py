"""Admin of saved replies: taggers make them, their makers and managers change them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from conversations.actions.reply_texts import VARIABLES, InvalidReply, clean_shortcut, clean_text
from conversations.admin.base import BoundedAdmin
from conversations.admin.formatting import short_time
from conversations.lib.folding import fold
from conversations.lib.labels import InvalidName, clean_name, name_key
from conversations.models import Page, SavedReply
from conversations.models.answers.saved_replies import (
    MAX_REPLIES,
    NAME_TAKEN,
    TOO_MANY,
    count_beside,
    notify_of_reply,
)
from conversations.permissions import TAGGER, ReplyRights, page_ids

SHOWN_LETTERS = 80


class SavedReplyForm(forms.ModelForm):
    rights: Any  # of the user: the admin sets it

    class Meta:
        model = SavedReply
        fields = ("name", "shortcut", "page", "text")

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except InvalidName as error:
            raise ValidationError(str(error)) from None

    def clean_shortcut(self) -> str:
        return self.cleaned("shortcut", clean_shortcut)

    def clean_text(self) -> str:
        return self.cleaned("text", clean_text)

    def cleaned(self, name: str, clean) -> str:
        try:
            return clean(self.cleaned_data[name])
        except InvalidReply as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        page = cleaned.get("page")
        others = SavedReply.objects.filter(page=page).exclude(pk=self.instance.pk)
        if others.filter(name_key=name_key(cleaned.get("name") or "")).exists():
            self.add_error("name", NAME_TAKEN)
        if not self.rights.may_make(page and page.pk):
            self.add_error("page", gettext("This needs the role %(role)s on the Page.") % {"role": TAGGER})
        if count_beside(SavedReply(pk=self.instance.pk, page=page)) >= MAX_REPLIES:
            self.add_error("name", TOO_MANY % {"number": MAX_REPLIES})
        return cleaned


@admin.register(SavedReply)
class SavedReplyAdmin(BoundedAdmin):
    form = SavedReplyForm
    list_display = ["name", "slash", "page_name", "beginning", "uses", "last_used", "maker"]
    search_fields = ["search"]
    ordering = ["sort_key", "pk"]
    sortable_by = ("uses",)
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request):
        replies = SavedReply.objects.usable_on(page_ids(request.user))
        return replies.select_related("page", "maker").defer("page__access_token")

    def get_fieldsets(self, request, obj=None):
        lines = (f"{{{name}}}: {text}" for name, text in VARIABLES.items())
        known = gettext("Variables: %(known)s. What follows a bar stands for what is not known.")
        return (
            (
                None,
                {"fields": SavedReplyForm.Meta.fields, "description": known % {"known": "; ".join(lines)}},
            ),
        )

    @display(description=_("Shortcut"))
    def slash(self, reply):
        return f"/{reply.shortcut}" if reply.shortcut else ""

    @display(description=_("Page"), empty_value=_("all"))
    def page_name(self, reply):
        return reply.page

    @display(description=_("Text"))
    def beginning(self, reply):
        return Truncator(reply.text).chars(SHOWN_LETTERS)

    @display(description=_("Last used"))
    def last_used(self, reply):
        return short_time(reply.last_used_at)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.rights = ReplyRights(request.user)
        return form

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Page.objects.filter(pk__in=page_ids(request.user, TAGGER))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field:
            field.help_text = gettext("Empty: all Pages")
        return field

    def save_model(self, request, obj, form, change):
        if not change:
            obj.maker = request.user
        notify_of_reply(obj, *SavedReply.objects.filter(pk=obj.pk))  # when this transaction is committed
        super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        notify_of_reply(obj)
        super().delete_model(request, obj)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, fold(search_term))

    def get_actions(self, request):
        """Each reply is deleted on its own page: that of others in a selection must stay."""
        return {}

    # -- permissions
    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return ReplyRights(request.user).may_make(None)

    def has_change_permission(self, request, obj=None) -> bool:
        return obj is None or ReplyRights(request.user).may_change(obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_change_permission(request, obj)
