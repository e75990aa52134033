"""Reads pages of search results: rows as JSON, whether more rows follow, and the total."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from conversations.lib.timeouts import READ_SECONDS, statement_timeout
from conversations.search import counts
from conversations.search.conditions import Keyset
from conversations.search.counts import Total
from conversations.search.criteria import SearchCriteria
from conversations.search.index.message_index import index_pending
from conversations.search.list_sql import ids_query, whole_rows_query
from conversations.search.matches import add_matches
from conversations.search.planner import Cardinalities, needs_cardinalities, read_cardinalities
from conversations.search.rows import add_tags, row_chunks, whole_row_chunks

# Of a statement of an export, whose parts are read outside of the request's thread.
SEARCH_SECONDS = READ_SECONDS
PART_SECONDS = 30.0  # without a search
COUNT_MODES = {"exact": counts.count_exact, "estimate": counts.count_estimate}


@dataclass
class ResultPage:
    chunks: list[bytes] = field(default_factory=list)  # of the JSON list: 10,000 rows are in memory only once
    has_next: bool = False
    last: Keyset | None = None
    total: Total | None = None
    unindexed: int = 0  # conversations whose newest messages are not searchable yet

    @property
    def json(self) -> list[orjson.Fragment]:
        """The rows for orjson, which copies them only once: each fragment is some of them."""
        return list(map(orjson.Fragment, self.chunks))


def read_page(
    criteria: SearchCriteria, *, total: str, limit: int, start: int = 0, after: Keyset | None = None
) -> ResultPage:
    """Read up to `limit` rows after `start` rows, or after the position `after`.

    `total` is exact, estimate or none. The thread of the request limits each statement (lib.timeouts).
    """
    page = ResultPage(unindexed=index_pending() if criteria.in_messages else 0)
    is_sized = total != "none" or needs_cardinalities(criteria)
    cardinalities = read_cardinalities(criteria) if is_sized else None
    if cardinalities and total != "none":
        page.total = COUNT_MODES[total](criteria, cardinalities)
    number = page.total.number if page.total and page.total.is_exact and after is None else None
    if not criteria.is_empty and (number is None or start < number):
        position = {"start": start, "count": limit + 1, "after": after}
        add_rows(page, criteria, found_chunks(criteria, cardinalities, total=number, **position), limit)
    return page


def found_chunks(
    criteria: SearchCriteria, cardinalities: Cardinalities | None, *, total: int | None = None, **position
) -> Iterator[list[dict]]:
    """Yield the rows at a position of the list, in chunks; the arguments are those of ids_query()."""
    if whole_rows := whole_rows_query(criteria, cardinalities, **position):
        return whole_row_chunks(whole_rows)
    return row_chunks(ids_query(criteria, cardinalities, total=total, **position))


def add_rows(page: ResultPage, criteria: SearchCriteria, chunks: Iterator[list[dict]], limit: int) -> None:
    count = 0
    for chunk in chunks:
        page.has_next = count + len(chunk) > limit
        chunk = add_details(criteria, chunk[: limit - count])
        count += len(chunk)
        if chunk:
            page.chunks.append(orjson.dumps(chunk, option=orjson.OPT_UTC_Z)[1:-1])
            page.last = position_of(chunk[-1])


def add_details(criteria: SearchCriteria, chunk: list[dict]) -> list[dict]:
    add_tags(chunk)
    return add_matches(criteria, chunk) if criteria.in_messages and criteria.search else chunk


def position_of(row: dict) -> Keyset:
    """The position of a row in the list."""
    time = row["last_message_time"]
    return datetime.fromisoformat(time) if time else None, row["id"]


def read_all(criteria: SearchCriteria, *, chunk_rows: int = 1000) -> Iterator[list[dict]]:
    """Yield all results in chunks of `chunk_rows`.

    Each chunk is a query of its own that starts where the last one ended, so memory use is constant and no
    cursor stays open.
    """
    after: Keyset | None = None
    while not criteria.is_empty:
        with statement_timeout(PART_SECONDS if criteria.search is None else SEARCH_SECONDS):
            cardinalities = read_cardinalities(criteria) if needs_cardinalities(criteria) else None
            batch = [
                row
                for chunk in found_chunks(criteria, cardinalities, count=chunk_rows, after=after)
                for row in chunk
            ]
            add_details(criteria, batch)
        if batch:
            yield batch
        if len(batch) < chunk_rows:
            return
        after = position_of(batch[-1])
