"""What a full run shows of the IDs that an earlier run took for the business's because of their threads.

Such an ID may be a person's: a customer who wrote first to two IDs of the business that were not known then.
If the threads of a full run show it beside the business and at most one other person, the decision is taken
back. What Facebook itself shows as an ID of the account is never doubted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from conversations.lib.folding import fold
from conversations.models import Page, Thread
from conversations.sync.load.business import THREADS, find_in_pairs
from conversations.sync.load.joining import UNREAD_THREAD
from conversations.sync.load.transform import ThreadRows

REVOKED = "{} is a person and not the business: it stands in threads with the business and nobody else."
MAX_PEOPLE = 50  # beside an ID: then there is no doubt
MAX_THREADS = 1000  # of an ID of which there is doubt; each is read again


class Evidence:
    """Who stands beside the doubtful IDs in the threads of two people that one full run lists."""

    def __init__(self, page: Page):
        self._page = page
        self._beside: dict[str, dict[str, str]] = defaultdict(dict)  # by doubtful ID: names by ID
        self._threads: dict[str, set[str]] = defaultdict(set)

    def add(self, rows: Iterable[ThreadRows], doubtful: set[str]) -> None:
        for row in rows:
            listed = row.people.listed
            if len(listed) == 2 and not doubtful.isdisjoint(listed):
                for one, other in (listed, listed[::-1]):
                    if one in doubtful and len(self._beside[one]) < MAX_PEOPLE:
                        name = row.conversation.sender_name if row.conversation else ""
                        self._beside[one][other] = name if other == row.listed_id else ""
                        self._threads[one].add(row.thread.graph_id)

    def clear(self) -> None:
        self._beside.clear()
        self._threads.clear()

    def wrong_ids(self) -> tuple[list[str], set[str]]:
        """Return the IDs that are persons', and those that prove to be the business's instead."""
        doubtful = doubtful_ids(self._page) & self._beside.keys()
        if not doubtful:
            return [], set()
        certain = self._page.business_ids - doubtful
        found = set(find_in_pairs(self._page, self._pairs(), certain))
        wrong = [key for key in sorted(doubtful - found) if self._is_person(key, certain | found)]
        return wrong, found - self._page.business_ids if wrong else set()

    def _pairs(self) -> dict[str, dict[str, str]]:
        pairs: dict[str, dict[str, str]] = defaultdict(dict)
        for key, others in self._beside.items():
            for other, name in others.items():
                pairs[key][other] = name
                pairs[other].setdefault(key, "")
        return pairs

    def _is_person(self, key: str, business: set[str]) -> bool:
        others = {other: name for other, name in self._beside[key].items() if other not in business}
        names = {fold(name) or other for other, name in others.items()}
        return len(names) < 2 and len(others) < len(self._beside[key])

    def threads_to_read(self, ids: Sequence[str]) -> list[Thread]:
        """Return the stored threads in which these IDs stand, marked as pending."""
        graph_ids = {graph_id for key in ids for graph_id in self._threads[key]}
        threads = list(self._page.threads.filter(graph_id__in=graph_ids).order_by("pk")[:MAX_THREADS])
        pending = {"state": Thread.State.OWED, "reason": UNREAD_THREAD["reason"], "record": None}
        self._page.threads.filter(pk__in=[thread.pk for thread in threads]).update(**pending)
        return threads


def doubtful_ids(page: Page) -> set[str]:
    """Return the IDs of the business that were found by comparing threads."""
    return {key for key, value in page.business_aliases.items() if value["source"] == THREADS}
