"""The baseline of the saturation: Django with one view, without middleware, database or REST framework."""

from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="bare", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__)

from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path


async def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hello": "world"})


urlpatterns = [path("api/conversations", hello)]
application = get_asgi_application()
