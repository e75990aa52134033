"""The grammar of filters, one for every door: what each parameter means, as a Selection."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from django import forms
from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters  # type: ignore[import-untyped]  # it has no types
from drf_spectacular.utils import extend_schema_field

from conversations.models import Conversation, Platform
from conversations.reading.selection import INDEXED_LETTERS, WAITING, Selection, distinct, folded
from conversations.reading.values import BIGGEST_ID, as_flag, as_id, shown
from tags.models import Tag

NOTHING = 0  # an id that no row has: what is not known matches nothing


class FlagField(forms.CharField):
    def to_python(self, value):
        text = super().to_python(value)
        try:
            return as_flag(text) if text else None
        except ValueError as error:
            raise invalid(error) from None


class KeysField(forms.CharField):
    """A comma list of ids or slugs."""

    def to_python(self, value):
        text = super().to_python(value) or ""
        keys = [key.strip() for key in text.split(",") if key.strip()]
        if text and not keys:
            raise invalid("It names no tag.")
        return keys


class MomentField(forms.CharField):
    """An ISO date or datetime; one without offset is meant in TIME_ZONE, a date as `end` is the whole day."""

    def __init__(self, *, end: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.end = end

    def to_python(self, value):
        text = super().to_python(value)
        if not text:
            return None
        # The plus of an offset arrives as a space where it was not escaped.
        for candidate in (text, "+".join(text.rsplit(" ", 1))):
            try:
                return moment(candidate, end=self.end)
            except (ValueError, OverflowError):
                continue
        raise invalid(f"{shown(text)} is neither a date (2024-12-31) nor a time (2024-12-31T23:59:00Z).")


def invalid(reason: object) -> forms.ValidationError:
    return forms.ValidationError("%(reason)s", params={"reason": reason})


def moment(text: str, *, end: bool) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return timezone.make_aware(found) if timezone.is_naive(found) else found.astimezone(UTC)
    # Where clocks are put back at midnight the day ends the second time.
    edge = time.max.replace(fold=1) if end else time.min
    return datetime.combine(day, edge, tzinfo=timezone.get_current_timezone())


@extend_schema_field({"type": "string", "enum": ["true", "false", "1", "0"]})
class FlagFilter(filters.Filter):
    field_class = FlagField


class KeysFilter(filters.CharFilter):
    field_class = KeysField


class MomentFilter(filters.CharFilter):
    field_class = MomentField


def is_short(term: str) -> bool:
    return 0 < len(folded(term)) < INDEXED_LETTERS


class ConversationForm(forms.Form):
    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("search_in") == "messages" and is_short(cleaned.get("search", "")):
            self.add_error("search", f"In messages it needs {INDEXED_LETTERS} letters or more.")
        return cleaned


class ConversationFilter(filters.FilterSet):
    include_tags = KeysFilter(help_text="Tags by id or slug, separated by commas; all digits are an id.")
    include_mode = filters.ChoiceFilter(
        choices=[("any", "any"), ("all", "all")], help_text="Any (the default) or all of `include_tags`."
    )
    exclude_tags = KeysFilter(help_text="Conversations that have none of these tags.")
    untagged = FlagFilter(help_text="Conversations without (or with) any tag.")
    unread = FlagFilter()
    waiting = FlagFilter(
        help_text="Not done, and the newest message is the customer's and older than 24 hours (or not so)."
    )
    status = filters.ChoiceFilter(choices=Conversation.Status.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    search = filters.CharFilter(
        help_text="A part of the sender's name or of the last message, whatever its case and accents. "
        "One and two letters: the beginning of a word of the name."
    )
    search_in = filters.ChoiceFilter(
        choices=[("messages", "messages")],
        help_text="`messages`: search the text of all messages; each conversation then has `matches`.",
    )
    startDate = MomentFilter(help_text="An ISO date or datetime; without offset it is meant in TIME_ZONE.")
    endDate = MomentFilter(end=True, help_text="Likewise; a date means the whole day.")

    class Meta:
        model = Conversation
        fields: list[str] = []
        form = ConversationForm

    def filter_queryset(self, queryset):
        return queryset  # what is asked goes by selection(): the rows are found in reading/finding.py

    def selection(self, page_ids, *, everywhere: bool = False) -> Selection:
        """What the parameters, found valid before, ask of these Pages."""
        asked = self.form.cleaned_data
        include, exclude = tag_ids(asked["include_tags"], asked["exclude_tags"])
        waits_before = None if asked["waiting"] is None else timezone.now() - WAITING
        return Selection(
            page_ids=tuple(page_ids),
            everywhere=everywhere,
            include=included(include, all_of_them=asked["include_mode"] == "all") if include else None,
            include_all=asked["include_mode"] == "all",
            exclude=distinct(pk for pk in exclude if pk),
            untagged=asked["untagged"],
            unread=asked["unread"],
            waiting=asked["waiting"],
            waits_before=waits_before,
            status=asked["status"] or "",
            platform=asked["platform"] or "",
            search=folded(asked["search"]) if asked["search"] else None,
            in_messages=asked["search_in"] == "messages",
            since=asked["startDate"],
            until=earlier(asked["endDate"], waits_before if asked["waiting"] else None),
        )


def earlier(*bounds: datetime | None) -> datetime | None:
    return min((bound for bound in bounds if bound is not None), default=None)


PARAMETERS = tuple(ConversationFilter.base_filters)


def included(ids: list[int], *, all_of_them: bool) -> tuple[int, ...]:
    """An unknown tag is on no conversation: none has all of them, any may have another."""
    if all_of_them and NOTHING in ids:
        return ()
    return distinct(pk for pk in ids if pk)


def tag_ids(*lists: list[str]) -> list[list[int]]:
    """The id of each tag that is named by id (all digits) or slug, in one query; NOTHING where none is."""
    keys = [key for keys in lists for key in keys]
    if not keys:
        return [[] for _ in lists]
    numbers = {key: as_id(key) for key in keys if key.isascii() and key.isdigit() and key.strip("0")}
    wanted = [number for number in numbers.values() if number <= BIGGEST_ID]
    found = Tag.objects.filter(Q(pk__in=wanted) | Q(slug__in=keys)).values_list("pk", "slug")
    known: dict[int | str, int] = {}
    for pk, slug in found:
        known |= {pk: pk, slug: pk}
    return [[known.get(numbers.get(key, key), NOTHING) for key in keys] for keys in lists]


def read(data: Mapping[str, str]) -> ConversationFilter:
    """These parameters, checked; `.errors` of the form says what is wrong with which."""
    return ConversationFilter(data, queryset=Conversation.objects.none())
