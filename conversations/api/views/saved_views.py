from copy import copy

from django.db import transaction
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.bulk_response import storable_ids
from conversations.api.exception_handler import error_response
from conversations.api.request_serializers import SavedViewBody, ViewOrderBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.saved_view import SavedViewListSerializer, SavedViewSerializer
from conversations.models import Page, SavedView
from conversations.models.saved_views import (
    MAX_VIEWS,
    MAY_NOT_SHARE,
    TOO_MANY,
    last_position,
    notify_of_view,
    put_in_order,
)
from conversations.search.stored_filters import InvalidFilter, normalize, problem_of

ONE = wrapped("view", SavedViewSerializer)


class SavedViewViewSet(GenericViewSet):
    """Saved filters of the list."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return SavedView.objects.visible_to(self.request.user).select_related("owner", "page")

    @extend_schema(responses=SavedViewListSerializer)
    def list(self, request):
        """List your own views, in your order, then those shared with you; by name where nobody ordered them.

        A view whose filter is not valid any more is left out; `invalid` names those of your own.
        """
        views = list(self.get_queryset())
        invalid = [(view, problem) for view in views if (problem := problem_of(view))]
        left_out = {view.pk for view, _ in invalid}
        own = [(view, problem) for view, problem in invalid if view.owner == request.user]
        usable = self.get_serializer([view for view in views if view.pk not in left_out], many=True)
        named = [{"id": view.pk, "name": view.name, "error": problem} for view, problem in own]
        return Response({"views": usable.data, "invalid": named})

    @extend_schema(responses={200: ONE, 409: OpenApiResponse(ErrorSerializer, "Its filter is not valid")})
    def retrieve(self, request, pk):
        """Return one view."""
        view = self.get_object()
        if problem := problem_of(view):
            message = gettext("The filter of this view is not valid. %(problem)s") % {"problem": problem}
            return error_response(status.HTTP_409_CONFLICT, message)
        return self.view_response(view)

    @extend_schema(request=SavedViewBody, responses={201: ONE, 404: ErrorSerializer, 409: ErrorSerializer})
    def create(self, request):
        """Save a filter of the list under a name."""
        view = SavedView(owner=request.user, position=last_position(request.user))
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
        view = self.get_owned_view()
        with transaction.atomic():
            view.delete()
            notify_of_view(view)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ViewOrderBody, responses={204: None, 404: ErrorSerializer})
    @action(detail=False, methods=["put"])
    def order(self, request):
        """Put the views of one user in this order (their owner, superusers). Others of the user follow."""
        ids = read_body(request, ViewOrderBody)["viewIds"]
        views = self.get_queryset().in_bulk(storable_ids(ids))
        if any(view_id not in views for view_id in ids):
            raise NotFound(gettext("View not found."))
        if len({view.owner_id for view in views.values()}) > 1:
            raise ValidationError({"viewIds": [gettext("Order the views of one user at a time.")]})
        for view in views.values():
            self.require_owner(view)
        put_in_order([views[view_id] for view_id in dict.fromkeys(ids)])
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_owned_view(self) -> SavedView:
        view = self.get_object()
        self.require_owner(view)
        return view

    def require_owner(self, view: SavedView) -> None:
        if not self.request.user.is_superuser and view.owner != self.request.user:
            raise PermissionDenied(gettext("Only the owner can change a view."))

    def save_view(self, view: SavedView) -> None:
        body, before = read_body(self.request, SavedViewBody), copy(view)
        try:
            view.query = normalize(body["query"])
        except InvalidFilter as error:
            raise ValidationError({error.parameter or "query": [error.message]}) from None
        if view.pk is None and view.owner.saved_views.count() >= MAX_VIEWS:
            raise ValidationError({"name": [TOO_MANY % {"number": MAX_VIEWS}]})
        view.page = self.requested_page(body["facebookPageId"])
        view.name, view.is_shared = body["name"], body["shared"]
        if view.is_shared and not view.has_sharing_owner:
            raise PermissionDenied(MAY_NOT_SHARE)
        with transaction.atomic():
            view.save()
            notify_of_view(*((before,) if before.pk else ()), view)

    def requested_page(self, facebook_page_id: str | None) -> Page | None:
        if facebook_page_id in (None, "", "all"):
            return None
        page = Page.objects.visible_to(self.request.user).filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise NotFound(gettext("Page not found."))
        return page

    def view_response(self, view: SavedView, code: int = status.HTTP_200_OK) -> Response:
        return Response({"view": self.get_serializer(view).data}, status=code)
