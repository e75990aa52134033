"""The criteria of a search as plain values, without SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from conversations.lib.folding import UNSPACED, fold, fold_by_former_rules
from conversations.models.facets import Facet, facet_values

FACETS = facet_values()
REPLY_DUE_AFTER = timedelta(hours=24)  # a customer who wrote last waits for a reply after this time
# A shorter term matches the beginning of a word of the name.
MIN_INDEXED_LETTERS = 3
NOBODY = 0  # as the assignee: no user has this ID
MIN_INDEXED_UNSPACED = 2  # in scripts that put no space between words


@dataclass(frozen=True)
class SearchCriteria:
    """A conversation matches if it meets all criteria.

    Pages and tags are given by ID; an unknown ID matches nothing.
    """

    page_ids: tuple[int, ...]
    all_pages: bool = False  # page_ids are all Pages that exist
    include: tuple[int, ...] | None = None  # None: no criterion; empty: matches nothing
    include_all: bool = False
    exclude: tuple[int, ...] = ()
    untagged: bool | None = None
    unread: bool | None = None
    waiting: bool | None = None
    waiting_before: datetime | None = None  # the bound of `waiting`, set if that is
    status: str = ""
    platform: str = ""
    search: str | None = None  # folded; None: no criterion, empty: matches nothing
    former_searches: tuple[str, ...] = ()  # folded by former rules, where that differs
    search_in: str = ""  # names and last messages; messages, names, or all: names, last and all messages
    since: datetime | None = None
    until: datetime | None = None  # inclusive
    ad_id: str = ""  # of the newest referral
    last_message_from: str = ""  # customer or page
    has_attachment: bool | None = None
    attachment_kinds: int = 0  # of which it has one, if `has_attachment`
    assignee: int | None = None  # a user; NOBODY: nobody is
    mentioned: int | None = None  # a user whom a note mentions
    snoozed: bool | None = None
    has_note: bool | None = None
    ids: tuple[int, ...] | None = None  # only these conversations

    @property
    def is_empty(self) -> bool:
        has_nothing = () in (self.include, self.page_ids, self.ids)
        return has_nothing or self.search == "" or self.facets == []

    @cached_property
    def facets(self) -> list[int]:
        """The values of Conversation.facets that match."""
        states = {
            Facet.DONE: {"": None, "done": True, "active": False}[self.status],
            Facet.INSTAGRAM: {"": None, "instagram": True, "messenger": False}[self.platform],
            Facet.UNREAD: self.unread,
            # False is not a facet: whether a reply is due depends on the time.
            Facet.UNANSWERED: self.waiting or None,
        }
        required = {bit: is_set for bit, is_set in states.items() if is_set is not None}
        return [value for value in FACETS if all(bool(value & bit) == required[bit] for bit in required)]

    @property
    def has_facets(self) -> bool:
        return len(self.facets) < len(FACETS)

    @property
    def is_short(self) -> bool:
        return self.search is not None and is_short_term(self.search)

    @property
    def in_messages(self) -> bool:
        """Whether the text of all messages is searched. A short term is no part of it."""
        return self.search_in == "messages" or (self.search_in == "all" and not self.is_short)

    @property
    def terms(self) -> list[str]:
        """The term, and for rows that are not folded again yet the term by former rules."""
        return [term for term in (self.search, *self.former_searches) if term is not None]

    @property
    def has_times(self) -> bool:
        return self.since is not None or self.until is not None

    def count_facets(self, counts: dict[int, int]) -> int:
        """Sum the counts of the facets that match."""
        return sum(counts.get(value, 0) for value in self.facets)


def distinct(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))


def fold_term_by_former_rules(term: str) -> tuple[str, ...]:
    """Return the term as rows of earlier versions have it, where that makes a difference."""
    former = dict.fromkeys(text.strip() for text in fold_by_former_rules(term))
    return tuple(text for text in former if text not in ("", fold_term(term)))


def fold_term(term: str) -> str:
    """Fold a term like the stored texts. The result may be empty (a lone accent) and then matches nothing."""
    return fold(term).strip()


def is_short_term(folded: str) -> bool:
    """Whether the term has too few characters for the text index."""
    shortest = MIN_INDEXED_UNSPACED if UNSPACED.search(folded) else MIN_INDEXED_LETTERS
    return len(folded) < shortest
