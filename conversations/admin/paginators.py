"""Paginators that number the pages of a list without counting a million rows."""

from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property

from conversations.search.counts import Total, count_estimate
from conversations.search.criteria import SearchCriteria
from conversations.search.list_sql import ids_query
from conversations.search.planner import read_cardinalities
from conversations.search.sql import Sql
from conversations.search.sql import fetch_all as fetch_rows

MAX_COUNTED = 1000  # rows after the current page that are counted
MAX_OFFSET = 1_000_000


class AtLeast(int):
    """A count that stopped at its limit. It is shown as `1,000+`."""

    def __str__(self) -> str:
        return f"{self - 1:,}+"


class CappedPaginator(Paginator):
    """Counts at most MAX_COUNTED rows after the current page, enough to go on from there."""

    _offset = 0

    def set_current_page(self, page_number: str) -> None:
        """Set the number of the current page. Call it before `count` is read."""
        number = int(page_number) if page_number.isdecimal() and len(page_number) < 10 else 1
        self._offset = min((number - 1) * self.per_page, MAX_OFFSET)

    @cached_property
    def count(self) -> int:
        limit = self._offset + MAX_COUNTED
        rows = cast(QuerySet, self.object_list)
        number = rows.order_by()[: limit + 1].count()
        return AtLeast(number) if number > limit else number


class Estimate(int):
    """An estimated number of conversations. It is shown as `about 1,200`."""

    def __str__(self) -> str:
        return str(Total(int(self), is_exact=False))


class SearchPaginator(Paginator):
    """Pages of the conversations that match search criteria. `count` and the rows raise TooSlow."""

    def __init__(self, rows: QuerySet, per_page: int, criteria: SearchCriteria, number: int) -> None:
        super().__init__(rows, per_page)
        self.criteria, self.number = criteria, max(1, number)

    @cached_property
    def cardinalities(self):
        return read_cardinalities(self.criteria)

    def page_sql(self, number: int, count: int) -> Sql:
        start = min((number - 1) * self.per_page, MAX_OFFSET)
        matches = ids_query(self.criteria, self.cardinalities, start=start, count=count)
        return matches.inside("SELECT id FROM ({}) matches")

    @cached_property
    def count(self) -> int:
        total = count_estimate(self.criteria, self.cardinalities)
        if total.is_exact:
            return total.number
        # The estimate must not end before the rows do: the row after this page is looked up, too.
        here = len(fetch_rows(self.page_sql(self.number, self.per_page + 1)))
        return Estimate(max(total.number, (self.number - 1) * self.per_page + here))

    def page(self, number) -> Page:
        number = self.validate_number(number)
        rows = cast(QuerySet, self.object_list)
        if self.criteria.is_empty:
            return Page(rows.none(), number, self)
        sql = self.page_sql(number, self.per_page)
        matches = RawSQL(sql.text, sql.params)  # noqa: S611 - built by search/list_sql.py with parameters
        return Page(rows.filter(pk__in=matches), number, self)
