"""The filter parameters of the list, for the API, the admin, exports and bulk actions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters  # type: ignore[import-untyped]  # it has no types
from drf_spectacular.utils import extend_schema_field

from conversations.lib.attachment_kinds import ALL_KINDS, KINDS_BY_NAME
from conversations.lib.days import parse_bound, parse_zone
from conversations.models import Conversation, Platform
from conversations.search.criteria import (
    MIN_INDEXED_LETTERS,
    MIN_INDEXED_UNSPACED,
    NOBODY,
    REPLY_DUE_AFTER,
    SearchCriteria,
    distinct,
    fold_term,
    fold_term_by_former_rules,
    is_short_term,
)
from conversations.search.parsing import MAX_ID, parse_flag, parse_id, quote
from conversations.search.words import SEARCH_PLACES, parse_words
from tags.models import Tag

UNKNOWN_TAG = 0  # an ID that no row has, so that an unknown tag matches nothing
MAX_TAGS = 50  # included and excluded ones together: each is a condition of one SQL statement
MAX_SEARCH_LETTERS = 200
MAX_AD_ID_LETTERS = 100
MAX_WORDS_LETTERS = 500


class FlagField(forms.CharField):
    def to_python(self, value):
        text = super().to_python(value)
        try:
            return parse_flag(text) if text else None
        except ValueError as error:
            raise invalid_value(error) from None


class TagKeysField(forms.CharField):
    """A list of tag IDs or slugs, separated by commas."""

    def to_python(self, value):
        text = super().to_python(value) or ""
        keys = [key.strip() for key in text.split(",") if key.strip()]
        if text and not keys:
            raise invalid_value(gettext("Provide at least one tag."))
        return keys


class DateTimeBoundField(forms.CharField):
    """An ISO date or datetime, in the current time zone if it has no offset.

    A date means the start of the day or, as `end`, the end of the day.
    """

    def __init__(self, *, end: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.end = end

    def to_python(self, value):
        text = super().to_python(value)
        if not text:
            return None
        # An unescaped plus sign of an offset arrives as a space.
        for candidate in (text, "+".join(text.rsplit(" ", 1))):
            try:
                return parse_bound(candidate, timezone.get_current_timezone(), end=self.end)
            except (ValueError, OverflowError):
                continue
        raise invalid_value(
            gettext("%(text)s is not a date (2024-12-31) or datetime (2024-12-31T23:59:00Z).")
            % {"text": quote(text)}
        )


def invalid_value(reason: object) -> forms.ValidationError:
    return forms.ValidationError("%(reason)s", params={"reason": reason})


class TimeZoneField(forms.CharField):
    def to_python(self, value):
        text = super().to_python(value)
        try:
            return parse_zone(text) if text else None
        except ValueError as error:
            raise invalid_value(
                gettext("%(error)s Not %(text)s.") % {"error": error, "text": quote(text)}
            ) from None


class UserField(forms.CharField):
    """A user: `me`, an ID, or one of the `words`. The value is one of these texts or the ID."""

    def __init__(self, *, words: Iterable[str] = (), **kwargs):
        super().__init__(**kwargs)
        self.words = ("me", *words)

    def to_python(self, value):
        text = super().to_python(value)
        if not text or text in self.words:
            return text
        try:
            return min(parse_id(text), MAX_ID)
        except ValueError:
            known = ", ".join(self.words)
            raise invalid_value(
                gettext("%(text)s is none of %(words)s, and not the ID of a user.")
                % {"text": quote(text), "words": known}
            ) from None


class AttachmentField(forms.CharField):
    """A boolean, or a kind of attachments. The value is (whether there is an attachment, of which kinds)."""

    def to_python(self, value):
        text = super().to_python(value)
        if not text:
            return (None, 0)
        if text in KINDS_BY_NAME:
            return (True, int(KINDS_BY_NAME[text]))
        try:
            return (parse_flag(text), ALL_KINDS)
        except ValueError:
            names = ", ".join(KINDS_BY_NAME)
            raise invalid_value(
                gettext("%(text)s is none of true, false, %(names)s.") % {"text": quote(text), "names": names}
            ) from None


@extend_schema_field({"type": "string", "enum": ["true", "false", "1", "0", *KINDS_BY_NAME]})
class AttachmentFilter(filters.Filter):
    field_class = AttachmentField


class UserFilter(filters.CharFilter):
    field_class = UserField


@extend_schema_field({"type": "string", "enum": ["true", "false", "1", "0"]})
class FlagFilter(filters.Filter):
    field_class = FlagField


class TagKeysFilter(filters.CharFilter):
    field_class = TagKeysField


class TimeZoneFilter(filters.CharFilter):
    field_class = TimeZoneField


class DateTimeBoundFilter(filters.CharFilter):
    field_class = DateTimeBoundField


TERM_TOO_SHORT = _(
    "Use at least %(letters)s letters to search messages "
    "(%(unspaced)s of Han, kana, Thai, Lao, Khmer or Myanmar)."
)


class ConversationFilter(filters.FilterSet):
    """The parameters and their fields. parse_filter() reads them; list_sql.py builds the query."""

    include_tags = TagKeysFilter(help_text="Tag IDs or slugs, separated by commas; digits only are an ID.")
    include_mode = filters.ChoiceFilter(
        choices=[("any", "any"), ("all", "all")],
        help_text="Match any (default) or all of `include_tags`.",
    )
    exclude_tags = TagKeysFilter(help_text="Exclude conversations that have any of these tags.")
    untagged = FlagFilter(help_text="`true`: without any tag; `false`: with at least one tag.")
    unread = FlagFilter(help_text="`true`: with unread messages; `false`: without.")
    waiting = FlagFilter(
        help_text="`true`: needs a reply: not done, and the newest message is a customer's and "
        "over 24 hours old; `false`: all others."
    )
    status = filters.ChoiceFilter(choices=Conversation.Status.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    ad_id = filters.CharFilter(
        max_length=MAX_AD_ID_LETTERS,
        help_text="Conversations that this Facebook ad brought, by its ID: see `referral`.",
    )
    q = filters.CharFilter(
        max_length=MAX_WORDS_LETTERS,
        help_text="The filter as people type it, such as `tag:vip before:2024-05 is:unread blue dress`. "
        "A parameter that its words stand for cannot be given beside it.",
    )
    last_message_from = filters.ChoiceFilter(
        choices=[("customer", "customer"), ("page", "page")], help_text="Who wrote the newest message."
    )
    has_attachment = AttachmentFilter(
        help_text="`true`: with an attachment in any message; `false`: without; or with one of this kind. "
        "Links are no attachments."
    )
    assignee = UserFilter(
        words=["none"], help_text="Whose task it is: `me`, `none` (nobody) or the ID of a user."
    )
    mentioned = UserFilter(help_text="Whom a note mentions: `me` or the ID of a user.")
    snoozed = FlagFilter(help_text="`true`: snoozed until some time; `false`: not snoozed.")
    has_note = FlagFilter(help_text="`true`: with a note by staff; `false`: without.")
    search = filters.CharFilter(
        max_length=MAX_SEARCH_LETTERS,
        help_text="Part of the sender's name or of the last message; case and accents are ignored. "
        "One or two letters match the beginning of a word of the name.",
    )
    search_in = filters.ChoiceFilter(
        choices=[(place, place) for place in SEARCH_PLACES],
        help_text="`messages`: search the text of all messages; `names`: only names; `all`: names, last "
        "messages and all messages. With `messages` and `all` each conversation has `matches`.",
    )
    startDate = DateTimeBoundFilter(
        help_text="Earliest time of the last message: an ISO date or datetime (without offset: in `tz`)."
    )
    endDate = DateTimeBoundFilter(
        end=True, help_text="Latest time of the last message; a date includes the whole day."
    )
    tz = TimeZoneFilter(
        help_text="Time zone of dates and of datetimes without offset: an IANA name such as "
        "`Europe/Berlin`; the default is TIME_ZONE."
    )

    class Meta:
        model = Conversation
        fields: list[str] = []

    def filter_queryset(self, queryset):
        return queryset


PARAMETERS = tuple(ConversationFilter.base_filters)
WITHOUT_ZONE = tuple(name for name in PARAMETERS if name != "tz")
# Taken from the filters once: django-filter would build a form of all of them for each request.
FIELDS: dict[str, forms.Field] = {
    name: parameter.field for name, parameter in ConversationFilter.base_filters.items()
}
ABSENT = {name: field.clean("") for name, field in FIELDS.items()}


@dataclass(frozen=True)
class ParsedFilter:
    """The values of all parameters, and what is wrong with invalid ones, by parameter."""

    values: Mapping[str, Any]
    errors: Mapping[str, list[str]]
    typed: Mapping[str, str] = field(default_factory=dict)  # what the words of `q` stand for

    def is_valid(self) -> bool:
        return not self.errors

    def criteria(self, page_ids, *, user_id: int | None, all_pages: bool = False) -> SearchCriteria:
        """Return the search criteria for these Pages. The filter must be valid.

        `user_id` is who `me` means. `all_pages` says that page_ids are all Pages that exist.
        """
        values = self.values
        include, exclude = tag_ids(values["include_tags"], values["exclude_tags"])
        waiting_before = None if values["waiting"] is None else timezone.now() - REPLY_DUE_AFTER
        return SearchCriteria(
            page_ids=tuple(page_ids),
            all_pages=all_pages,
            include=included_tags(include, match_all=values["include_mode"] == "all") if include else None,
            include_all=values["include_mode"] == "all",
            exclude=distinct(pk for pk in exclude if pk),
            untagged=values["untagged"],
            unread=values["unread"],
            waiting=values["waiting"],
            waiting_before=waiting_before,
            status=values["status"] or "",
            platform=values["platform"] or "",
            ad_id=values["ad_id"] or "",
            last_message_from=values["last_message_from"] or "",
            has_attachment=values["has_attachment"][0],
            attachment_kinds=values["has_attachment"][1],
            assignee=user_of(values["assignee"], user_id),
            mentioned=user_of(values["mentioned"], user_id),
            snoozed=values["snoozed"],
            has_note=values["has_note"],
            search=fold_term(values["search"]) if values["search"] else None,
            former_searches=fold_term_by_former_rules(values["search"]) if values["search"] else (),
            search_in=values["search_in"] or "",
            since=values["startDate"],
            until=earliest(values["endDate"], waiting_before if values["waiting"] else None),
        )


def user_of(value: str | int, user_id: int | None) -> int | None:
    """Return the ID of the user that a parameter names, or NOBODY. `me` without a user matches nothing."""
    if isinstance(value, int):
        return value
    return {"": None, "none": NOBODY, "me": user_id or MAX_ID}[value]


def parse_filter(data: Mapping[str, str]) -> ParsedFilter:
    """Read the parameters of a filter, and the words of `q`. An empty value is like none."""
    try:
        typed = typed_parameters(data)
    except ValueError as error:
        return ParsedFilter(ABSENT, {"q": [str(error)]})
    values, errors = dict(ABSENT), dict[str, list[str]]()
    given = dict(data.items()) | typed  # data itself may be a QueryDict, which unpacks to lists
    parse_values(given, ("tz",), values, errors)
    with timezone.override(values["tz"] or timezone.get_current_timezone()):
        parse_values(given, WITHOUT_ZONE, values, errors)
    errors = errors or combination_errors(values)
    named = {"q" if name in typed else name: texts for name, texts in errors.items()}
    return ParsedFilter(values, named, typed)


def typed_parameters(data: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the words of `q` stand for. Raises ValueError, which says what is wrong."""
    text = data.get("q", "").strip()
    if len(text) > MAX_WORDS_LETTERS:
        raise ValueError(
            gettext("Use at most %(highest)s characters, not %(number)s.")
            % {"highest": MAX_WORDS_LETTERS, "number": len(text)}
        )
    typed = parse_words(text)
    if twice := [name for name in typed if data.get(name)]:
        raise ValueError(gettext("Give %(name)s either as a parameter or in q.") % {"name": twice[0]})
    return typed


def spelled_out(data: Mapping[str, str]) -> dict[str, str]:
    """Return the same filter with the parameters that the words of `q` stand for. Raises ValueError."""
    return {name: value for name, value in data.items() if name != "q"} | typed_parameters(data)


def parse_values(
    data: Mapping[str, str], names: Iterable[str], values: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    """Read these parameters into `values`, and what is wrong with them into `errors`."""
    for name in names:
        if text := data.get(name):
            try:
                values[name] = FIELDS[name].clean(text)
            except ValidationError as error:
                errors[name] = [str(message) for message in error.messages]


def combination_errors(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with parameters that are valid by themselves."""
    included, excluded = set(values["include_tags"]), set(values["exclude_tags"])
    if len(included) + len(excluded) > MAX_TAGS:
        name = "include_tags" if len(included) > MAX_TAGS or not excluded else "exclude_tags"
        given = len(included) + len(excluded)
        return {
            name: [
                gettext("Use at most %(highest)s tags, included and excluded ones together, not %(given)s.")
                % {"highest": MAX_TAGS, "given": given}
            ]
        }
    term = fold_term(values["search"])
    if values["search_in"] == "messages" and term and is_short_term(term):
        letters = {"letters": MIN_INDEXED_LETTERS, "unspaced": MIN_INDEXED_UNSPACED}
        return {"search": [TERM_TOO_SHORT % letters]}
    return {}


def earliest(*bounds: datetime | None) -> datetime | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def included_tags(ids: list[int], *, match_all: bool) -> tuple[int, ...]:
    """Drop unknown tags. With `match_all` an unknown tag means that nothing matches."""
    if match_all and UNKNOWN_TAG in ids:
        return ()
    return distinct(pk for pk in ids if pk)


def tag_ids(*lists: list[str]) -> list[list[int]]:
    """Resolve tag IDs (digits only) and slugs to IDs, in one query; an unknown tag becomes UNKNOWN_TAG."""
    keys = [key for keys in lists for key in keys]
    if not keys:
        return [[] for _ in lists]
    numbers = {key: parse_id(key) for key in keys if key.isascii() and key.isdigit() and key.strip("0")}
    candidates = [number for number in numbers.values() if number <= MAX_ID]
    found = Tag.objects.filter(Q(pk__in=candidates) | Q(slug__in=keys)).values_list("pk", "slug")
    ids: dict[int | str, int] = {}
    for pk, slug in found:
        ids |= {pk: pk, slug: pk}
    return [[ids.get(numbers.get(key, key), UNKNOWN_TAG) for key in keys] for keys in lists]
