from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.schema import wrapped
from conversations.api.serializers import PageSerializer
from conversations.models import Page


class PageViewSet(GenericViewSet):
    """The Facebook Pages one may see."""

    queryset = Page.objects.all()
    serializer_class = PageSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        user = self.request.user
        return Page.objects.visible_to(user).with_role_of(user).with_counts().order_by("name", "pk")

    @extend_schema(responses=wrapped("pages", PageSerializer, many=True))
    def list(self, request):
        """The Pages one may see, by name."""
        return Response({"pages": self.get_serializer(self.get_queryset(), many=True).data})

    @extend_schema(responses=wrapped("page", PageSerializer))
    def retrieve(self, request, pk):
        """One Page."""
        return Response({"page": self.get_serializer(self.get_object()).data})
