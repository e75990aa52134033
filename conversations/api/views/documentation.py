"""The OpenAPI schema, the page that documents it, and the 404 for unknown routes."""

from django.contrib.auth.views import redirect_to_login
from django.utils.translation import gettext
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from conversations.api.query_params import KnownMethod, KnownParameters


class SchemaView(SpectacularJSONAPIView):
    """Return the OpenAPI 3.1 schema."""

    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters]


class DocsView(SpectacularSwaggerSplitView):
    """A page with all routes, where they can be tried out; strangers are sent to the sign-in page."""

    template_name = "docs.html"

    def handle_exception(self, exc):
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)


class UnknownRoute(APIView):
    """Any other path under /api/: a 404 as JSON for every method."""

    schema = None

    def initial(self, request, *args, **kwargs):
        self.perform_authentication(request)
        if not request.user.is_authenticated:
            raise NotAuthenticated
        raise NotFound(gettext("Route not found. /api/docs lists all routes."))
