"""The list's filters: what each parameter means. The questions themselves are in querysets.py."""

from datetime import UTC, date, datetime, time

from django import forms
from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters  # type: ignore[import-untyped]  # it has no types
from drf_spectacular.utils import extend_schema_field

from conversations.api.params import BIGGEST_ID, as_flag, as_id, shown
from conversations.models import Conversation, Platform
from conversations.querysets import ConversationQuerySet
from tags.models import Tag


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


def tag_ids(keys: list[str]) -> list[int | None]:
    """The id of each tag that is named by id (all digits) or slug; None where there is none."""
    ids = {key: as_id(key) for key in keys if key.isascii() and key.isdigit() and key.strip("0")}
    wanted = [number for number in ids.values() if number <= BIGGEST_ID]
    found = Tag.objects.filter(Q(pk__in=wanted) | Q(slug__in=keys)).values_list("pk", "slug")
    known: dict[int | str, int] = {}
    for pk, slug in found:
        known |= {pk: pk, slug: pk}
    return [known.get(ids.get(key, key)) for key in keys]


class ConversationFilter(filters.FilterSet):
    include_tags = KeysFilter(
        method="including", help_text="Tags by id or slug, separated by commas; all digits are an id."
    )
    include_mode = filters.ChoiceFilter(
        choices=[("any", "any"), ("all", "all")],
        method="unchanged",
        help_text="Any (the default) or all of `include_tags`.",
    )
    exclude_tags = KeysFilter(method="excluding", help_text="Conversations that have none of these tags.")
    untagged = FlagFilter(method="with_or_without_tags", help_text="Conversations without (or with) any tag.")
    unread = FlagFilter(method="unread_or_read")
    status = filters.ChoiceFilter(choices=Conversation.Status.choices, method="of_status")
    platform = filters.ChoiceFilter(choices=Platform.choices, method="on_platform")
    search = filters.CharFilter(
        method="searched",
        help_text="A part of the sender's name or of the last message, whatever its case and accents.",
    )
    startDate = MomentFilter(
        method="from_start", help_text="An ISO date or datetime; without offset it is meant in TIME_ZONE."
    )
    endDate = MomentFilter(method="to_end", end=True, help_text="Likewise; a date means the whole day.")

    class Meta:
        model = Conversation
        fields: list[str] = []

    def including(self, rows: ConversationQuerySet, name: str, value: list[str]):
        ids = tag_ids(value)
        if self.form.cleaned_data["include_mode"] != "all":
            return rows.tagged_with_any([pk for pk in ids if pk])
        return rows.none() if None in ids else rows.tagged_with_all(set(ids))

    def excluding(self, rows: ConversationQuerySet, name: str, value: list[str]):
        return rows.without_tags([pk for pk in tag_ids(value) if pk])

    def unchanged(self, rows: ConversationQuerySet, name: str, value: str):
        return rows  # read where `include_tags` is

    def with_or_without_tags(self, rows: ConversationQuerySet, name: str, value: bool):
        return rows.untagged() if value else rows.tagged()

    def unread_or_read(self, rows: ConversationQuerySet, name: str, value: bool):
        return rows.unread() if value else rows.read()

    def of_status(self, rows: ConversationQuerySet, name: str, value: str):
        return rows.with_status(value)

    def on_platform(self, rows: ConversationQuerySet, name: str, value: str):
        return rows.on_platform(value)

    def searched(self, rows: ConversationQuerySet, name: str, value: str):
        return rows.search(value)

    def from_start(self, rows: ConversationQuerySet, name: str, value):
        return rows.since(value)

    def to_end(self, rows: ConversationQuerySet, name: str, value):
        return rows.until(value)
