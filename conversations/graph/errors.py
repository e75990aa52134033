"""Errors by what the caller does next, and the table that decides it from Graph's codes.

None of them carries a URL or a token: Graph puts the token into `paging.next` and into some messages.
"""

import re
from dataclasses import dataclass

TOKEN_LIKE = re.compile(r"EAA[0-9A-Za-z]{16,}|\b[0-9a-f]{64}\b")  # access tokens, appsecret_proof
LONGEST_MESSAGE = 500


class GraphError(Exception):
    """Stop and show it: nothing of ours makes the next try better. The base of all others."""

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


class AccessTokenError(GraphError):
    """Stop this Page: a person must connect it again."""


class RateLimitError(GraphError):
    """Wait, then ask again. `wait_seconds`: what Facebook says, 0 where it does not say."""

    wait_seconds: float = 0


class TransientError(GraphError):
    """Try the same again a little later."""


class TooMuchDataError(GraphError):
    """Ask for less at once."""


class GoneError(GraphError):
    """This thread or message cannot be read, now or later: note it and go on."""


class CursorError(GraphError):
    """The place in the list is lost: start again at its head."""


class RefusedRequestError(GraphError):
    """The request itself was wrong: an unknown field, a bad parameter. The same again fails again."""


RECONNECT = "Connect the Page again"


@dataclass(frozen=True)
class Row:
    """One row of the table; the first that fits decides. `text` is a part of Graph's message, lower case."""

    codes: range | tuple[int, ...]
    kind: type[GraphError]
    advice: str = ""
    subcodes: tuple[int, ...] = ()
    text: str = ""

    def fits(self, code: int | None, subcode: int | None, message: str) -> bool:
        return (
            code in self.codes
            and (not self.subcodes or subcode in self.subcodes)
            and self.text in message.lower()
        )


# Facebook's codes: developers.facebook.com/docs/graph-api/guides/error-handling and
# .../messenger-platform/error-codes. Status codes of HTTP say little: throttles come as 400 and 403.
TABLE = (
    Row((1,), TooMuchDataError, text="reduce the amount of data"),
    Row((1, 2), TransientError),
    Row((4, 17, 32, 341, 613, 80001, 80002, 80006), RateLimitError),
    Row((190,), AccessTokenError, f"The app was removed from the Page's settings. {RECONNECT}.", (458,)),
    Row((190,), AccessTokenError, f"Facebook wants its person to log in there; then: {RECONNECT}.", (459,)),
    Row((190,), AccessTokenError, f"The password of its person has changed. {RECONNECT}.", (460,)),
    Row((190,), AccessTokenError, f"The access token has expired. {RECONNECT}.", (463,)),
    Row((190,), AccessTokenError, "The person who connected the Page must confirm their account.", (464,)),
    Row(
        (190,), AccessTokenError, "The person who connected the Page has lost their role on it. "
        f"{RECONNECT} as somebody who has one.", (492,)
    ),
    Row((102, 190), AccessTokenError, f"Facebook does not accept the access token. {RECONNECT}."),
    Row((104,), AccessTokenError, "The signature of the calls is wrong: check FACEBOOK_APP_SECRET."),
    Row((100,), AccessTokenError, "Calls are signed: check FACEBOOK_APP_SECRET.", (), "appsecret_proof"),
    Row(
        (3, 10, *range(200, 300)), AccessTokenError,
        f"A permission is missing or was taken away. {RECONNECT} and allow pages_messaging.",
    ),
    Row((100,), GoneError, subcodes=(33,)),
    Row((803, 9000001), GoneError),
    Row((2642,), CursorError),
    Row((100,), CursorError, text="cursor"),
    Row((100, 2500), RefusedRequestError),
)  # fmt: skip


def from_error(error: dict, *, status: int, token: str) -> GraphError:
    """The error that Graph's `error` object means: by its code before anything else."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    message = _in_one_line(redact(str(error.get("message") or "no reason given"), token))
    row = next((row for row in TABLE if row.fits(code, subcode, message)), None)
    kind = row.kind if row else _kind_without_code(error, status)
    advice = f"{row.advice} " if row and row.advice else ""
    trace = _in_one_line(redact(str(error.get("fbtrace_id") or ""), token))
    return kind(f"{advice}Facebook says: {message}", code=code, subcode=subcode, trace=trace)


def from_status(status: int) -> GraphError:
    """The error that an answer means which is not Graph's JSON."""
    kind = RateLimitError if status == 429 else TransientError
    return kind(f"Facebook gave an answer that makes no sense (HTTP {status}).")


def redact(text: str, token: str) -> str:
    """The text without the token: some of Graph's messages repeat it."""
    return TOKEN_LIKE.sub("[token]", text.replace(token, "[token]") if token else text)


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
