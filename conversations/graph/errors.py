"""The exceptions of the Graph client, one class for each thing that a caller can do next.

No exception carries a URL or an access token, although Graph puts the token into `paging.next` and into
some of its messages. `error_table.py` maps Graph's error codes to these classes.
"""

import copy
import re
from enum import StrEnum

TOKEN_LIKE = re.compile(r"EAA[0-9A-Za-z]{16,}|\b[0-9a-f]{64}\b")  # access tokens, appsecret_proof
MAX_MESSAGE_LENGTH = 500
CONNECT_AGAIN = "Connect the Page again"


class Recovery(StrEnum):
    """How the sync handles an error. The values are printed in the documentation."""

    SHRINK = "request less data at the same position"
    WAIT = "wait as long as Facebook says, then send one probe"
    WAIT_HOURS = "store how long no request is allowed, and end the run"
    RETRY = "back off, then try again"
    CORE_FIELDS = "request only the documented fields; otherwise omit the refused parameter"
    RESTART_LIST = "start again at the top of the list"
    SKIP_MESSAGE = "read the messages around it, and record the message as unreadable"
    SKIP_THREAD = "skip the thread, and record it as unreadable"
    MARK_PENDING = "record the request as pending, and continue"
    STOP_PLATFORM = "stop this platform of the Page; the other one continues"
    STOP_PAGE = "stop this Page until a person has acted"
    CONFIRM_LATER = "end the run; ask again later, and only then stop this Page until a person has acted"
    CONFIRM_ON_LIST = (
        "of a thread: ask the list, and record the thread as pending; of the list: stop the platform"
    )
    STOP_AND_FIX = "stop at once: the settings must be corrected"


class GraphError(Exception):
    """The base class of all errors of the Graph client.

    An instance of this class itself means: record the failure and continue elsewhere, because nothing that
    we do makes the next try succeed. `recovery` says what to do, also where several recoveries share a
    class. `code`, `subcode`, `trace` and `is_transient` are Graph's `code`, `error_subcode`, `fbtrace_id` and
    `is_transient`, if present. `advice` is what the owner of the Page must do, in our words, or empty.
    `user_text` is Graph's `error_user_title` and `error_user_msg`. It is for managers only, and therefore
    neither in `text` nor in `str()`, which are stored where others see them. `timed_out`: there was no answer
    in time, so that a request for less may succeed. `never_left`: there was no connection, so that Facebook
    cannot have got anything.
    """

    recovery = Recovery.MARK_PENDING
    user_text = ""
    timed_out = False
    never_left = False
    is_transient = False

    def __init__(
        self,
        text: str,
        *,
        code: int | None = None,
        subcode: int | None = None,
        trace: str = "",
        advice: str = "",
    ):
        self.text, self.code, self.subcode, self.trace, self.advice = text, code, subcode, trace, advice
        super().__init__(text)

    def __str__(self):
        details = [
            f"{name} {value}"
            for name, value in (("code", self.code), ("subcode", self.subcode), ("trace", self.trace))
            if value
        ]
        return f"{self.text} ({', '.join(details)})" if details else self.text

    @property
    def full_text(self) -> str:
        """Everything that Facebook says, for managers."""
        parts = [
            str(self),
            "Facebook says that this is temporary." if self.is_transient else "",
            f"Facebook adds: {self.user_text}" if self.user_text else "",
        ]
        return " ".join(filter(None, parts))

    @property
    def facebook_text(self) -> str:
        """What Facebook says, without our advice, for managers."""
        return self.full_text.removeprefix(self.advice).strip()

    @property
    def stops(self) -> bool:
        """Whether all other requests of this platform would fail in the same way."""
        return self.recovery in STOPPING

    @property
    def is_retried(self) -> bool:
        """Whether the same request may succeed a little later. Facebook's `is_transient` is believed."""
        has_own_recovery = self.recovery in (Recovery.WAIT, Recovery.WAIT_HOURS, Recovery.SHRINK)
        return self.recovery is Recovery.RETRY or (self.is_transient and not has_own_recovery)


class ActionRequiredError(GraphError):
    """Stop this Page: a person must act. `advice` says what to do, and where."""

    recovery = Recovery.STOP_PAGE


class AccessTokenError(ActionRequiredError):
    """Facebook does not accept the token. Ask again later before you stop the Page: it may be an outage."""

    recovery = Recovery.CONFIRM_LATER


class MissingPermissionError(ActionRequiredError):
    """A permission is missing, for all of the Page or for one thread: the list of threads shows which."""

    recovery = Recovery.CONFIRM_ON_LIST


class PageMovedError(ActionRequiredError):
    """Facebook merged the Page into another one. `new_page_id` is its ID, or empty."""

    new_page_id = ""


class PlatformError(GraphError):
    """Stop this platform (Instagram) of this Page; Messenger continues."""

    recovery = Recovery.STOP_PLATFORM


class VersionError(GraphError):
    """Stop at once: Facebook does not serve the API version that we request."""

    recovery = Recovery.STOP_AND_FIX


class RateLimitError(GraphError):
    """Wait, then repeat the request. `wait_seconds` is what Facebook says, or 0 if it does not say."""

    recovery = Recovery.WAIT
    wait_seconds: float = 0

    def copy(self) -> "RateLimitError":
        """Return an equal error for another thread: one exception must not be raised in two threads."""
        return copy.copy(self)


class TransientError(GraphError):
    """Repeat the same request a little later."""

    recovery = Recovery.RETRY


class PayloadTooLargeError(GraphError):
    """Request less data at once."""

    recovery = Recovery.SHRINK


class QueryTimeoutError(PayloadTooLargeError):
    """Request less at once: Facebook needs too long. The reason may be the app's access and not the data."""


class AdvancedAccessError(PlatformError):
    """Stop Instagram: even one conversation takes too long, because the app lacks Advanced Access."""


class EndlessListError(GraphError):
    """End this list, window or thread: it goes on and on without anything new."""


class NotFoundError(GraphError):
    """This thread or message cannot be read, now or later: record that and continue."""

    recovery = Recovery.SKIP_THREAD


class SendRefusedError(GraphError):
    """Facebook does not send this message, and would refuse it again. `advice` says why."""


class StaleCursorError(GraphError):
    """The position in the list is lost: start again at its top."""

    recovery = Recovery.RESTART_LIST


class InvalidRequestError(GraphError):
    """The request itself was wrong (an unknown field, a bad parameter) and would fail again."""

    recovery = Recovery.CORE_FIELDS


STOPPING = {
    Recovery.WAIT,
    Recovery.WAIT_HOURS,
    Recovery.STOP_PLATFORM,
    Recovery.STOP_PAGE,
    Recovery.CONFIRM_LATER,
    Recovery.STOP_AND_FIX,
}


def failure_of(error: GraphError) -> str:
    """Return in which of three ways a call has failed, for the numbers of its Page."""
    if isinstance(error, RateLimitError):
        return "throttled"
    return "transient" if isinstance(error, TransientError) else "refused"


def is_unreadable(error: GraphError) -> bool:
    """Whether a thread or message is unreadable for good, even alone and in the smallest size."""
    is_final = isinstance(error, NotFoundError | PayloadTooLargeError)
    return is_final and not isinstance(error, QueryTimeoutError)


def redact(text: str, token: str) -> str:
    """Return the text without the token, which some of Graph's messages repeat."""
    return TOKEN_LIKE.sub("[token]", text.replace(token, "[token]") if token else text)


def shorten(text: str, token: str, longest: int = 100) -> str:
    """Return the start of a text from Facebook as one printable line without the token."""
    return single_line(redact(text, token))[:longest]


def single_line(text: str) -> str:
    """Return the text as one line that every log, terminal and database accepts.

    NUL, lone surrogates and escape sequences are removed.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:MAX_MESSAGE_LENGTH]
