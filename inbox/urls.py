"""All URLs."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from inbox.accounts import api_key
from inbox.web import error_pages, health
from inbox.web.home import home

urlpatterns = [
    path("", home, name="home"),
    path("login", LoginView.as_view(template_name="login.html"), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("account/key", api_key.key, name="key"),
    path("admin/", admin.site.urls),
    path("api/", include("conversations.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.server_error
