"""The same queries as the replaced application makes them, and as plain Django code makes them."""

from django.db.models import Q
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from conversations.api.serializers.tag import TagSerializer
from conversations.models import Conversation, ConversationTag, InteractionEvent
from tags.models import Tag


class TagRow(serializers.ModelSerializer):
    tag = TagSerializer()

    class Meta:
        model = ConversationTag
        fields = ["id", "tag"]


class Row(serializers.ModelSerializer):
    conversation_tags = TagRow(source="tag_rows", many=True)

    class Meta:
        model = Conversation
        exclude = ["search", "facets"]


def replaced(parameters: dict[str, str]) -> bytes:
    """Load the ids of the conversations with the tags, then filter by this list of ids."""
    rows = filter_without_tags(parameters)
    for name, is_included in (("include_tags", True), ("exclude_tags", False)):
        if slugs := parameters.get(name):
            tagged = ConversationTag.objects.filter(tag__in=tag_ids(slugs)).values_list(
                "conversation_id", flat=True
            )
            ids = list(dict.fromkeys(tagged))
            rows = rows.filter(pk__in=ids) if is_included else rows.exclude(pk__in=ids)
    return render(parameters, rows)


def plain(parameters: dict[str, str]) -> bytes:
    """Filter by joins with the tags."""
    rows = filter_without_tags(parameters)
    if slugs := parameters.get("include_tags"):
        rows = rows.filter(tag_rows__tag__in=tag_ids(slugs)).distinct()
    if slugs := parameters.get("exclude_tags"):
        rows = rows.exclude(tag_rows__tag__in=tag_ids(slugs))
    return render(parameters, rows)


def tag_ids(slugs: str) -> list[int]:
    return list(Tag.objects.filter(slug__in=slugs.split(",")).values_list("pk", flat=True))


NOTES = InteractionEvent.objects.filter(kind="note_added")
FILTERS = {
    "status": lambda value: Q(conversation_status=value),
    "platform": lambda value: Q(platform=value),
    "unread": lambda value: Q(unread_count__gt=0),
    "untagged": lambda value: Q(tag_rows=None),
    "assignee": lambda value: Q(assignee=None if value == "none" else value),
    "snoozed": lambda value: Q(snoozed_until__isnull=value == "false"),
    "has_note": lambda value: Q(pk__in=NOTES.values("conversation")),
    "mentioned": lambda value: Q(
        pk__in=NOTES.filter(data__mentions__contains=[{"id": int(value)}]).values("conversation")
    ),
    "startDate": lambda value: Q(last_message_time__date__gte=value),
    "endDate": lambda value: Q(last_message_time__date__lte=value),
}


def filter_without_tags(parameters: dict[str, str]):
    rows = Conversation.objects.filter(
        *(condition(parameters[name]) for name, condition in FILTERS.items() if name in parameters)
    )
    if parameters["facebookPageId"] != "all":
        rows = rows.filter(page__facebook_page_id=parameters["facebookPageId"])
    if term := parameters.get("search"):
        in_messages = Q(events__text__icontains=term)
        in_preview = Q(sender_name__icontains=term) | Q(last_message__icontains=term)
        rows = rows.filter(in_messages).distinct() if "search_in" in parameters else rows.filter(in_preview)
    return rows


def render(parameters: dict[str, str], rows) -> bytes:
    limit, page = int(parameters["limit"]), int(parameters.get("page", 1))
    if parameters["total"] != "none":
        rows.count()
    page_rows = rows.newest_first().prefetch_related("tag_rows__tag")[(page - 1) * limit : page * limit]
    return JSONRenderer().render(Row(page_rows, many=True).data)
