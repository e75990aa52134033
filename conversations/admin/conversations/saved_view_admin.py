"""Admin of saved views: each is a named filter of the conversation list."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from conversations.admin.base import BoundedAdmin
from conversations.admin.conversations.list_query import parameters_of
from conversations.admin.conversations.quick_filters import view_url
from conversations.lib.labels import InvalidName, clean_name, name_key
from conversations.models import Page, SavedView
from conversations.models.saved_views import MAX_VIEWS, MAY_NOT_SHARE, NAME_TAKEN, TOO_MANY, notify_of_view
from conversations.permissions import page_ids
from conversations.search.stored_filters import InvalidFilter, normalize, problem_of

FIELD_TEXTS = {  # label and help text
    "name": ("Name", "The name in the sidebar"),
    "page": ("Page", "Empty: all Pages you have access to"),
    "is_shared": ("Shared", "Share with the members of the Page; without a Page, with everyone"),
    "query": ("Filter", "Filter the conversation list and press Save this view to fill this in"),
}


class FilterField(forms.JSONField):
    """A filter as JSON, which may be anything that a browser can send."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data, initial):
        """Show what was entered, as it was entered: it may be no text that JSON can be written in."""
        return initial if self.disabled or data is None else InvalidJSONInput(data)


@admin.register(SavedView)
class SavedViewAdmin(BoundedAdmin):
    """The button *Save this view* of the conversation list opens the form with the current filter."""

    list_display = ["links", "page_name", "owner", "is_shared", "filters"]
    list_display_links = None
    fields = ["name", "page", "is_shared", "query"]

    def get_queryset(self, request):
        return (
            SavedView.objects.visible_to(request.user)
            .select_related("owner", "page")
            .defer("page__access_token")
        )

    @display(description="View")
    def links(self, view):
        change = reverse("admin:conversations_savedview_change", args=[view.pk])
        if problem_of(view):
            return format_html('{} <a class="inbox-quiet" href="{}">Change</a>', view.name, change)
        template = '<a class="inbox-link" href="{}">{}</a> <a class="inbox-quiet" href="{}">Change</a>'
        return format_html(template, view_url(view), view.name, change)

    @display(description="Page", empty_value="all")
    def page_name(self, view):
        return view.page

    @display(description="Filters")
    def filters(self, view):
        """The filter; what is wrong with it if it cannot be used. Such a view is in no menu."""
        if problem := problem_of(view):
            return f"Not valid: {problem}"
        return ", ".join(f"{name} = {value}" for name, value in normalize(view.query).items()) or "none"

    def get_changeform_initial_data(self, request):
        parameter = request.GET.get("page", "")
        page = next((pk for pk in page_ids(request.user) if str(pk) == parameter), None)
        return {"query": parameters_of(request), "page": page}

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.clean_query, form.clean_name, form.clean = clean_query, clean_view_name, clean_form
        form.view_owner = obj.owner if obj else request.user
        return form

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "query":
            kwargs["form_class"] = FilterField
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in FIELD_TEXTS:
            field.label, field.help_text = FIELD_TEXTS[db_field.name]
        if db_field.name == "query":
            field.widget.attrs |= {"rows": 3}
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Page.objects.filter(pk__in=page_ids(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.owner = request.user
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
        self.message_user(request, f"Saved as “{obj.name}”. The sidebar lists it.")
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


def clean_query(form) -> dict:
    """Return the query as it is stored. Raises ValidationError."""
    try:
        query = form.cleaned_data["query"]
        return normalize({} if query is None else query)
    except InvalidFilter as error:
        raise ValidationError(f"Enter an object with parameters of the list. {error}") from None


def clean_view_name(form) -> str:
    """Return the name as it is stored. Raises ValidationError."""
    try:
        return clean_name(form.cleaned_data["name"])
    except InvalidName as error:
        raise ValidationError(str(error)) from None


def clean_form(form) -> dict:
    """Check who shares with whom, and how many views a user has. Raises ValidationError."""
    cleaned = super(type(form), form).clean() or form.cleaned_data
    view = SavedView(owner=form.view_owner, page=cleaned.get("page"))
    if cleaned.get("is_shared") and not view.has_sharing_owner:
        form.add_error("is_shared", MAY_NOT_SHARE)
    same_name = view.owner.saved_views.filter(name_key=name_key(cleaned.get("name") or ""))
    if same_name.exclude(pk=form.instance.pk).exists():
        form.add_error("name", NAME_TAKEN)
    if form.instance.pk is None and view.owner.saved_views.count() >= MAX_VIEWS:
        form.add_error("name", TOO_MANY)
    return cleaned
