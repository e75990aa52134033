"""All URLs."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from inbox.accounts.views.confirm import confirm
from inbox.accounts.views.factor_page import factor
from inbox.accounts.views.forgotten import NewPasswordView, forgotten
from inbox.accounts.views.keys_page import keys
from inbox.accounts.views.password_page import password
from inbox.accounts.views.sessions_page import sessions
from inbox.accounts.views.sign_in import SignInView, SignOutView, login_code
from inbox.web import error_pages, health
from inbox.web.home import home

urlpatterns = [
    path("", home, name="home"),
    path("login", SignInView.as_view(), name="login"),
    path("login/code", login_code, name="login-code"),
    path("login/forgotten", forgotten, name="forgotten"),
    path("login/new-password/<uidb64>/<token>", NewPasswordView.as_view(), name="new-password"),
    path("logout", SignOutView.as_view(), name="logout"),
    path("account", RedirectView.as_view(pattern_name="keys"), name="account"),
    path("account/key", RedirectView.as_view(pattern_name="keys")),  # its address until there were several
    path("account/keys", keys, name="keys"),
    path("account/password", password, name="password"),
    path("account/second-factor", factor, name="second-factor"),
    path("account/sessions", sessions, name="sessions"),
    path("account/confirm", confirm, name="confirm"),
    path("admin/", admin.site.urls),
    path("api/", include("conversations.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.server_error
