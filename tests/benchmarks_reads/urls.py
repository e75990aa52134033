"""The application's addresses, and one whose answer is empty: what Django REST and signing in cost by themselves."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.urls import urlpatterns as of_inbox


class Empty(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("empty", Empty.as_view()), *of_inbox]
