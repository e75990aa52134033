"""The filters of the conversation list as the sidebar shows them; `list_query` applies them."""

from django.contrib import admin
from unfold.contrib.filters.admin import DropdownFilter, MultipleDropdownFilter, RadioFilter
from unfold.contrib.filters.forms import RangeDateForm

from conversations.admin.formatting import CONVERSATION_STATUS_LABELS, SEARCH_PLACES
from conversations.models import Page, Platform
from conversations.permissions import page_ids
from conversations.search.insight_queries import newest_ads
from tags.models import Tag


def all_tags(request) -> list[Tag]:
    """Return all tags ordered by name. The query runs once per request."""
    cache = vars(request)
    if "all_tags" not in cache:
        cache["all_tags"] = list(Tag.objects.all())
    return cache["all_tags"]


class NoopFilterMixin:
    """Filters nothing by itself: all filters are read together, as SearchCriteria."""

    def queryset(self, request, queryset):
        return queryset


class PageFilter(NoopFilterMixin, DropdownFilter):
    title, parameter_name = "Page", "page"

    def lookups(self, request, model_admin):
        pages = Page.objects.filter(pk__in=page_ids(request.user)).order_by("name", "pk")
        return [(str(page.pk), str(page)) for page in pages.defer("access_token")]


class TagsFilter(NoopFilterMixin, MultipleDropdownFilter):
    def lookups(self, request, model_admin):
        return [(str(tag.pk), tag.name) for tag in all_tags(request)]

    def has_output(self) -> bool:
        return True  # even without any tags: Django ignores the parameters of a filter without output


class IncludeTagsFilter(TagsFilter):
    title, parameter_name = "include tags", "include_tags"


class ExcludeTagsFilter(TagsFilter):
    title, parameter_name = "exclude tags", "exclude_tags"


class ChoiceFilter(NoopFilterMixin, RadioFilter):
    """A choice of a few options."""

    options: list[tuple[str, str]] = []

    def lookups(self, request, model_admin):
        return self.options


class IncludeModeFilter(ChoiceFilter):
    title, parameter_name = "match tags", "include_mode"
    options = [("any", "Match any"), ("all", "Match all")]


class UntaggedFilter(ChoiceFilter):
    title, parameter_name = "tagged", "tagging"
    options = [("untagged", "Untagged"), ("tagged", "Tagged")]


class UnreadFilter(ChoiceFilter):
    title, parameter_name = "unread", "unread"
    options = [("true", "Unread"), ("false", "Read")]


class WaitingFilter(ChoiceFilter):
    title, parameter_name = "needs reply", "reply"
    options = [("waiting", "Needs reply (over 24 h)"), ("not_waiting", "Other")]


class StatusFilter(ChoiceFilter):
    title, parameter_name = "status", "status"
    options = list(CONVERSATION_STATUS_LABELS.items())


class PlatformFilter(ChoiceFilter):
    title, parameter_name = "platform", "platform"
    options = Platform.choices


class AdFilter(NoopFilterMixin, DropdownFilter):
    title, parameter_name = "Ad that brought the customer", "ad"

    def lookups(self, request, model_admin):
        return [(ad.id, str(ad)) for ad in newest_ads(page_ids(request.user))]

    def has_output(self) -> bool:
        return True  # even without any ads: a link or a view may name one


class SenderFilter(ChoiceFilter):
    title, parameter_name = "newest message", "from"
    options = [("customer", "From the customer"), ("page", "From the Page")]


class AttachmentFilter(ChoiceFilter):
    title, parameter_name = "attachments", "attachment"
    options = [
        ("true", "Any attachment"),
        ("image", "Pictures"),
        ("video", "Videos"),
        ("audio", "Audio files"),
        ("file", "Files"),
        ("false", "None"),
    ]


class AssigneeFilter(ChoiceFilter):
    title, parameter_name = "assignee", "assignee"
    options = [("me", "Mine"), ("none", "Unassigned")]


class SnoozedFilter(ChoiceFilter):
    title, parameter_name = "snoozed", "snoozed"
    options = [("false", "Not snoozed"), ("true", "Snoozed")]


class NoteFilter(ChoiceFilter):
    title, parameter_name = "notes", "note"
    options = [("true", "With notes"), ("false", "Without notes")]


class MentionedFilter(ChoiceFilter):
    title, parameter_name = "mentions", "mentioned"
    options = [("me", "Mentions me")]


class SearchInFilter(ChoiceFilter):
    title, parameter_name = "search in", "search_in"
    options = list(SEARCH_PLACES.items())


class LastMessageFilter(NoopFilterMixin, admin.ListFilter):
    """From the start of one day to the end of another: the reader's days, or those of `tz`."""

    title = "date of the last message"
    template = "unfold/filters/filters_date_range.html"
    form_class = RangeDateForm
    name = "date"
    parameter_names = ("date_from", "date_to", "tz")

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            self.used_parameters[name] = (params.pop(name, None) or [""])[-1].strip()

    def has_output(self) -> bool:
        return True

    def expected_parameters(self):
        return list(self.parameter_names)

    def choices(self, changelist):
        yield {"form": self.form_class(name=self.name, data=self.used_parameters)}
