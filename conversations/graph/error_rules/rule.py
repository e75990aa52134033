"""One row of the table of errors: which errors it matches, and the exception that follows."""

import re
from typing import Any

from msgspec import Struct

from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    PageMovedError,
    PlatformError,
    RateLimitError,
    Recovery,
    SendRefusedError,
    TransientError,
)

# Errors that keep their class if Graph calls them temporary: after the retries they still say what to do.
KEPT_IF_TRANSIENT = (ActionRequiredError, PlatformError, SendRefusedError)


class ErrorRule(Struct, frozen=True):
    """One row of the table. The first rule that matches decides.

    `message` is for the owner of the Page, if a person must act. `phrases` are parts of Graph's message
    in lower case; one of them must occur in it. `pattern` is a regular expression for that message; its named
    groups fill the braces of `message`. Without codes a rule matches any code (None: an error without one),
    without subcodes any subcode, without a platform both platforms. `recovery` overrides that of the
    exception class.
    """

    codes: tuple[int | range | None, ...]
    kind: type[GraphError]
    meaning: str
    message: str = ""
    subcodes: tuple[int, ...] = ()
    phrases: tuple[str, ...] = ()
    pattern: str = ""
    platform: str = ""
    recovery: Recovery | None = None
    wait_seconds: float = 0

    def matches(self, code: int | None, subcode: int | None, message: str, platform: str) -> bool:
        return (
            (not self.codes or self._has_code(code))
            and (not self.subcodes or subcode in self.subcodes)
            and (not self.phrases or any(phrase in message for phrase in self.phrases))
            and re.search(self.pattern, message) is not None
            and self.platform in ("", platform)
        )

    def _has_code(self, code: int | None) -> bool:
        return any(
            code is not None and code in known if isinstance(known, range) else code == known
            for known in self.codes
        )

    def make_error(self, text: str, *, is_transient: bool = False, **details: Any) -> GraphError:
        """Return the exception with the owner's message before `text`; `details` as GraphError takes them."""
        found = re.search(self.pattern, text.lower())
        names = found.groupdict("") if found else {}
        advice = self.message.format_map(names) if self.message else ""
        kind = self._kind(is_transient=is_transient)
        error = kind(f"{advice} {text}".strip(), advice=advice, **details)
        error.is_transient = is_transient
        if not isinstance(error, TransientError):
            error.recovery = self.recovery or self.kind.recovery
        if isinstance(error, RateLimitError):
            error.wait_seconds = self.wait_seconds
        if isinstance(error, PageMovedError):
            error.new_page_id = names.get("new_id", "")
        return error

    def _kind(self, *, is_transient: bool) -> type[GraphError]:
        has_own_recovery = (self.recovery or self.kind.recovery) in (
            Recovery.WAIT,
            Recovery.WAIT_HOURS,
            Recovery.SHRINK,
        )
        is_kept = has_own_recovery or issubclass(self.kind, KEPT_IF_TRANSIENT)
        return TransientError if is_transient and not is_kept else self.kind
