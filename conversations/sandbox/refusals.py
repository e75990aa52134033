"""Facebook's refusals with the texts that people have reported, as faults.

    sandbox.faults.add(refusals.checkpoint(490), times=None)
    sandbox.faults.add(refusals.instagram_timeout(), times=None, path="/conversations", above=1)

An error that only some calls get (one thread, one Page) can also be part of the world: `world.poison`,
`page.migrated_to`, `page.is_gone`, `switches.app`.
"""

from .faults import Fault, graph_error, html, token_error
from .responses import error_responses

NO_ACCESS = (
    "Your query has timed out since you have too many conversations with users who do not have a role on "
    "app. Please request advanced access to instagram_manage_messages permission."
)


def of(failure: error_responses.GraphFailure) -> Fault:
    return Fault("error", f"code {failure.code}", failure)


# Too much for one answer


def instagram_timeout() -> Fault:
    """Where even one thread is too much, the explanation is the reason: the app lacks Advanced Access."""
    return graph_error(
        -2,
        2534084,
        message="Timeout",
        is_transient=False,
        error_user_title="Timeout",
        error_user_msg=NO_ACCESS,
    )


def gateway_timeout(*, is_json: bool = False) -> Fault:
    if not is_json:
        return html(504)
    return graph_error(-2, status=504, message="Timeout", is_transient=True)


# The token


def doubtful_token_error(status: int = 401) -> Fault:
    """As seen during outages of Facebook: the token is valid again minutes later."""
    message = (
        "Error validating access token: This may be because the user logged out or may be due to a system "
        "error."
    )
    return graph_error(190, 467, status=status, message=message, is_transient=True)


def checkpoint(subcode: int = 490) -> Fault:
    """The person must first log in at Facebook: 459 or 490."""
    return token_error(subcode)


def two_factor() -> Fault:
    """The person's business requires two-factor authentication."""
    return graph_error(
        190,
        message="Error validating access token: Two-factor authentication is required.",
        error_user_title="Two-Factor Authentication Required",
        error_user_msg="To continue, turn on two-factor authentication for your account at facebook.com.",
    )


def no_token() -> Fault:
    """What arrives when a proxy has removed the token."""
    return graph_error(104, message=error_responses.UNAUTHENTICATED)


# The app


def app_off(state: str = "off") -> Fault:
    """`state` is one of `switches.app` but "live"."""
    return of(error_responses.app_off(state))


# The Page


def page_migrated(page_id: str, new_id: str) -> Fault:
    return of(error_responses.page_migrated(page_id, new_id))


def page_gone(page_id: str) -> Fault:
    return of(error_responses.not_visible(page_id))


def new_pages_experience() -> Fault:
    """A call for a Page in the New Pages Experience with another token than the Page's."""
    return of(error_responses.page_token_required(is_new_experience=True))


# One thread


def thread_not_visible(thread_id: str) -> Fault:
    return of(error_responses.not_visible(thread_id))


def thread_refused() -> Fault:
    return graph_error(10, message="(#10) Application does not have permission for this action")


# Other envelopes


def legacy_envelope(code: int = 190, message: str = "Invalid OAuth 2.0 Access Token") -> Fault:
    """`{"error_code": 190, "error_msg": "…"}`"""
    return graph_error(code, message=message, shape="error_code")


def login_envelope(message: str = "Invalid access token") -> Fault:
    """`{"error_type": "OAuthException", "code": 400, "error_message": "…"}`"""
    return graph_error(400, message=message, shape="error_type")


TRANSIENT = (gateway_timeout(), gateway_timeout(is_json=True), doubtful_token_error())
