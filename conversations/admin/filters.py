"""The filters of the list of conversations as one sees them; what they mean says admin/asking.py."""

from django.contrib import admin
from unfold.contrib.filters.admin import DropdownFilter, MultipleDropdownFilter, RadioFilter
from unfold.contrib.filters.forms import RangeDateForm

from conversations.admin.access import page_ids
from conversations.models import Conversation, Page, Platform
from tags.models import Tag


def all_tags(request) -> list[Tag]:
    """By name; asked once per request."""
    known = vars(request)
    if "all_tags" not in known:
        known["all_tags"] = list(Tag.objects.all())
    return known["all_tags"]


class Shown:
    """Django's filters narrow the rows one after another; ours are read together, as a Selection."""

    def queryset(self, request, queryset):
        return queryset


class PageFilter(Shown, DropdownFilter):
    title, parameter_name = "Page", "page"

    def lookups(self, request, model_admin):
        pages = Page.objects.filter(pk__in=page_ids(request)).order_by("name", "pk")
        return [(str(page.pk), str(page)) for page in pages.defer("access_token")]


class TagsFilter(Shown, MultipleDropdownFilter):
    def lookups(self, request, model_admin):
        return [(str(tag.pk), tag.name) for tag in all_tags(request)]

    def has_output(self) -> bool:
        return True  # also without any tags: a filter that is left out does not filter


class IncludeTagsFilter(TagsFilter):
    title, parameter_name = "tags to include", "include_tags"


class ExcludeTagsFilter(TagsFilter):
    title, parameter_name = "tags to exclude", "exclude_tags"


class ChoiceFilter(Shown, RadioFilter):
    """One choice of a few."""

    choices_shown: list[tuple[str, str]] = []

    def lookups(self, request, model_admin):
        return self.choices_shown


class IncludeModeFilter(ChoiceFilter):
    title, parameter_name = "any or all of these tags", "include_mode"
    choices_shown = [("any", "Any of them"), ("all", "All of them")]


class UntaggedFilter(ChoiceFilter):
    title, parameter_name = "tagging", "tagging"
    choices_shown = [("untagged", "Untagged"), ("tagged", "Tagged")]


class UnreadFilter(ChoiceFilter):
    title, parameter_name = "unread", "reading"
    choices_shown = [("unread", "Unread"), ("read", "Read")]


class WaitingFilter(ChoiceFilter):
    title, parameter_name = "waiting for our reply", "reply"
    choices_shown = [("waiting", "Waited for over 24 h"), ("not_waiting", "Not waited for")]


class StatusFilter(ChoiceFilter):
    title, parameter_name = "status", "status"
    choices_shown = Conversation.Status.choices


class PlatformFilter(ChoiceFilter):
    title, parameter_name = "platform", "platform"
    choices_shown = Platform.choices


class SearchInFilter(ChoiceFilter):
    title, parameter_name = "where to search", "search_in"
    choices_shown = [("messages", "All messages")]


class LastMessageFilter(Shown, admin.ListFilter):
    """From the beginning of a day to the end of another, in TIME_ZONE."""

    title = "date of the last message"
    template = "unfold/filters/filters_date_range.html"
    form_class = RangeDateForm
    name = "date"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            self.used_parameters[name] = (params.pop(name, None) or [""])[-1].strip()

    def has_output(self) -> bool:
        return True

    def expected_parameters(self):
        return [f"{self.name}_from", f"{self.name}_to"]

    def choices(self, changelist):
        yield {"form": self.form_class(name=self.name, data=self.used_parameters)}
