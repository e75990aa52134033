"""Numbers of pages without counting a million rows."""

from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property

from conversations.reading.finding import ids, read_sizes
from conversations.reading.listing import time_limit
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql
from conversations.reading.sql import rows as asked
from conversations.reading.totals import Total, estimate

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


class About(int):
    """A number of conversations that was not counted to its end."""

    def __str__(self) -> str:
        return str(Total(int(self), is_exact=False))


class SelectionPaginator(Paginator):
    """Parts of what a Selection finds. Raises TooSlow."""

    def __init__(self, rows: QuerySet, per_page: int, selection: Selection, number: int) -> None:
        super().__init__(rows, per_page)
        self.selection, self.number = selection, max(1, number)

    @cached_property
    def sizes(self):
        return read_sizes(self.selection)

    def part(self, number: int, count: int) -> Sql:
        start = min((number - 1) * self.per_page, DEEPEST)
        found = ids(self.selection, self.sizes, start=start, count=count)
        return found.inside("SELECT id FROM ({}) part")

    @cached_property
    def count(self) -> int:
        with time_limit(self.selection):
            total = estimate(self.selection, self.sizes)
        if total.is_exact:
            return total.number
        here = len(asked(self.part(self.number, self.per_page + 1)))  # one can go on from where one is
        return About(max(total.number, (self.number - 1) * self.per_page + here))

    def page(self, number) -> Page:
        number = self.validate_number(number)
        rows = cast(QuerySet, self.object_list)
        if self.selection.is_impossible:
            return Page(rows.none(), number, self)
        part = self.part(number, self.per_page)
        found = RawSQL(part.text, part.params)  # noqa: S611 - made in reading/finding.py, values as parameters
        return Page(rows.filter(pk__in=found), number, self)
