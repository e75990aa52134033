"""Chooses lists of more than the usual 100 conversations, if Facebook returns them.

Facebook does not document how many it returns. It may reduce the number silently, refuse it, or take too
long. None of that loses anything: the list goes on where the answer ends, or the call is repeated in the
usual size. What was learnt is `Capabilities.most_conversations`.
"""

import threading

from conversations.graph import fields
from conversations.graph.capabilities import Capabilities
from conversations.graph.http import HttpResponse
from conversations.graph.records import ConversationBatch

USUAL = fields.LIST_SIZES[0][0]
LARGER = (400, 200)  # the largest that may be requested comes first
# What one answer may take. Facebook gives up after about half a minute.
MAX_SECONDS, MAX_BYTES = 20.0, 10_000_000
SLOWER = 3  # times as long for each conversation as the usual number: not worth it
NOTICEABLE_SECONDS = 3  # a shorter answer is never too slow
SHORT = 0.9  # of the requested number: Facebook may leave out single conversations


class LargerLists:
    """How many conversations to request at once, for one Page and platform. Safe to share between threads."""

    def __init__(self, capabilities: Capabilities):
        self._capabilities = capabilities
        self._is_trying = False
        self._seconds_each = self._bytes_each = 0.0  # of a conversation in an answer of the usual size
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The number that the next call for a part of a list requests, once one was returned."""
        return self._affordable(self._capabilities.most_conversations or USUAL)

    @property
    def expected_seconds(self) -> float:
        """How long an answer of that size takes, as far as the usual size tells."""
        return self._seconds_each * self.size

    def take(self) -> int:
        """Return the number to request. If it is not known what Facebook returns, one call tries it out."""
        with self._lock:
            if self._capabilities.most_conversations is not None or self._is_trying:
                return self.size
            size = self._affordable(LARGER[0]) if self._seconds_each else USUAL
            self._is_trying = size > USUAL
            return size

    def returned(self, requested: int, batch: ConversationBatch, response: HttpResponse) -> None:
        """Use an answer to a request for this many."""
        count = len(batch.conversations) + batch.without_id
        with self._lock:
            if requested <= USUAL:
                if count >= USUAL * SHORT:  # a small answer takes longer for each
                    self._seconds_each, self._bytes_each = response.seconds / count, response.size / count
                return
            self._is_trying = False
            if self._is_too_slow(count, response):
                self._limit(_smaller(requested))
            elif count >= requested * SHORT:
                self._capabilities.most_conversations = self._capabilities.most_conversations or requested
            elif batch.after is not None:
                self._limit(next((size for size in LARGER if size <= count), USUAL))

    def failed(self, requested: int) -> None:
        """Record that this many were too much."""
        with self._lock:
            self._is_trying = False
            self._limit(_smaller(requested))

    def gave_no_answer(self) -> None:
        """Record that a call failed for another reason than its size."""
        self._is_trying = False

    def _limit(self, size: int) -> None:
        self._capabilities.most_conversations = min(self._capabilities.most_conversations or size, size)

    def _affordable(self, most: int) -> int:
        fitting = (
            size
            for size in LARGER
            if size <= most
            and size * self._seconds_each <= MAX_SECONDS
            and size * self._bytes_each <= MAX_BYTES
        )
        return next(fitting, USUAL)

    def _is_too_slow(self, count: int, response: HttpResponse) -> bool:
        if response.seconds > MAX_SECONDS or response.size > MAX_BYTES:
            return True
        usual = self._seconds_each * count
        return response.seconds > NOTICEABLE_SECONDS and response.seconds > SLOWER * usual > 0


def _smaller(size: int) -> int:
    return next((each for each in LARGER if each < size), USUAL)
