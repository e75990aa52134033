"""The table that decides from Graph's error codes which exception is raised and how the sync recovers."""

from collections.abc import Iterator
from typing import Any

from conversations.graph.error_rules.access_rules import (
    APP_RULES,
    INSTAGRAM_RULES,
    PAGE_RULES,
    PERMISSION_RULES,
    TOKEN_RULES,
)
from conversations.graph.error_rules.rule import ErrorRule
from conversations.graph.error_rules.send_rules import SEND_RULES
from conversations.graph.errors import (
    GraphError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
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
    *APP_RULES,
    *INSTAGRAM_RULES,
    *PAGE_RULES,
    *TOKEN_RULES,
    *SEND_RULES,
    ErrorRule((230,), NotFoundError, "the person has not agreed to show a profile", phrases=("consent",)),
    *PERMISSION_RULES,
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
    ("any code with `is_transient`, unless its row says to wait or to request less", Recovery.RETRY),
    ("any other code with HTTP 5xx", Recovery.RETRY),
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

    def read(name: str) -> str:
        return single_line(redact(str(error.get(name) or ""), token))

    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    details: dict[str, Any] = {"code": code, "subcode": subcode, "trace": read("fbtrace_id")}
    message, is_transient = read("message") or "no reason given", error.get("is_transient") in (True, "true")
    text, lowered = f"Facebook says: {message}", message.lower()
    rule = next((rule for rule in ERROR_RULES if rule.matches(code, subcode, lowered, platform)), None)
    if rule:
        result = rule.make_error(text, is_transient=is_transient, **details)
    else:
        result = _kind_without_code(status, is_transient=is_transient)(text, **details)
        result.is_transient = is_transient
    result.user_text = ": ".join(filter(None, [read("error_user_title"), read("error_user_msg")]))
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
    codes = ", ".join(map(_format_code, rule.codes))
    subcodes = f" / {', '.join(map(str, rule.subcodes))}" if rule.subcodes else ""
    conditions = [rule.platform] * bool(rule.platform) + [f'"{phrase}"' for phrase in rule.phrases]
    conditions += [f"`{rule.pattern}`"] * bool(rule.pattern)
    return f"{codes or 'any'}{subcodes}" + (f" ({', '.join(conditions)})" if conditions else "")


def _format_code(code: int | range | None) -> str:
    if isinstance(code, range):
        return f"{code.start}-{code.stop - 1}"
    return "no code" if code is None else str(code)


def _kind_without_code(status: int, *, is_transient: bool) -> type[GraphError]:
    if is_transient or status >= 500:
        return TransientError
    return RateLimitError if status == 429 else GraphError


def _number(value) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
