"""Facebook Login: its dialogue's address, and tokens for what comes back from it. Needs app id and secret."""

from urllib.parse import urlencode

from django.conf import settings

from conversations.connecting import ConnectionRefused
from conversations.graph.errors import GraphError
from conversations.graph.login import exchange

# As few as reading needs, and what each is for.
SCOPES = {
    "pages_show_list": "to list your Pages",
    "pages_messaging": "to read their conversations",
    "pages_manage_metadata": "Facebook asks for it wherever conversations are read",
    "pages_read_engagement": "Facebook asks for it wherever conversations are read",
}
INSTAGRAM_SCOPES = {
    "instagram_basic": "to find the Instagram account of a Page",
    "instagram_manage_messages": "to read its conversations",
}


def is_set_up() -> bool:
    return bool(settings.FACEBOOK_APP_ID and settings.FACEBOOK_APP_SECRET)


def app_token() -> str:
    """With which the app asks about its own tokens; empty: not set up."""
    return f"{settings.FACEBOOK_APP_ID}|{settings.FACEBOOK_APP_SECRET}" if is_set_up() else ""


def dialogue_address(return_address: str, state: str, *, instagram: bool) -> str:
    scopes = SCOPES | INSTAGRAM_SCOPES if instagram else SCOPES
    return f"{settings.FACEBOOK_DIALOG_URL}?" + urlencode(
        {
            "client_id": settings.FACEBOOK_APP_ID,
            "redirect_uri": return_address,
            "state": state,
            "response_type": "code",
            "scope": ",".join(scopes),
            "auth_type": "rerequest",  # else what was declined once is not asked again
        }
    )


def token_for(code: str, return_address: str) -> str:
    """The person's token. ConnectionRefused: the code is used up, expired or not ours."""
    try:
        return _exchanged(code=code, redirect_uri=return_address)
    except GraphError as error:
        raise ConnectionRefused(
            f"Facebook gave no token for this login: log in again, it counts once. {error}"
        ) from None


def long_lived(token: str) -> str:
    """The same person's token for about 60 days. GraphError: Facebook gives none."""
    return _exchanged(grant_type="fb_exchange_token", fb_exchange_token=token)


def _exchanged(**form: str) -> str:
    app = {"client_id": settings.FACEBOOK_APP_ID, "client_secret": settings.FACEBOOK_APP_SECRET}
    return exchange(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, app | form)
