"""The URLs of the pages that are neither REST nor admin."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from inbox.accounts import api_key
from inbox.web.home import home

urlpatterns = [
    path("", home, name="home"),
    path("login", LoginView.as_view(template_name="login.html"), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("account/key", api_key.key, name="key"),
]
