"""Saved views: each leads to the list as it filters it."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from conversations.admin.access import page_ids
from conversations.admin.asking import parameters_of
from conversations.admin.quick import view_address
from conversations.models import Page, SavedView
from conversations.reading.filters import read

WORDS = {
    "name": ("Name", "As it is called in the sidebar"),
    "page": ("Page", "Empty: all Pages that one sees"),
    "is_shared": ("Shared", "With all who see the Page; without one, with everybody"),
    "query": ("Filter", "Filter the list of conversations, then press Save this view there: it is filled in"),
}


@admin.register(SavedView)
class SavedViewAdmin(ModelAdmin):
    """Made from the list as it is filtered: its button *Save this view* brings the filter here."""

    list_display = ["opened", "of_page", "owner", "is_shared", "filters"]
    list_display_links = None
    fields = ["name", "page", "is_shared", "query"]

    def get_queryset(self, request):
        return (
            SavedView.objects.seen_by(request.user)
            .select_related("owner", "page")
            .defer("page__access_token")
        )

    @display(description="View")
    def opened(self, view):
        change = reverse("admin:conversations_savedview_change", args=[view.pk])
        template = '<a class="inbox-link" href="{}">{}</a> <a class="inbox-quiet" href="{}">Change</a>'
        return format_html(template, view_address(view), view.name, change)

    @display(description="Page", empty_value="all")
    def of_page(self, view):
        return view.page

    @display(description="Filters")
    def filters(self, view):
        return ", ".join(f"{name} = {value}" for name, value in view.query.items()) or "none"

    def get_changeform_initial_data(self, request):
        seen = page_ids(request)
        wanted = request.GET.get("page", "")
        page = next((pk for pk in seen if str(pk) == wanted), None)
        return {"query": parameters_of(request), "page": page}

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.clean_query = clean_query
        return form

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in WORDS:
            field.label, field.help_text = WORDS[db_field.name]
        if db_field.name == "query":
            field.widget.attrs |= {"rows": 3}
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Page.objects.filter(pk__in=page_ids(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.owner = request.user
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        """Back to the list, which shows the view now."""
        self.message_user(request, f"Saved as “{obj.name}”. It is in the sidebar.")
        return HttpResponseRedirect(view_address(obj))

    # -- who may
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


def clean_query(form) -> dict:
    """The grammar of the list decides."""
    query = form.cleaned_data["query"] or {}
    asked = read({name: str(value) for name, value in query.items()}) if isinstance(query, dict) else None
    if asked is None or set(query) - set(asked.filters):
        raise ValidationError("It must be an object with parameters of the list.")
    if not asked.is_valid():
        raise ValidationError([f"{name}: {words[0]}" for name, words in asked.errors.items()])
    return query
