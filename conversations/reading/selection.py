"""What is asked of the conversations, as values: no SQL, no tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.text import fold

DONE, INSTAGRAM, UNREAD, WAITS = 1, 2, 4, 8  # the bits of Conversation.facets
# What is done waits for nobody.
FACETS = [value for value in range(16) if not (value & DONE and value & WAITS)]
WAITING = timedelta(hours=24)  # a customer who wrote last and that long ago waits for a reply
INDEXED_LETTERS = 3  # shorter terms mean the beginning of a word of the name


@dataclass(frozen=True)
class Selection:
    """Conversations that fit all of this. Pages and tags by id; ids that nothing has match nothing."""

    page_ids: tuple[int, ...]
    everywhere: bool = False  # these are all Pages there are
    include: tuple[int, ...] | None = None  # None: not asked for; empty: none fits
    include_all: bool = False
    exclude: tuple[int, ...] = ()
    untagged: bool | None = None
    unread: bool | None = None
    waiting: bool | None = None
    waits_before: datetime | None = None  # who wrote last before that waits, where `waiting` is asked for
    status: str = ""
    platform: str = ""
    search: str | None = None  # folded; None: not asked for, empty: none fits
    in_messages: bool = False  # the search is for the text of all messages
    since: datetime | None = None
    until: datetime | None = None  # inclusive

    @property
    def is_impossible(self) -> bool:
        return self.include == () or self.search == "" or self.page_ids == () or self.facets == []

    @property
    def facets(self) -> list[int]:
        """Those values of Conversation.facets that fit."""
        wanted = {
            DONE: {"": None, "done": True, "active": False}[self.status],
            INSTAGRAM: {"": None, "instagram": True, "messenger": False}[self.platform],
            UNREAD: self.unread,
            WAITS: self.waiting or None,  # who does not wait may be in any
        }
        asked = {bit: is_set for bit, is_set in wanted.items() if is_set is not None}
        return [value for value in FACETS if all(bool(value & bit) == asked[bit] for bit in asked)]

    @property
    def has_facets(self) -> bool:
        return len(self.facets) < len(FACETS)

    @property
    def is_short(self) -> bool:
        return self.search is not None and len(self.search) < INDEXED_LETTERS

    @property
    def has_times(self) -> bool:
        return self.since is not None or self.until is not None

    def facets_of(self, counts: dict[int, int]) -> int:
        """How many have fitting facets, of these numbers by facets."""
        return sum(counts.get(value, 0) for value in self.facets)


def distinct(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))


def folded(term: str) -> str:
    """A term as `search` holds it. Of a lone accent nothing is left, and nothing is found by it."""
    return fold(term).strip()
