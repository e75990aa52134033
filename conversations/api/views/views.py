from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.asking import selected
from conversations.api.bodies import SavedViewBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers import ErrorSerializer, SavedViewSerializer
from conversations.models import Page, SavedView

ONE = wrapped("view", SavedViewSerializer)


class SavedViewViewSet(GenericViewSet):
    """Filters under a name."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return SavedView.objects.seen_by(self.request.user).select_related("owner", "page")

    @extend_schema(responses=wrapped("views", SavedViewSerializer, many=True))
    def list(self, request):
        """One's own views and those shared with whoever sees their Page, by name."""
        return Response({"views": self.get_serializer(self.get_queryset(), many=True).data})

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """One view."""
        return self.answer(self.get_object())

    @extend_schema(request=SavedViewBody, responses={201: ONE, 404: ErrorSerializer, 409: ErrorSerializer})
    def create(self, request):
        """Keeps a filter of the list under a name."""
        view = SavedView(owner=request.user)
        self.keep(view)
        return self.answer(view, status.HTTP_201_CREATED)

    @extend_schema(request=SavedViewBody, responses={200: ONE, 409: ErrorSerializer})
    def update(self, request, pk):
        """Changes a view (its owner, superusers)."""
        view = self.own()
        self.keep(view)
        return self.answer(view)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Deletes a view (its owner, superusers)."""
        self.own().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def own(self) -> SavedView:
        view = self.get_object()
        if not self.request.user.is_superuser and view.owner != self.request.user:
            raise PermissionDenied("Only its owner changes a view.")
        return view

    def keep(self, view: SavedView) -> None:
        body = read_body(self.request, SavedViewBody)
        if "facebookPageId" in body["query"]:
            raise ValidationError({"query": ["The Page is named by facebookPageId beside the query."]})
        selected(self.request.user, body["query"])  # what is wrong in it is told now
        view.page = self.named_page(body["facebookPageId"])
        view.name, view.is_shared, view.query = body["name"], body["shared"], body["query"]
        view.save()

    def named_page(self, facebook_page_id: str | None) -> Page | None:
        if facebook_page_id in (None, "", "all"):
            return None
        page = Page.objects.visible_to(self.request.user).filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise NotFound("There is no Page with this facebookPageId that you may see.")
        return page

    def answer(self, view: SavedView, code: int = status.HTTP_200_OK) -> Response:
        return Response({"view": self.get_serializer(view).data}, status=code)
