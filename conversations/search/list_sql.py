"""The SQL of the list of conversations: the ids that match a search, newest first, in one statement.

A search along an access path with several branches (one for each tag, facet or Page) reads each branch in the
order of its index and merges them. A text search first scans the newest rows, where a common word is found
soon. Where that finds too few rows, the text index answers.
"""

from dataclasses import replace

from conversations.lib.sql_files import read_statements
from conversations.search.conditions import (
    Keyset,
    branches_of,
    containing,
    row_condition,
    search_condition,
    with_few_branches,
)
from conversations.search.criteria import SearchCriteria
from conversations.search.planner import (
    ROWS,
    AccessPath,
    Cardinalities,
    cheapest,
    rarest_first,
    read_cardinalities,
)
from conversations.search.sql import Sql

STATEMENTS = read_statements(__file__)
SCAN_ROWS = 2000  # rows that a text search scans before it uses the text index
SCAN_ROWS_IN_MESSAGES = 6000  # more, because the index of messages returns more rows to check
SAMPLED = 5  # one in so many of these rows is scanned first
PROMISING = 2 / 3  # of the matches that are expected in the sample: with fewer, the others are not scanned
WHOLE_ROW_BRANCHES = 2  # those behind a cursor: with a time, and without one

DESCENDING, ASCENDING = ("DESC NULLS LAST", "DESC"), ("ASC NULLS FIRST", "ASC")

INDEX_MATCHES = AccessPath("index_matches c", *ROWS[1:], settles=frozenset({"search", "pages"}))


def ordered_query(
    criteria: SearchCriteria,
    path: AccessPath,
    *,
    start: int,
    count: int,
    after: Keyset | None = None,
    backwards: bool = False,
    columns: str = "",
) -> Sql:
    """Select `id` and `time` of `count` rows, newest first, or last first if `backwards`.

    `start` rows are skipped; with `after` the rows begin behind that position. `columns` are selected in
    place of `id`.
    """
    path = with_few_branches(criteria, path, after, backwards=backwards)
    time, row_id = ASCENDING if backwards else DESCENDING
    order = f" ORDER BY {path.time} {time}, {path.id} {row_id}"
    selected = Sql(f"SELECT {columns or f'{path.id} AS id'}, {path.time} AS time")
    branches = branches_of(criteria, path, after, backwards=backwards)
    if len(branches) == 1 and path.values is None:
        return selected + branches[0] + Sql.of(f"{order} LIMIT %s OFFSET %s", count, start)
    # Each branch has its own ORDER BY and LIMIT, so that each is read from its index and then merged.
    limit = Sql.of(f"{order} LIMIT %s", start + count)
    parts = [for_each_value(path, selected + branch + limit).inside("({})") for branch in branches]
    merged = Sql.join(" UNION ALL ", parts).inside("SELECT * FROM ({}) AS branches")
    return merged + Sql.of(f" ORDER BY time {time}, id {row_id} LIMIT %s OFFSET %s", count, start)


def for_each_value(path: AccessPath, query: Sql) -> Sql:
    """Run the query once for each of the values of a path that has some."""
    if path.values is None:
        return query
    return Sql.compose(STATEMENTS["for_each_value"], values=path.values, query=query)


def ids_query(
    criteria: SearchCriteria,
    cardinalities: Cardinalities | None,
    *,
    start: int = 0,
    count: int,
    after: Keyset | None = None,
    total: int | None = None,
    backwards: bool = False,
) -> Sql:
    """Select `id` and `time` like ordered_query(), by the fastest way. The result has no order.

    `total` is the number of all matches, if known: a page in the second half is then read from the end.
    `backwards` selects the nearest rows before the position `after`.
    """
    criteria = rarest_first(criteria, cardinalities)
    size, path = cheapest(criteria, cardinalities)
    if criteria.search is None:
        if total is not None and start > total // 2:
            end = max(start, min(start + count, total))
            return ordered_query(criteria, path, start=total - end, count=end - start, backwards=True)
        return ordered_query(criteria, path, start=start, count=count, after=after, backwards=backwards)
    scan_rows = (SCAN_ROWS_IN_MESSAGES if criteria.in_messages else SCAN_ROWS) + 4 * (start + count)
    if size <= scan_rows:
        return ordered_query(criteria, path, start=start, count=count, after=after, backwards=backwards)
    return scan_then_index(
        criteria, path, scan_rows, start=start, count=count, after=after, backwards=backwards
    )


def whole_rows_query(
    criteria: SearchCriteria,
    cardinalities: Cardinalities | None,
    *,
    start: int = 0,
    count: int,
    after: Keyset | None = None,
) -> Sql | None:
    """Select the rows of ids_query() with all columns and `time`, where that is faster; otherwise None.

    That is where they stand in few ranges of an index: looking up each by its ID would take twice as long.
    Rows that are only skipped are left to ids_query(), which may find them in the index alone.
    """
    criteria = rarest_first(criteria, cardinalities)
    path = with_few_branches(criteria, cheapest(criteria, cardinalities)[1], after)
    is_direct = path.has_conversation_columns and path.values is None
    if start or criteria.search is not None or not is_direct:
        return None
    if len(branches_of(criteria, path, after)) > WHOLE_ROW_BRANCHES:
        return None
    return ordered_query(criteria, path, start=0, count=count, after=after, columns="c.*")


def scan_then_index(
    criteria: SearchCriteria,
    path: AccessPath,
    scan_rows: int,
    *,
    start: int,
    count: int,
    after: Keyset | None,
    backwards: bool = False,
) -> Sql:
    """Scan the newest `scan_rows` rows for the term; read the text index if too few of them match.

    Most terms are rare: that is seen in a sample of the rows, and the others are not scanned then.
    """
    time, row_id = ASCENDING if backwards else DESCENDING
    newest = ordered_query(
        replace(criteria, search=None), path, start=0, count=scan_rows, after=after, backwards=backwards
    )
    needed = start + count
    from_index = ordered_query(
        criteria, INDEX_MATCHES, start=0, count=needed, after=after, backwards=backwards
    )
    return Sql.compose(
        STATEMENTS["scan_then_index"],
        newest=newest,
        sample=scan_rows // SAMPLED,
        promising=max(1, int(PROMISING * needed / SAMPLED)),
        matches=search_condition(criteria, "newest.id"),
        index_matches=index_matches(criteria),
        from_index=from_index,
        needed=needed,
        order=Sql(f"time {time}, id {row_id}"),
        count=count,
        start=start,
    )


def index_matches(criteria: SearchCriteria) -> Sql:
    """Select the conversations of the Pages that the text index finds."""
    columns = "SELECT c.id, c.last_message_time, c.last_message_kind, c.page_id, c.facets, c.ad_id, "
    columns += "c.attachment_kinds, c.assignee_id, c.snoozed_until "
    columns += "FROM conversations_conversation c WHERE "
    of_rows = key_conditions(criteria, "conversations_search_keys(c.page_id, c.search)").inside("({}) AND ")
    of_rows += row_condition(criteria, "c.id")
    if criteria.in_messages:
        chunks = key_conditions(criteria, "conversations_keys(m.page_id, m.text)")
        conversations = chunks.inside(
            "SELECT m.conversation_id FROM conversations_messageindexchunk m WHERE ({})"
        )
        conversations += Sql.of(" AND m.text LIKE ANY(%s)", containing(criteria))
        if criteria.search_in == "all":
            conversations += of_rows.inside(" UNION SELECT c.id FROM conversations_conversation c WHERE {}")
        return conversations.inside(columns + "c.id IN ({})")
    return of_rows.inside(columns + "{}")


def key_conditions(criteria: SearchCriteria, column: str) -> Sql:
    """The condition for the text index. Each key begins with a Page, so each Page is looked up separately."""
    key = "ARRAY[conversations_name_key(%s, %s)]" if criteria.is_short else "conversations_term_keys(%s, %s)"
    lookups = ((page_id, term) for page_id in criteria.page_ids for term in criteria.terms)
    return Sql.join(" OR ", (Sql.of(f"{column} @> {key}", page_id, term) for page_id, term in lookups))


def all_branches(criteria: SearchCriteria, cardinalities: Cardinalities) -> list[Sql]:
    """Return FROM and WHERE of all matches, in branches that share no row."""
    criteria = rarest_first(criteria, cardinalities)
    size, path = cheapest(criteria, cardinalities)
    if criteria.search is None or size <= SCAN_ROWS:
        return branches_of(criteria, with_few_branches(criteria, path), is_joined=True)
    matches = index_matches(criteria).inside("({}) c")
    from_index = AccessPath("{}", *ROWS[1:], settles=INDEX_MATCHES.settles)
    return [
        Sql(matches.inside(branch.text).text, matches.params + branch.params)
        for branch in branches_of(criteria, from_index)
    ]


def all_ids_query(criteria: SearchCriteria) -> Sql:
    """Select the `id` of all matches, each once."""
    if criteria.is_empty:
        return Sql("SELECT NULL::bigint AS id WHERE false")
    cardinalities = read_cardinalities(criteria)
    size, path = cheapest(criteria, cardinalities)
    row_id = path.id if criteria.search is None or size <= SCAN_ROWS else "c.id"
    branches = [Sql(f"SELECT {row_id} AS id") + branch for branch in all_branches(criteria, cardinalities)]
    return Sql.join(" UNION ALL ", branches)
