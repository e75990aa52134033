"""Admin of saved views: each is a named filter of the conversation list, shown and edited in words."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from conversations.admin.base import BoundedAdmin
from conversations.admin.conversations.filter_words import filter_words
from conversations.admin.conversations.list_query import parameters_of
from conversations.admin.conversations.quick_filters import view_url
from conversations.admin.conversations.saved_view_form import FILTER_FIELDS, SavedViewForm, filter_initial
from conversations.models import Page, SavedView
from conversations.models.saved_views import last_position, notify_of_view
from conversations.permissions import page_ids
from conversations.search.stored_filters import normalize, problem_of
from tags.models import Tag

FIELD_TEXTS = {  # label and help text
    "name": (_("Name"), _("The name in the sidebar")),
    "page": (_("Page"), _("Empty: all Pages you have access to")),
    "is_shared": (_("Shared"), _("Share with the members of the Page; without a Page, with everyone")),
}
OWN_FIELDS = ("name", "page", "is_shared")


class SavedViewChangeList(ChangeList):
    """Reads the tags once, for the words of all filters."""

    def get_results(self, request) -> None:
        super().get_results(request)
        tags = list(Tag.objects.all())
        for view in self.result_list:
            view.known_tags = tags


@admin.register(SavedView)
class SavedViewAdmin(BoundedAdmin):
    """The button *Save this view* of the conversation list opens the form with the current filter."""

    form = SavedViewForm
    list_display = ["links", "page_name", "owner", "shared", "filters"]
    list_display_links = None

    def get_queryset(self, request):
        return (
            SavedView.objects.visible_to(request.user)
            .select_related("owner", "page")
            .defer("page__access_token")
        )

    def get_changelist(self, request, **kwargs):
        return SavedViewChangeList

    def get_fieldsets(self, request, obj=None):
        """Who may not change the view sees its filter as a sentence."""
        if not self.has_change_permission(request, obj):
            return ((None, {"fields": (*OWN_FIELDS, "filters")}),)
        return (
            (None, {"fields": OWN_FIELDS}),
            (gettext("Filter"), {"fields": FILTER_FIELDS, "description": self.problem_text(obj)}),
        )

    def problem_text(self, obj: SavedView | None) -> str:
        problem = problem_of(obj) if obj else ""
        return format_html(gettext("The stored filter cannot be used: {}"), problem) if problem else ""

    @display(description=_("View"))
    def links(self, view):
        change = reverse("admin:conversations_savedview_change", args=[view.pk])
        if problem_of(view):
            return format_html(
                '{} <a class="inbox-quiet" href="{}">{}</a>', view.name, change, gettext("Change")
            )
        template = '<a class="inbox-link" href="{}">{}</a> <a class="inbox-quiet" href="{}">{}</a>'
        return format_html(template, view_url(view), view.name, change, gettext("Change"))

    @display(description=_("Page"), empty_value=_("all"))
    def page_name(self, view):
        return view.page

    @display(description=_("Shared"), empty_value="")
    def shared(self, view):
        return gettext("Shared") if view.is_shared else None

    @display(description=_("Filter"))
    def filters(self, view):
        """The filter in words; what is wrong with it if it cannot be used. Such a view is in no menu."""
        if problem := problem_of(view):
            return gettext("Not valid: %(problem)s") % {"problem": problem}
        tags = getattr(view, "known_tags", None)
        return filter_words(normalize(view.query), Tag.objects.all() if tags is None else tags)

    def get_changeform_initial_data(self, request):
        parameter = request.GET.get("page", "")
        page = next((pk for pk in page_ids(request.user) if str(pk) == parameter), None)
        return {**filter_initial(parameters_of(request)), "page": page}

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.view_owner = obj.owner if obj else request.user
        return form

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in FIELD_TEXTS:
            field.label, field.help_text = FIELD_TEXTS[db_field.name]
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Page.objects.filter(pk__in=page_ids(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.owner, obj.position = request.user, last_position(request.user)
        before = SavedView.objects.filter(pk=obj.pk)
        notify_of_view(obj, *before)  # when this transaction is committed
        super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        notify_of_view(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        notify_of_view(*queryset)
        super().delete_queryset(request, queryset)

    def response_add(self, request, obj, post_url_continue=None):
        """Redirect to the list, filtered by the new view."""
        self.message_user(request, gettext("Saved as “%(name)s”. The sidebar lists it.") % {"name": obj.name})
        return HttpResponseRedirect(view_url(obj))

    # -- permissions
    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request, obj=None) -> bool:
        return obj is None or obj.owner == request.user or request.user.is_superuser

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_change_permission(request, obj)
