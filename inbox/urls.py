"""The whole map."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from inbox import account, errors, health
from inbox.home import home

urlpatterns = [
    path("", home, name="home"),
    path("login", LoginView.as_view(template_name="login.html"), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("account/key", account.key, name="key"),
    path("admin/", admin.site.urls),
    path("api/", include("conversations.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
