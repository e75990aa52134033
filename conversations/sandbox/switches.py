"""Behavior of Facebook that is undocumented or varies, selectable while the sandbox runs."""

from dataclasses import dataclass, field
from typing import Any, Literal

OLDEST_VERSION = "v21.0"  # unversioned calls and calls to ended versions are served by the oldest live one
FOLDERS = ("inbox", "page_done", "other", "pending", "spam")


@dataclass
class Switches:
    # Access
    app_id: str = "100000000000000"
    app_secret: str | None = None
    require_proof: bool = False
    app: Literal["live", "off", "blocked", "inactive", "development"] = "live"  # other than live: code 200
    token_error_status: int = 400  # 401 has been seen too

    # Fields, folders and limits
    # "snippet" or, for one node type, "Message.reactions"
    refused_fields: set[str] = field(default_factory=set)
    name_refused_fields: bool = True  # in the error message
    folders: set[str] = field(default_factory=lambda: set(FOLDERS))  # any other is refused
    ignored_folders: set[str] = field(default_factory=set)  # a request for one lists the inbox
    check_permissions: bool = False  # conversations only with the permission that their platform needs
    debug_needs_app: bool = False  # /debug_token only with app-id|app-secret, otherwise with any token
    null_batch_items: int = 0  # every n-th part of a batch is null, as one that took too long
    max_limit: int | None = None  # a higher `limit` is reduced silently
    updated_ms: Literal["honoured", "ignored", "refused"] = "ignored"  # updated_after_ms, updated_before_ms
    total_count: Literal["honoured", "ignored", "refused", "wrong"] = "honoured"  # summary of conversations
    updated_after_inclusive: bool = True
    updated_before_inclusive: bool = True
    # Nested messages beyond the 20 newest.
    instagram_old_messages: Literal["bare id", "omitted", "call fails"] = "bare id"

    # Content
    serve_files: bool = False  # links of files lead to this server, which has them
    file_seconds: float = 6 * 3600  # until such a link expires
    # Of people who have written: to all, only name and picture, or to nobody.
    profiles: Literal["shown", "public", "refused"] = "shown"
    standard_access: bool = (
        False  # the app lacks Advanced Access: threads of people without a role are hidden
    )
    time_format: str = "graph"  # of created_time and updated_time: a key of TIME_FORMATS, or "mixed"
    same_second_order: Literal["stable", "reversed", "varies"] = "stable"  # of messages, within an answer
    participants_order: Literal["customer first", "business first", "varies"] = "customer first"

    # Pagination
    message_paging: Literal["cursors", "time"] = "cursors"  # "time": until and __paging_token, no cursors
    nested_next: bool = True  # without: nested edges show a part, and cursors, but no `next`
    max_nested_limit: int | None = None  # a higher `.limit()` of a nested edge is reduced silently
    cursors_follow: Literal["position", "item"] = "position"
    short_pages: int = 0  # every n-th list answer returns half of what was requested
    empty_pages: int = 0  # every n-th list answer is empty but has `next`; at least 2
    deepest_position: int | None = None  # an `after` beyond it is refused with code 100
    omit_cursors: bool = False  # `paging` has only links
    next_url: str | None = None  # the scheme and host of `next`; default: this server

    # Encoding
    escape_slashes: bool = True
    escape_unicode: bool = True

    @property
    def differ_by_answer(self) -> bool:
        """Whether the same data can look different in another answer."""
        return "varies" in (self.same_second_order, self.participants_order)


# Values under which the answers say the same in another form: a copy must be equal under each of them.
EQUIVALENT: dict[str, dict[str, Any]] = {
    "times in all forms": {"time_format": "mixed"},
    "times as numbers": {"time_format": "seconds"},
    "times without offset": {"time_format": "no offset"},
    "another order within a second": {"same_second_order": "reversed"},
    "varying order within a second": {"same_second_order": "varies"},
    "the business first": {"participants_order": "business first"},
    "varying order of participants": {"participants_order": "varies"},
    "links by time": {"message_paging": "time"},
    "links without cursors": {"omit_cursors": True},
    "nested messages without next": {"nested_next": False},
    "at most 25 nested messages": {"max_nested_limit": 25},
    "cursors that follow items": {"cursors_follow": "item"},
    "short answers": {"short_pages": 2},
    "empty answers": {"empty_pages": 3},
    "no escapes": {"escape_slashes": False, "escape_unicode": False},
}


@dataclass
class Latency:
    """Seconds an answer takes, times `scale`; 0 is no wait at all."""

    scale: float = 0.0
    call: float = 0.3
    conversation: float = 0.004
    message: float = 0.0004

    def seconds(self, conversations: int, messages: int) -> float:
        return self.scale * (self.call + self.conversation * conversations + self.message * messages)
