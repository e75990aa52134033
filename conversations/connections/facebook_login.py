"""Facebook Login: the URL of its dialog, and the tokens for what it returns. Needs app ID and secret."""

from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.connections.connect import ConnectionRefused
from conversations.graph.errors import GraphError
from conversations.graph.oauth import exchange

# Only what reading conversations needs, and the purpose of each.
SCOPES = {
    "pages_show_list": _("to list your Pages"),
    "pages_messaging": _("to read their conversations"),
    "pages_manage_metadata": _("required by Facebook to read conversations"),
    "pages_read_engagement": _("required by Facebook to read conversations"),
}
INSTAGRAM_SCOPES = {
    "instagram_basic": _("to find the Instagram account of a Page"),
    "instagram_manage_messages": _("to read its conversations"),
}


def is_configured() -> bool:
    return bool(settings.FACEBOOK_APP_ID and settings.FACEBOOK_APP_SECRET)


def app_token() -> str:
    """Return the token with which the app inspects its own tokens, empty if the app is not configured."""
    return f"{settings.FACEBOOK_APP_ID}|{settings.FACEBOOK_APP_SECRET}" if is_configured() else ""


def dialog_url(return_url: str, state: str, *, instagram: bool) -> str:
    scopes = SCOPES | INSTAGRAM_SCOPES if instagram else SCOPES
    return f"{settings.FACEBOOK_DIALOG_URL}?" + urlencode(
        {
            "client_id": settings.FACEBOOK_APP_ID,
            "redirect_uri": return_url,
            "state": state,
            "response_type": "code",
            "scope": ",".join(scopes),
            "auth_type": "rerequest",  # else Facebook does not ask again for a declined permission
        }
    )


def exchange_code(code: str, return_url: str) -> str:
    """Return the user's token. Raises ConnectionRefused if the code is used, expired or not ours."""
    try:
        return _exchange(code=code, redirect_uri=return_url)
    except GraphError as error:
        raise ConnectionRefused(
            gettext("Facebook gave no token for this login. A login is valid once: log in again. %(error)s")
            % {"error": error}
        ) from None


def exchange_for_long_lived(token: str) -> str:
    """Return a token of the same user for about 60 days. Raises GraphError if Facebook gives none."""
    return _exchange(grant_type="fb_exchange_token", fb_exchange_token=token)


def _exchange(**form: str) -> str:
    app = {"client_id": settings.FACEBOOK_APP_ID, "client_secret": settings.FACEBOOK_APP_SECRET}
    return exchange(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, app | form)
