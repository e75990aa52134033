"""Errors by what the caller does next, and the table that decides it from Graph's codes.

None of them carries a URL or a token: Graph puts the token into `paging.next` and into some messages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TOKEN_LIKE = re.compile(r"EAA[0-9A-Za-z]{16,}|\b[0-9a-f]{64}\b")  # access tokens, appsecret_proof
LONGEST_MESSAGE = 500
BLOCKED_SECONDS = 6 * 3600  # Facebook does not say how long a block for policy lasts


class Recovery(StrEnum):
    """What is done about an error; the words are those of the documentation."""

    SHRINK = "ask for less at once, at the same place"
    WAIT = "wait as long as Facebook says, then probe once"
    WAIT_HOURS = "remember for how long no call may be made, and end the run"
    RETRY = "back off, then try again"
    CORE_FIELDS = "ask with the documented fields alone; else leave out what was refused"
    RESTART_WALK = "restart the walk at the head of the list"
    SKIP_MESSAGE = "ask around the message, and note it"
    SKIP_THREAD = "skip the thread, and note it"
    FAIL_UNIT = "note what was asked for as owed, and go on"
    STOP_PLATFORM = "stop this platform of the Page; the other goes on"
    STOP_PAGE = "stop this Page until a person has acted"
    STOP_AND_FIX = "stop at once: the settings are to be mended"


class GraphError(Exception):
    """Note it and go on elsewhere: nothing of ours makes the next try better. The base of all others.

    `recovery` says what is to be done, also where several recoveries share a class.
    """

    recovery = Recovery.FAIL_UNIT

    def __init__(self, words: str, *, code: int | None = None, subcode: int | None = None, trace: str = ""):
        self.words, self.code, self.subcode, self.trace = words, code, subcode, trace
        super().__init__(words)

    def __str__(self):
        marks = [
            f"{name} {value}"
            for name, value in (("code", self.code), ("subcode", self.subcode), ("trace", self.trace))
            if value
        ]
        return f"{self.words} ({', '.join(marks)})" if marks else self.words

    @property
    def stops(self) -> bool:
        """Whether it is about more than what was asked for: nothing else would be answered either."""
        return self.recovery in STOPPING


class AccessTokenError(GraphError):
    """Stop this Page: a person must connect it again."""

    recovery = Recovery.STOP_PAGE


class PlatformError(GraphError):
    """Stop this platform (Instagram) of this Page; Messenger goes on."""

    recovery = Recovery.STOP_PLATFORM


class VersionError(GraphError):
    """Stop at once: Facebook does not know the version that we ask for."""

    recovery = Recovery.STOP_AND_FIX


class RateLimitError(GraphError):
    """Wait, then ask again. `wait_seconds`: what Facebook says, 0 where it does not say."""

    recovery = Recovery.WAIT
    wait_seconds: float = 0

    def again(self) -> "RateLimitError":
        """The same for another thread: one exception must not be raised in two."""
        error = type(self)(self.words, code=self.code, subcode=self.subcode, trace=self.trace)
        error.recovery, error.wait_seconds = self.recovery, self.wait_seconds
        return error


class TransientError(GraphError):
    """Try the same again a little later."""

    recovery = Recovery.RETRY


class TooMuchDataError(GraphError):
    """Ask for less at once."""

    recovery = Recovery.SHRINK


class GoneError(GraphError):
    """This thread or message cannot be read, now or later: note it and go on."""

    recovery = Recovery.SKIP_THREAD


class CursorError(GraphError):
    """The place in the list is lost: start again at its head."""

    recovery = Recovery.RESTART_WALK


class RefusedRequestError(GraphError):
    """The request itself was wrong: an unknown field, a bad parameter. The same again fails again."""

    recovery = Recovery.CORE_FIELDS


STOPPING = {
    Recovery.WAIT,
    Recovery.WAIT_HOURS,
    Recovery.STOP_PLATFORM,
    Recovery.STOP_PAGE,
    Recovery.STOP_AND_FIX,
}
RECONNECT = "Connect the Page again"


@dataclass(frozen=True)
class Row:
    """One row of the table; the first that fits decides.

    `words` are for the owner, where a person must act. `texts`: parts of Graph's message in lower case,
    one of which must be in it. No codes: any code; no subcodes: any subcode; no platform: both.
    """

    codes: tuple[int | range, ...]
    kind: type[GraphError]
    meaning: str
    words: str = ""
    subcodes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    platform: str = ""
    recovery: Recovery | None = None  # None: that of the kind
    wait_seconds: float = 0

    def fits(self, code: int | None, subcode: int | None, message: str, platform: str) -> bool:
        return (
            (not self.codes or self._has(code))
            and (not self.subcodes or subcode in self.subcodes)
            and (not self.texts or any(text in message for text in self.texts))
            and self.platform in ("", platform)
        )

    def _has(self, code: int | None) -> bool:
        return any(code in known if isinstance(known, range) else code == known for known in self.codes)

    def error(self, words: str, **marks: Any) -> GraphError:
        error = self.kind(f"{self.words} {words}" if self.words else words, **marks)
        error.recovery = self.recovery or self.kind.recovery
        if isinstance(error, RateLimitError):
            error.wait_seconds = self.wait_seconds
        return error


NO_INSTAGRAM = "Instagram is not available for this Page"
NO_PERMISSION = "A permission is missing or was taken away"
SECRET = "check FACEBOOK_APP_SECRET."  # noqa: S105 - words about it

# Facebook's codes: developers.facebook.com/docs/graph-api/guides/error-handling,
# .../graph-api/overview/rate-limiting and .../messenger-platform/error-codes.
# Status codes of HTTP say little: throttles come as 400 and 403.
TABLE = (
    Row((1,), TooMuchDataError, "too much data for one answer", texts=("reduce the amount of data",)),
    Row(
        (1,), TransientError, "unknown error",
        "If this lasts, a permission or Advanced Access may be missing.",
        subcodes=(99,),
    ),
    Row(
        (2,), GraphError, "contact terms of the Page not accepted (looks transient, is not)",
        "Somebody who manages the Page must accept Facebook's contact terms in its settings.",
        subcodes=(2018344,),
    ),
    Row((1,), TransientError, "unknown error; where it lasts, too much data"),
    Row((2,), TransientError, "service not available for now"),
    Row(
        (4, 17, 32, 341, 613, range(80000, 80015)), RateLimitError,
        "too many calls, of the app, the user, the Page or its Messenger or Instagram account",
    ),
    Row(
        (368,), RateLimitError, "blocked for a while for policy",
        "Facebook has blocked the app or the Page for a while: look for its message in the Page's support "
        "inbox.",
        recovery=Recovery.WAIT_HOURS, wait_seconds=BLOCKED_SECONDS,
    ),
    Row(
        (12, 2635), VersionError, "version of the API ended",
        "Facebook no longer serves this version of its API: check GRAPH_API_VERSION.",
    ),
    Row(
        (), VersionError, "version of the API unknown",
        "Facebook does not know this version of its API: check GRAPH_API_VERSION.",
        texts=("unknown path components", "unknown version", "invalid version", "deprecated version",
               "unsupported version", "api version"),
    ),
    Row(
        (100, 190, 9000001), GoneError, "message deleted, or beyond the 20 that Instagram shows",
        texts=("message has been deleted", "deleted by the user"), recovery=Recovery.SKIP_MESSAGE,
    ),
    Row(
        (9000001,), GoneError, "message deleted, or beyond the 20 that Instagram shows",
        recovery=Recovery.SKIP_MESSAGE,
    ),
    Row(
        (190,), AccessTokenError, "app removed",
        f"The app was removed from the Page's settings. {RECONNECT}.", (458,),
    ),
    Row(
        (190,), AccessTokenError, "checkpoint",
        f"Facebook wants the person who connected the Page to log in there. Then: {RECONNECT}.", (459,),
    ),
    Row(
        (190,), AccessTokenError, "password changed",
        f"The person who connected the Page has a new password. {RECONNECT}.", (460,),
    ),
    Row((190,), AccessTokenError, "token expired", f"The access token has expired. {RECONNECT}.", (463,)),
    Row(
        (190,), AccessTokenError, "account not confirmed",
        f"The person who connected the Page must confirm their account at Facebook. Then: {RECONNECT}.",
        (464,),
    ),
    Row(
        (190,), AccessTokenError, "role lost",
        f"The person who connected the Page has lost their role on it. {RECONNECT} as somebody who has one.",
        (492,),
    ),
    Row(
        (102, 190), AccessTokenError, "token invalid",
        f"Facebook does not accept the access token. {RECONNECT}.",
    ),
    Row((104,), AccessTokenError, "wrong signature", f"The signature of the calls is wrong: {SECRET}"),
    Row(
        (100,), AccessTokenError, "signature missing or wrong", f"Calls are signed: {SECRET}",
        texts=("appsecret_proof",),
    ),
    Row(
        (10,), PlatformError, "Instagram: link or two-factor login broken",
        f"{NO_INSTAGRAM}: its link to the account is broken, or a two-factor login is due.", (2534077,),
    ),
    Row(
        (100,), PlatformError, "Instagram: no account linked",
        f"{NO_INSTAGRAM}: no professional account is linked to it.", (2534013,),
    ),
    Row(
        (200,), PlatformError, "Instagram: access to messages turned off",
        f"{NO_INSTAGRAM}: allow access to messages in the settings of the Instagram app.", (2534041,),
    ),
    Row(
        (36103,), PlatformError, "Instagram: account not eligible",
        f"{NO_INSTAGRAM}: Facebook says that the account is not eligible.",
    ),
    Row(
        (10, 100, 200, 506, 551), GraphError, "about sending: window closed, person not available",
        subcodes=(1545041, 1893063, 2018065, 2018278, 2534022, 2534037),
    ),
    Row((506, 551, 2018300), GraphError, "about sending: duplicate, person not available, not the owner"),
    Row((230,), GoneError, "the person has not agreed to show a profile", texts=("consent",)),
    Row(
        (3, 10, range(200, 300)), PlatformError, "permission for Instagram missing",
        f"{NO_INSTAGRAM}: a permission is missing or was taken away. {RECONNECT} and allow "
        "instagram_basic and instagram_manage_messages.",
        platform="instagram",
    ),
    Row(
        (3, 10, range(200, 300)), AccessTokenError, "permission missing",
        f"{NO_PERMISSION}. {RECONNECT} and allow pages_messaging.",
    ),
    Row((100,), GoneError, "does not exist, or not for this token", subcodes=(33, 2018218)),
    Row((803,), GoneError, "does not exist"),
    Row((2642,), CursorError, "stale cursor"),
    Row((100,), CursorError, "cursor too deep or stale", texts=("cursor",)),
    Row((100,), TooMuchDataError, "`limit` too high", texts=("param limit", "parameter limit", "limit must")),
    Row((100, 2500), RefusedRequestError, "field unknown, parameter refused"),
)  # fmt: skip

# What is not in an `error` object, or has no known code: (what came, recovery).
OTHERS = (
    ("any other code with `is_transient`, or with HTTP 5xx", Recovery.RETRY),
    ("any other code with HTTP 429; HTTP 429 without JSON", Recovery.WAIT),
    ("any other code", Recovery.FAIL_UNIT),
    ("no answer: nobody there, reset, time-out, total time exceeded, cut off", Recovery.RETRY),
    ("an answer that is no JSON, too deep, not an object, or a list without its `data`", Recovery.RETRY),
    ("a redirect: it is not followed", Recovery.RETRY),
    ("an answer larger than allowed", Recovery.SHRINK),
    ("a usage counter at 95 % or more", Recovery.WAIT),
)


def from_error(error: dict, *, status: int, token: str, platform: str = "") -> GraphError:
    """The error that Graph's `error` object means: by its code before anything else."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    message = _in_one_line(redact(str(error.get("message") or "no reason given"), token))
    trace = _in_one_line(redact(str(error.get("fbtrace_id") or ""), token))
    words, lowered = f"Facebook says: {message}", message.lower()
    row = next((row for row in TABLE if row.fits(code, subcode, lowered, platform)), None)
    if row:
        return row.error(words, code=code, subcode=subcode, trace=trace)
    return _kind_without_code(error, status)(words, code=code, subcode=subcode, trace=trace)


def from_status(status: int) -> GraphError:
    """The error that an answer means which is not Graph's JSON."""
    kind = RateLimitError if status == 429 else TransientError
    return kind(f"Facebook gave an answer that makes no sense (HTTP {status}).")


def recoveries() -> Iterator[tuple[str, str, str, str]]:
    """(codes or "", what came, recovery, an owner's words or ""), for the documentation."""
    for row in TABLE:
        yield _codes(row), row.meaning, (row.recovery or row.kind.recovery).value, row.words
    for came, recovery in OTHERS:
        yield "", came, recovery.value, ""


def redact(text: str, token: str) -> str:
    """The text without the token: some of Graph's messages repeat it."""
    return TOKEN_LIKE.sub("[token]", text.replace(token, "[token]") if token else text)


def in_short(text: str, token: str, longest: int = 100) -> str:
    """A piece of what Facebook sent, fit for a note."""
    return _in_one_line(redact(text, token))[:longest]


def _codes(row: Row) -> str:
    """100/33,2018218 (instagram, "cursor")"""
    codes = ", ".join(
        f"{code.start}-{code.stop - 1}" if isinstance(code, range) else str(code) for code in row.codes
    )
    subcodes = f" / {', '.join(map(str, row.subcodes))}" if row.subcodes else ""
    conditions = [row.platform] * bool(row.platform) + [f'"{text}"' for text in row.texts]
    return f"{codes or 'any'}{subcodes}" + (f" ({', '.join(conditions)})" if conditions else "")


def _in_one_line(text: str) -> str:
    """What any log, terminal and database can hold: no NUL, no half characters, no escape sequences."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST_MESSAGE]


def _kind_without_code(error: dict, status: int) -> type[GraphError]:
    if error.get("is_transient") is True or status >= 500:
        return TransientError
    return RateLimitError if status == 429 else GraphError


def _number(value) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
