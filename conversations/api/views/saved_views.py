from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.query_params import criteria_for
from conversations.api.request_serializers import SavedViewBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers import ErrorSerializer, SavedViewSerializer
from conversations.models import Page, SavedView

ONE = wrapped("view", SavedViewSerializer)


class SavedViewViewSet(GenericViewSet):
    """Saved filters of the list."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return SavedView.objects.visible_to(self.request.user).select_related("owner", "page")

    @extend_schema(responses=wrapped("views", SavedViewSerializer, many=True))
    def list(self, request):
        """List your own views and those shared with you, by name."""
        return Response({"views": self.get_serializer(self.get_queryset(), many=True).data})

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """Return one view."""
        return self.view_response(self.get_object())

    @extend_schema(request=SavedViewBody, responses={201: ONE, 404: ErrorSerializer, 409: ErrorSerializer})
    def create(self, request):
        """Save a filter of the list under a name."""
        view = SavedView(owner=request.user)
        self.save_view(view)
        return self.view_response(view, status.HTTP_201_CREATED)

    @extend_schema(request=SavedViewBody, responses={200: ONE, 409: ErrorSerializer})
    def update(self, request, pk):
        """Change a view (its owner, superusers)."""
        view = self.get_owned_view()
        self.save_view(view)
        return self.view_response(view)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Delete a view (its owner, superusers)."""
        self.get_owned_view().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_owned_view(self) -> SavedView:
        view = self.get_object()
        if not self.request.user.is_superuser and view.owner != self.request.user:
            raise PermissionDenied("Only the owner can change a view.")
        return view

    def save_view(self, view: SavedView) -> None:
        body = read_body(self.request, SavedViewBody)
        if "facebookPageId" in body["query"]:
            raise ValidationError({"query": ["Provide facebookPageId beside the query, not in it."]})
        criteria_for(self.request.user, body["query"])  # raises ValidationError for an invalid filter
        view.page = self.requested_page(body["facebookPageId"])
        view.name, view.is_shared, view.query = body["name"], body["shared"], body["query"]
        view.save()

    def requested_page(self, facebook_page_id: str | None) -> Page | None:
        if facebook_page_id in (None, "", "all"):
            return None
        page = Page.objects.visible_to(self.request.user).filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise NotFound("Page not found.")
        return page

    def view_response(self, view: SavedView, code: int = status.HTTP_200_OK) -> Response:
        return Response({"view": self.get_serializer(view).data}, status=code)
