"""The URLs of the pages that are neither REST nor admin."""

from django.urls import path
from django.views.generic import RedirectView

from inbox.accounts.views.confirm import confirm
from inbox.accounts.views.factor_page import factor
from inbox.accounts.views.forgotten import NewPasswordView, forgotten
from inbox.accounts.views.keys_page import keys
from inbox.accounts.views.password_page import password
from inbox.accounts.views.sessions_page import sessions
from inbox.accounts.views.sign_in import SignInView, SignOutView, login_code
from inbox.web.home import home
from inbox.web.privacy_pages import data_deletion, deauthorized, privacy_request
from inbox.web.texts import texts

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
    path("webhooks/facebook/deauthorize", deauthorized, name="deauthorized"),
    path("webhooks/facebook/data-deletion", data_deletion, name="data-deletion"),
    path("privacy/requests/<code>", privacy_request, name="privacy-request"),
    path("texts/<language>/<version>.js", texts, name="texts"),
]
