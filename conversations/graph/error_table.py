"""The table that decides from Graph's error codes which exception is raised and how the sync recovers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conversations.graph.errors import (
    CONNECT_AGAIN,
    AccessTokenError,
    GraphError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    PlatformError,
    QueryTimeoutError,
    RateLimitError,
    Recovery,
    StaleCursorError,
    TransientError,
    VersionError,
    redact,
    single_line,
)

TIMEOUT_CODE, TIMEOUT_STATUSES = -2, (408, 504, 524)  # 524: from a proxy
BLOCKED_SECONDS = 6 * 3600  # Facebook does not say how long a block for a policy violation lasts


@dataclass(frozen=True)
class ErrorRule:
    """One row of the table. The first rule that matches decides.

    `message` is for the owner of the Page, if a person must act. `phrases` are parts of Graph's message
    in lower case; one of them must occur in it. Without codes a rule matches any code, without subcodes any
    subcode, without a platform both platforms. `recovery` overrides that of the exception class.
    """

    codes: tuple[int | range, ...]
    kind: type[GraphError]
    meaning: str
    message: str = ""
    subcodes: tuple[int, ...] = ()
    phrases: tuple[str, ...] = ()
    platform: str = ""
    recovery: Recovery | None = None
    wait_seconds: float = 0

    def matches(self, code: int | None, subcode: int | None, message: str, platform: str) -> bool:
        return (
            (not self.codes or self._has_code(code))
            and (not self.subcodes or subcode in self.subcodes)
            and (not self.phrases or any(phrase in message for phrase in self.phrases))
            and self.platform in ("", platform)
        )

    def _has_code(self, code: int | None) -> bool:
        return any(code in known if isinstance(known, range) else code == known for known in self.codes)

    def make_error(self, text: str, **details: Any) -> GraphError:
        """Return the exception with the owner's message before `text`; `details` as GraphError takes them."""
        error = self.kind(f"{self.message} {text}" if self.message else text, **details)
        error.recovery = self.recovery or self.kind.recovery
        if isinstance(error, RateLimitError):
            error.wait_seconds = self.wait_seconds
        return error


NO_INSTAGRAM = "Instagram is not available for this Page"
NO_PERMISSION = "A permission is missing or was revoked"
CHECK_SECRET = "check FACEBOOK_APP_SECRET."  # noqa: S105 - not a secret

# Facebook's codes: developers.facebook.com/docs/graph-api/guides/error-handling,
# .../graph-api/overview/rate-limiting and .../messenger-platform/error-codes.
# The HTTP status says little: rate limit errors come with 400 and 403.
ERROR_RULES = (
    ErrorRule(
        (1,), PayloadTooLargeError, "too much data for one response", phrases=("reduce the amount of data",)
    ),
    ErrorRule(
        (1,), TransientError, "unknown error",
        "If this lasts, a permission or Advanced Access may be missing.",
        subcodes=(99,),
    ),
    ErrorRule(
        (2,), GraphError, "contact terms of the Page not accepted (looks transient, is not)",
        "A person who manages the Page must accept Facebook's contact terms in its settings.",
        subcodes=(2018344,),
    ),
    ErrorRule((1,), TransientError, "unknown error; if it lasts, too much data"),
    ErrorRule(
        (-2,), QueryTimeoutError,
        "too much for one response; if even one conversation is too much, the app lacks Advanced Access to "
        "instagram_manage_messages",
        subcodes=(2534084,),
    ),
    ErrorRule((-2,), TransientError, "time-out; if it lasts, too much data"),
    ErrorRule((2,), TransientError, "service temporarily unavailable"),
    ErrorRule(
        (4, 17, 32, 341, 613, range(80000, 80015)), RateLimitError,
        "too many calls, of the app, the user, the Page or its Messenger or Instagram account",
    ),
    ErrorRule(
        (368,), RateLimitError, "temporarily blocked for a policy violation",
        "Facebook has temporarily blocked the app or the Page: look for its message in the Page's support "
        "inbox.",
        recovery=Recovery.WAIT_HOURS, wait_seconds=BLOCKED_SECONDS,
    ),
    ErrorRule(
        (12, 2635), VersionError, "API version no longer served",
        "Facebook no longer serves this version of its API: check GRAPH_API_VERSION.",
    ),
    ErrorRule(
        (), VersionError, "API version unknown",
        "Facebook does not know this version of its API: check GRAPH_API_VERSION.",
        phrases=("unknown path components", "unknown version", "invalid version", "deprecated version",
                 "unsupported version", "api version"),
    ),
    ErrorRule(
        (100, 190, 9000001), NotFoundError, "message deleted, or beyond the 20 that Instagram shows",
        phrases=("message has been deleted", "deleted by the user"), recovery=Recovery.SKIP_MESSAGE,
    ),
    ErrorRule(
        (9000001,), NotFoundError, "message deleted, or beyond the 20 that Instagram shows",
        recovery=Recovery.SKIP_MESSAGE,
    ),
    ErrorRule(
        (190,), AccessTokenError, "app removed",
        f"The app was removed from the Page's settings. {CONNECT_AGAIN}.", (458,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "checkpoint",
        f"Facebook wants the person who connected the Page to log in there. Then: {CONNECT_AGAIN}.", (459,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "password changed",
        f"The person who connected the Page has a new password. {CONNECT_AGAIN}.", (460,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "token expired", f"The access token has expired. {CONNECT_AGAIN}.", (463,)
    ),
    ErrorRule(
        (190,), AccessTokenError, "account not confirmed",
        f"The person who connected the Page must confirm their Facebook account. Then: {CONNECT_AGAIN}.",
        (464,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "role lost",
        f"The person who connected the Page no longer has a role on it. {CONNECT_AGAIN} as a person who has "
        "one.",
        (492,),
    ),
    ErrorRule(
        (102, 190), AccessTokenError, "token invalid",
        f"Facebook does not accept the access token. {CONNECT_AGAIN}.",
    ),
    ErrorRule(
        (104,), AccessTokenError, "wrong signature", f"The signature of the requests is wrong: {CHECK_SECRET}"
    ),
    ErrorRule(
        (100,), AccessTokenError, "signature missing or wrong", f"Requests must be signed: {CHECK_SECRET}",
        phrases=("appsecret_proof",),
    ),
    ErrorRule(
        (10,), PlatformError, "Instagram: link or two-factor login broken",
        f"{NO_INSTAGRAM}: its link to the account is broken, or a two-factor login is required.", (2534077,),
    ),
    ErrorRule(
        (100,), PlatformError, "Instagram: no account linked",
        f"{NO_INSTAGRAM}: no professional account is linked to it.", (2534013,),
    ),
    ErrorRule(
        (200,), PlatformError, "Instagram: access to messages turned off",
        f"{NO_INSTAGRAM}: allow access to messages in the settings of the Instagram app.", (2534041,),
    ),
    ErrorRule(
        (36103,), PlatformError, "Instagram: account not eligible",
        f"{NO_INSTAGRAM}: Facebook says that the account is not eligible.",
    ),
    ErrorRule(
        (10, 100, 200, 506, 551), GraphError, "about sending: window closed, person not available",
        subcodes=(1545041, 1893063, 2018065, 2018278, 2534022, 2534037),
    ),
    ErrorRule((506, 551, 2018300), GraphError, "about sending: duplicate, person unavailable, not the owner"),
    ErrorRule((230,), NotFoundError, "the person has not agreed to show a profile", phrases=("consent",)),
    ErrorRule(
        (3, 10, range(200, 300)), PlatformError, "permission for Instagram missing",
        f"{NO_INSTAGRAM}: a permission is missing or was revoked. {CONNECT_AGAIN} and allow "
        "instagram_basic and instagram_manage_messages.",
        platform="instagram",
    ),
    ErrorRule(
        (3, 10, range(200, 300)), AccessTokenError, "permission missing",
        f"{NO_PERMISSION}. {CONNECT_AGAIN} and allow pages_messaging.",
    ),
    ErrorRule((100,), NotFoundError, "does not exist, or not visible to this token", subcodes=(33, 2018218)),
    ErrorRule((803,), NotFoundError, "does not exist"),
    ErrorRule((2642,), StaleCursorError, "stale cursor"),
    ErrorRule((100,), StaleCursorError, "cursor too deep or stale", phrases=("cursor",)),
    ErrorRule(
        (100,), PayloadTooLargeError, "`limit` too high",
        phrases=("param limit", "parameter limit", "limit must"),
    ),
    ErrorRule((100, 2500), InvalidRequestError, "field unknown, parameter refused"),
)  # fmt: skip

# Responses without an `error` object or with an unknown code: (what happened, recovery).
FALLBACK_RULES = (
    ("any other code with `is_transient`, or with HTTP 5xx", Recovery.RETRY),
    ("any other code with HTTP 429; HTTP 429 without JSON", Recovery.WAIT),
    ("any other code", Recovery.MARK_PENDING),
    ("no response: not reachable, connection reset, incomplete", Recovery.RETRY),
    ("no response in time, or HTTP 408, 504 or 524; if it lasts, too much data", Recovery.RETRY),
    ("a response that is not JSON, too deep, not an object, or a list without `data`", Recovery.RETRY),
    ("a redirect: it is not followed", Recovery.RETRY),
    ("a response larger than the limit", Recovery.SHRINK),
    ("a usage counter at 95 % or more", Recovery.WAIT),
    ("twenty answers in a row of one list without anything new", Recovery.MARK_PENDING),
)


def from_error(error: dict, *, status: int, token: str, platform: str = "") -> GraphError:
    """Return the exception for Graph's `error` object. Its code decides before the HTTP status."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    message = single_line(redact(str(error.get("message") or "no reason given"), token))
    trace = single_line(redact(str(error.get("fbtrace_id") or ""), token))
    text, lowered = f"Facebook says: {message}", message.lower()
    rule = next((rule for rule in ERROR_RULES if rule.matches(code, subcode, lowered, platform)), None)
    details: dict[str, Any] = {"code": code, "subcode": subcode, "trace": trace}
    result = rule.make_error(text, **details) if rule else _kind_without_code(error, status)(text, **details)
    user_texts = (error.get("error_user_title"), error.get("error_user_msg"))
    result.user_text = ": ".join(single_line(redact(str(each), token)) for each in user_texts if each)
    is_timeout = status in TIMEOUT_STATUSES or code == TIMEOUT_CODE
    result.timed_out = is_timeout and isinstance(result, TransientError)
    return result


def from_status(status: int) -> GraphError:
    """Return the exception for a response that is not Graph's JSON."""
    kind = RateLimitError if status == 429 else TransientError
    error = kind(f"Facebook sent an invalid response (HTTP {status}).")
    error.timed_out = status in TIMEOUT_STATUSES
    return error


def recoveries() -> Iterator[tuple[str, str, str, str]]:
    """Yield (codes or "", what happened, recovery, message for the owner or "") for the documentation."""
    for rule in ERROR_RULES:
        yield _format_codes(rule), rule.meaning, (rule.recovery or rule.kind.recovery).value, rule.message
    for event, recovery in FALLBACK_RULES:
        yield "", event, recovery.value, ""


def _format_codes(rule: ErrorRule) -> str:
    """Return, for example, `100 / 33, 2018218 (instagram, "cursor")`."""
    codes = ", ".join(
        f"{code.start}-{code.stop - 1}" if isinstance(code, range) else str(code) for code in rule.codes
    )
    subcodes = f" / {', '.join(map(str, rule.subcodes))}" if rule.subcodes else ""
    conditions = [rule.platform] * bool(rule.platform) + [f'"{phrase}"' for phrase in rule.phrases]
    return f"{codes or 'any'}{subcodes}" + (f" ({', '.join(conditions)})" if conditions else "")


def _kind_without_code(error: dict, status: int) -> type[GraphError]:
    if error.get("is_transient") is True or status >= 500:
        return TransientError
    return RateLimitError if status == 429 else GraphError


def _number(value) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
