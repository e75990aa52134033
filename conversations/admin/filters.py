"""The filters of the list of conversations. What they do not understand finds nothing."""

from datetime import date, datetime, time, timedelta

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, MultipleDropdownFilter, RadioFilter
from unfold.contrib.filters.forms import RangeDateForm

from conversations.admin.access import page_ids
from conversations.models import Conversation, Page
from tags.models import Tag

BIGGEST_ID = 2**63 - 1


def as_ids(values: list[str]) -> list[int]:
    numbers = (int(value) for value in values if value.isdecimal())
    return [number for number in numbers if number <= BIGGEST_ID]


class PageFilter(DropdownFilter):
    title, parameter_name = "Page", "page"

    def lookups(self, request, model_admin):
        pages = Page.objects.filter(pk__in=page_ids(request)).order_by("name", "pk")
        return [(str(page.pk), str(page)) for page in pages.defer("access_token")]

    def queryset(self, request, queryset):
        return queryset.for_pages(as_ids([self.value()])) if self.value() else queryset


class TagsFilter(MultipleDropdownFilter):
    def lookups(self, request, model_admin):
        return [(str(pk), name) for pk, name in Tag.objects.values_list("pk", "name")]

    def has_output(self) -> bool:
        return True  # also without any tags: a filter that is left out does not filter

    def chosen(self) -> list[str]:
        return [value for value in self.value() or [] if value]


class IncludeTagsFilter(TagsFilter):
    title, parameter_name = "tags to include", "include_tags"

    def queryset(self, request, queryset):
        return queryset.tagged_with_any(as_ids(self.chosen())) if self.chosen() else queryset


class ExcludeTagsFilter(TagsFilter):
    title, parameter_name = "tags to exclude", "exclude_tags"

    def queryset(self, request, queryset):
        return queryset.without_tags(as_ids(self.chosen())) if self.chosen() else queryset


class ChoiceFilter(RadioFilter):
    """One choice of a few; each is a question of the queryset."""

    questions: dict[str, str] = {}

    def lookups(self, request, model_admin):
        return [(value, value.capitalize()) for value in self.questions]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        question = self.questions.get(self.value())
        return getattr(queryset, question)() if question else queryset.none()


class UntaggedFilter(ChoiceFilter):
    title, parameter_name = "tagging", "tagging"
    questions = {"untagged": "untagged", "tagged": "tagged"}


class UnreadFilter(ChoiceFilter):
    title, parameter_name = "reading", "reading"
    questions = {"unread": "unread", "read": "read"}


class StatusFilter(RadioFilter):
    title, parameter_name = "status", "status"

    def lookups(self, request, model_admin):
        return Conversation.Status.choices

    def queryset(self, request, queryset):
        return queryset.with_status(self.value()) if self.value() else queryset


class LastMessageFilter(admin.ListFilter):
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

    def queryset(self, request, queryset):
        first, last = (str(self.used_parameters[name]) for name in self.expected_parameters())
        try:
            found = queryset.since(midnight(first)) if first else queryset
            return found.until(midnight(last, days=1) - timedelta(microseconds=1)) if last else found
        except (ValueError, OverflowError):
            return queryset.none()

    def choices(self, changelist):
        yield {"form": self.form_class(name=self.name, data=self.used_parameters)}


def midnight(text: str, *, days: int = 0) -> datetime:
    """The beginning of this day, or of one after it."""
    day = date.fromisoformat(text) + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time.min))
