"""Validates request bodies."""

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversations.lib.labels import MAX_NAME, InvalidName, clean_name
from conversations.lib.text import is_plain
from conversations.models import Conversation
from conversations.models.saved_views import MAX_VIEWS
from conversations.search.filters import PARAMETERS, spelled_out
from conversations.search.parsing import parse_flag, parse_id
from conversations.search.stored_filters import InvalidFilter, as_parameters
from tags.models import COLOR


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^0*[1-9][0-9]*$"},
        ]
    }
)
class IdField(serializers.Field):
    def to_internal_value(self, data) -> int:
        try:
            return parse_id(data)
        except ValueError as error:
            raise ValidationError(str(error)) from None


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean"},
            {"type": "integer", "enum": [0, 1]},
            {"type": "string", "enum": ["true", "false", "1", "0"]},
        ]
    }
)
class FlagField(serializers.Field):
    def to_internal_value(self, data) -> bool:
        try:
            return parse_flag(data)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class NameField(serializers.CharField):
    """The name of a tag or a saved view, as it is stored."""

    def __init__(self, **options):
        super().__init__(**{"max_length": MAX_NAME, **options})

    def to_internal_value(self, data) -> str:
        text = super().to_internal_value(data)
        if not is_plain(text):
            return text  # a validator refuses it in its own words
        try:
            return clean_name(text)
        except InvalidName as error:
            raise ValidationError(str(error)) from None


class TagBody(serializers.Serializer):
    name = NameField()
    color = serializers.CharField(required=False, validators=[COLOR])


class TagIdsBody(serializers.Serializer):
    tagIds = serializers.ListField(child=IdField(), max_length=1000)


# Parameters that only say how to read another one. Alone they would select everything: a program has lost the
# other one, as JSON.stringify() leaves out what is undefined.
MODES = {"include_mode", "search_in", "tz"}
FILTER_VALUE = {
    "oneOf": [
        {"type": "string"},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "array", "minItems": 1, "items": {"oneOf": [{"type": "string"}, {"type": "integer"}]}},
    ]
}


@extend_schema_field(
    {
        "type": "object",
        "description": "The parameters of the list, without page, limit, cursor and total",
        "additionalProperties": FILTER_VALUE,
    }
)
class FilterField(serializers.Field):
    """Filter parameters as a JSON object; they become strings as in a URL."""

    def to_internal_value(self, data) -> dict[str, str]:
        try:
            return as_parameters(data, {"facebookPageId", *PARAMETERS})
        except InvalidFilter as error:
            raise ValidationError(str(error)) from None


class BulkFilterField(FilterField):
    """A filter without empty parameters: one that a program emptied by mistake would select everything."""

    def to_internal_value(self, data) -> dict[str, str]:
        parameters = super().to_internal_value(data)
        for name in data:
            if not parameters.get(name, "").replace(",", " ").strip():
                raise ValidationError(
                    gettext("%(name)s is empty. Leave it out to select without it.") % {"name": name}
                )
        try:
            meant = spelled_out(parameters).keys()
        except ValueError as error:
            raise ValidationError(f"q: {error}") from None
        if parameters and meant <= MODES:
            names = gettext(" and ").join(sorted(parameters))
            raise ValidationError(
                gettext("%(names)s alone would select everything. Use {} if you mean that.")
                % {"names": names}
            )
        return parameters


class BulkBody(serializers.Serializer):
    conversationIds = serializers.ListField(child=IdField(), max_length=10_000, required=False)
    filter = BulkFilterField(required=False)
    dry_run = FlagField(default=False)

    def validate(self, attrs):
        if "conversationIds" not in attrs and "filter" not in attrs:
            raise ValidationError({"conversationIds": [gettext("Provide conversationIds or filter.")]})
        if "conversationIds" in attrs and "filter" in attrs:
            raise ValidationError({"filter": [gettext("Provide filter or conversationIds, not both.")]})
        return attrs


class BulkTagsBody(TagIdsBody, BulkBody):
    action = serializers.ChoiceField(choices=["assign", "remove", "replace"])


class SavedViewBody(serializers.Serializer):
    name = NameField()
    shared = FlagField(default=False)
    facebookPageId = serializers.CharField(required=False, allow_null=True, default=None)
    query = FilterField(default=dict)


class ViewOrderBody(serializers.Serializer):
    viewIds = serializers.ListField(child=IdField(), min_length=1, max_length=MAX_VIEWS)


class EmptyBody(serializers.Serializer):
    pass


class SnoozeField(serializers.DateTimeField):
    """A time in the future, to the second."""

    def to_internal_value(self, value):
        time = super().to_internal_value(value).replace(microsecond=0)
        if time <= timezone.now():
            raise ValidationError(gettext("This time has passed. Provide a later one."))
        return time


class StatusBody(serializers.Serializer):
    conversation_status = serializers.ChoiceField(choices=Conversation.Status.choices)


class ConversationChangeBody(serializers.Serializer):
    conversation_status = serializers.ChoiceField(choices=Conversation.Status.choices, required=False)
    snoozed_until = SnoozeField(required=False, allow_null=True, help_text="null: end the snooze")

    def validate(self, attrs):
        if not attrs:
            raise ValidationError(
                {"conversation_status": [gettext("Provide conversation_status or snoozed_until.")]}
            )
        return attrs


class BulkStatusBody(StatusBody, BulkBody):
    pass


def read_body(request, serializer_class: type[serializers.Serializer]) -> dict:
    """Return the validated data of the body. Raises ValidationError, also for an unknown field."""
    return validated(request.data, serializer_class)


def validated(data, serializer_class: type[serializers.Serializer]) -> dict:
    """Return the validated fields, of a body or a form. Raises ValidationError, also for an unknown field."""
    serializer = serializer_class(data=data)
    for name in data:
        if name not in serializer.fields:
            raise ValidationError({name: [gettext("Unknown field.")]})
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
