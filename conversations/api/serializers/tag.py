"""Tags."""

from rest_framework import serializers

from tags.models import Tag


class TagInUseSerializer(serializers.Serializer):
    error = serializers.CharField()
    conversations = serializers.IntegerField(
        required=False, help_text="Number of conversations that have the tag"
    )


class TagSerializer(serializers.ModelSerializer):
    slug = serializers.CharField()

    class Meta:
        model = Tag
        fields = ["id", "name", "slug", "color"]


class CountedTagSerializer(TagSerializer):
    # The context has `counts` by tag ID.
    conversations = serializers.SerializerMethodField(help_text="On the Pages that the user may see")

    class Meta(TagSerializer.Meta):
        fields = [*TagSerializer.Meta.fields, "conversations"]

    def get_conversations(self, tag) -> int:
        return self.context["counts"].get(tag.pk, 0)


class ConversationTagSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    tag = TagSerializer()
