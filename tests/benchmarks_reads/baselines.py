"""The same questions the way of the replaced application, and the plainest Django way."""

from django.db.models import Q
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from conversations.api.serializers import TagSerializer
from conversations.models import Conversation, ConversationTag
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


def replaced(asked: dict[str, str]) -> bytes:
    """Tags become ids of conversations in the client, which go back as lists."""
    rows = simple(asked)
    for name, keep in (("include_tags", True), ("exclude_tags", False)):
        if slugs := asked.get(name):
            tagged = ConversationTag.objects.filter(tag__in=tag_ids(slugs)).values_list(
                "conversation_id", flat=True
            )
            ids = list(dict.fromkeys(tagged))
            rows = rows.filter(pk__in=ids) if keep else rows.exclude(pk__in=ids)
    return shown(asked, rows)


def plain(asked: dict[str, str]) -> bytes:
    rows = simple(asked)
    if slugs := asked.get("include_tags"):
        rows = rows.filter(tag_rows__tag__in=tag_ids(slugs)).distinct()
    if slugs := asked.get("exclude_tags"):
        rows = rows.exclude(tag_rows__tag__in=tag_ids(slugs))
    return shown(asked, rows)


def tag_ids(slugs: str) -> list[int]:
    return list(Tag.objects.filter(slug__in=slugs.split(",")).values_list("pk", flat=True))


CHOICES = {
    "status": lambda value: Q(conversation_status=value),
    "platform": lambda value: Q(platform=value),
    "unread": lambda value: Q(unread_count__gt=0),
    "untagged": lambda value: Q(tag_rows=None),
    "startDate": lambda value: Q(last_message_time__date__gte=value),
    "endDate": lambda value: Q(last_message_time__date__lte=value),
}


def simple(asked: dict[str, str]):
    rows = Conversation.objects.filter(
        *(fits(asked[name]) for name, fits in CHOICES.items() if name in asked)
    )
    if asked["facebookPageId"] != "all":
        rows = rows.filter(page__facebook_page_id=asked["facebookPageId"])
    if term := asked.get("search"):
        said = Q(events__text__icontains=term)
        part = Q(sender_name__icontains=term) | Q(last_message__icontains=term)
        rows = rows.filter(said).distinct() if "search_in" in asked else rows.filter(part)
    return rows


def shown(asked: dict[str, str], rows) -> bytes:
    limit, page = int(asked["limit"]), int(asked.get("page", 1))
    if asked["total"] != "none":
        rows.count()
    part = rows.newest_first().prefetch_related("tag_rows__tag")[(page - 1) * limit : page * limit]
    return JSONRenderer().render(Row(part, many=True).data)
