"""The URLs of the application, and an empty view that shows the cost of Django REST framework and authentication."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.urls import urlpatterns as inbox_urlpatterns


class Empty(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("empty", Empty.as_view()), *inbox_urlpatterns]
