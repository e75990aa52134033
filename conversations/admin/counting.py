"""Numbers of pages without counting a million rows."""

from typing import cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

EXACT = 1000  # rows beyond the page one is on that are counted
DEEPEST = 1_000_000


class AtLeast(int):
    """A count that was not taken to its end: it reads 1,000+."""

    def __str__(self) -> str:
        return f"{self - 1:,}+"


class CappedPaginator(Paginator):
    """Counts so far that one can go on from where one is, and no further."""

    _from = 0

    def look_beyond(self, page_number: str) -> None:
        """Tell the page one is on before the count is asked."""
        number = int(page_number) if page_number.isdecimal() and len(page_number) < 10 else 1
        self._from = min((number - 1) * self.per_page, DEEPEST)

    @cached_property
    def count(self) -> int:
        limit = self._from + EXACT
        rows = cast(QuerySet, self.object_list)
        found = rows.order_by()[: limit + 1].count()
        return AtLeast(found) if found > limit else found
