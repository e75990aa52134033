"""The description of all this, for programs and for people."""

from django.contrib.auth.views import redirect_to_login
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.views import APIView


class SchemaView(SpectacularJSONAPIView):
    """OpenAPI 3.1."""


class DocsView(SpectacularSwaggerSplitView):
    """The routes as a page, to be tried out there; strangers are asked to log in."""

    template_name = "docs.html"

    def handle_exception(self, exc):
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)


class UnknownRoute(APIView):
    """All the rest under /api/: a 404 as JSON, whatever the method."""

    schema = None

    def initial(self, request, *args, **kwargs):
        self.perform_authentication(request)
        if not request.user.is_authenticated:
            raise NotAuthenticated
        raise NotFound("There is no such route: /api/docs lists all.")
