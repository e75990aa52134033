"""Notices that a list never ends: it goes on and on, but shows nothing that it has not shown before.

Neither cursors nor the number of items say so: Facebook sends new cursors for known items, known cursors for
new items, and empty answers in the middle of a list. Nor is it plausible that a list always shows new threads
of the same time: Facebook lists the newest first.
"""

from collections.abc import Iterable

from conversations.graph.errors import EndlessListError

MAX_ANSWERS_WITHOUT_NEW = 20  # in a row
MAX_ANSWERS_NOT_OLDER = 500  # in a row: one second may have many threads, but not so many
MAX_EXACT = 10_000  # hashes that are remembered one by one: less than a megabyte
FILTER_BITS = 2**25  # of a Bloom filter: 4 MB, whatever the length of the list
PROBES = 4  # bits of the filter for each item


class ShownItems:
    """The items that a list has shown, by their IDs.

    A long list is remembered in a Bloom filter. It takes one new item in 6,000 for a known one when it has a
    million items, and one in four when it has ten million; never a known one for a new one. That is harmless:
    it would have to be wrong about all items of twenty answers in a row.
    """

    __slots__ = ("_filter", "_hashes")

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._filter = bytearray()

    def add(self, ids: Iterable[str]) -> bool:
        """Remember items. Return whether one of them is new."""
        hashes = set(map(hash, ids))
        if not self._filter and len(self._hashes) + len(hashes) > MAX_EXACT:
            self._filter = bytearray(FILTER_BITS // 8)
            self._add_to_filter(self._hashes)
            self._hashes = set()
        if self._filter:
            return self._add_to_filter(hashes)
        before = len(self._hashes)
        self._hashes |= hashes
        return len(self._hashes) > before

    def _add_to_filter(self, hashes: Iterable[int]) -> bool:
        is_new = False
        for item in hashes:
            step = (item >> 32) | 1
            for number in range(PROBES):
                byte, bit = divmod((item + number * step) % FILTER_BITS, 8)
                is_new = is_new or not self._filter[byte] >> bit & 1
                self._filter[byte] |= 1 << bit
        return is_new


class ListProgress:
    """The progress of reading one list: what it has shown, and how many answers in a row led nowhere.

    `error` is set once the list is known not to end. `oldest` is the second down to which it was read.
    """

    # A run may have one for each long thread.
    __slots__ = ("_answers_not_older", "_answers_without_new", "_shown", "error", "oldest")

    def __init__(self) -> None:
        self._shown = ShownItems()
        self._answers_without_new = self._answers_not_older = 0
        self.oldest: int | None = None
        self.error: EndlessListError | None = None

    def record(self, ids: Iterable[str]) -> None:
        """Record the IDs of all items of an answer after which the list goes on."""
        self.record_answer(is_new=self._shown.add(ids))

    def record_answer(self, *, is_new: bool) -> None:
        """Record an answer after which the list goes on, if the caller remembers the items itself."""
        self._answers_without_new = 0 if is_new else self._answers_without_new + 1
        if self._answers_without_new >= MAX_ANSWERS_WITHOUT_NEW:
            self.error = EndlessListError(
                f"The list never ends: {self._answers_without_new} answers in a row showed nothing new."
            )

    def record_end(self, second: int | None) -> None:
        """Record down to which second an answer reaches, if it shows a time. Each should reach further."""
        if second is not None and (self.oldest is None or second < self.oldest):
            self.oldest, self._answers_not_older = second, 0
            return
        self._answers_not_older += 1
        if self._answers_not_older >= MAX_ANSWERS_NOT_OLDER and not self.error:
            self.error = EndlessListError(
                f"The list never ends: {self._answers_not_older} answers in a row showed nothing older."
            )
