"""Saved views."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.models import SavedView
from conversations.search.stored_filters import normalize, parameters_of_view


class SavedViewSerializer(serializers.ModelSerializer):
    facebookPageId = serializers.CharField(
        source="page.facebook_page_id",
        default=None,
        allow_null=True,
        help_text="null: all Pages that the user may see",
    )
    shared = serializers.BooleanField(source="is_shared")
    owner = serializers.CharField(source="owner.username")
    query = serializers.SerializerMethodField(help_text="Parameters of the list")
    address = serializers.SerializerMethodField(help_text="URL of the list with this view")

    class Meta:
        model = SavedView
        fields = ["id", "name", "owner", "shared", "facebookPageId", "query", "address"]

    def get_address(self, view) -> str:
        parameters = urlencode(parameters_of_view(view))
        return f"/api/conversations?{parameters}" if parameters else "/api/conversations"

    def get_query(self, view) -> dict[str, str]:
        return normalize(view.query)


class InvalidViewSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    error = serializers.CharField(help_text="What is wrong with its filter")


@extend_schema_serializer(many=False)  # otherwise a view called `list` would return a list of these
class SavedViewListSerializer(serializers.Serializer):
    views = SavedViewSerializer(many=True)
    invalid = InvalidViewSerializer(many=True, help_text="Your own views whose filter is not valid")
