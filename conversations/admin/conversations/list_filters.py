"""The filters of the conversation list as the sidebar shows them; `list_query` applies them."""

from collections.abc import Sequence

from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
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
    title, parameter_name = _("Page"), "page"

    def lookups(self, request, model_admin):
        pages = Page.objects.filter(pk__in=page_ids(request.user)).order_by("name", "pk")
        return [(str(page.pk), str(page)) for page in pages.defer("access_token")]


class TagsFilter(NoopFilterMixin, MultipleDropdownFilter):
    def lookups(self, request, model_admin):
        return [(str(tag.pk), tag.name) for tag in all_tags(request)]

    def has_output(self) -> bool:
        return True  # even without any tags: Django ignores the parameters of a filter without output


class IncludeTagsFilter(TagsFilter):
    title, parameter_name = _("include tags"), "include_tags"


class ExcludeTagsFilter(TagsFilter):
    title, parameter_name = _("exclude tags"), "exclude_tags"


class ChoiceFilter(NoopFilterMixin, RadioFilter):
    """A choice of a few options."""

    options: Sequence[tuple[str, str | Promise]] = ()

    def lookups(self, request, model_admin):
        return self.options


class IncludeModeFilter(ChoiceFilter):
    title, parameter_name = _("match tags"), "include_mode"
    options = [("any", _("Match any")), ("all", _("Match all"))]


class UntaggedFilter(ChoiceFilter):
    title, parameter_name = _("tagged"), "tagging"
    options = [("untagged", _("Untagged")), ("tagged", _("Tagged"))]


class UnreadFilter(ChoiceFilter):
    title, parameter_name = _("unread"), "unread"
    options = [("true", _("Unread")), ("false", _("Read"))]


class WaitingFilter(ChoiceFilter):
    title, parameter_name = _("needs reply"), "reply"
    options = [("waiting", _("Needs reply (over 24 h)")), ("not_waiting", _("Other"))]


class StatusFilter(ChoiceFilter):
    title, parameter_name = _("status"), "status"
    options = list(CONVERSATION_STATUS_LABELS.items())


class PlatformFilter(ChoiceFilter):
    title, parameter_name = _("platform"), "platform"
    options = Platform.choices


class AdFilter(NoopFilterMixin, DropdownFilter):
    title, parameter_name = _("Ad that brought the customer"), "ad"

    def lookups(self, request, model_admin):
        return [(ad.id, str(ad)) for ad in newest_ads(page_ids(request.user))]

    def has_output(self) -> bool:
        return True  # even without any ads: a link or a view may name one


class SenderFilter(ChoiceFilter):
    title, parameter_name = _("newest message"), "from"
    options = [("customer", _("From the customer")), ("page", _("From the Page"))]


class AttachmentFilter(ChoiceFilter):
    title, parameter_name = _("attachments"), "attachment"
    options = [
        ("true", _("Any attachment")),
        ("image", _("Pictures")),
        ("video", _("Videos")),
        ("audio", _("Audio files")),
        ("file", _("Files")),
        ("false", _("None")),
    ]


class AssigneeFilter(ChoiceFilter):
    title, parameter_name = _("assignee"), "assignee"
    options = [("me", _("Mine")), ("none", _("Unassigned"))]


class SnoozedFilter(ChoiceFilter):
    title, parameter_name = _("snoozed"), "snoozed"
    options = [("false", _("Not snoozed")), ("true", _("Snoozed"))]


class NoteFilter(ChoiceFilter):
    title, parameter_name = _("notes"), "note"
    options = [("true", _("With notes")), ("false", _("Without notes"))]


class MentionedFilter(ChoiceFilter):
    title, parameter_name = _("mentions"), "mentioned"
    options = [("me", _("Mentions me"))]


class SearchInFilter(ChoiceFilter):
    title, parameter_name = _("search in"), "search_in"
    options = list(SEARCH_PLACES.items())


class LastMessageFilter(NoopFilterMixin, admin.ListFilter):
    """From the start of one day to the end of another: the reader's days, or those of `tz`."""

    title = _("date of the last message")
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
