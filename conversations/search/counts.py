"""The number of conversations that match a search: from the counters, by counting, or estimated."""

import json
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from conversations.lib.sql_files import read_statements
from conversations.search.criteria import SearchCriteria
from conversations.search.list_sql import all_branches
from conversations.search.planner import FEW_TAGS, Cardinalities, access_paths
from conversations.search.sql import Sql, fetch_all, fetch_value

STATEMENTS = read_statements(__file__)
MAX_EXACT = 10_000  # an estimate counts up to this many


@dataclass(frozen=True)
class Total:
    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        return (
            f"{self.number:,}"
            if self.is_exact
            else gettext("about %(number)s") % {"number": f"{self.number:,}"}
        )


def count_exact(criteria: SearchCriteria, cardinalities: Cardinalities) -> Total:
    counter = from_counters(criteria, cardinalities)
    if counter is not None:
        return Total(counter)
    if has_only_tags(criteria) and criteria.exclude:
        excluded = replace(criteria, include=criteria.exclude, include_all=False, exclude=())
        return Total(cardinalities.everything - count_exact(excluded, cardinalities).number)
    is_small = len(criteria.include or ()) <= FEW_TAGS  # PostgreSQL sorts their rows in memory
    if has_only_tags(criteria) and is_small and not criteria.include_all:
        pages, tags = list(criteria.page_ids), list(criteria.include or ())
        return Total(fetch_value(Sql.compose(STATEMENTS["with_any_tag"], pages=pages, tags=tags)))
    return Total(fetch_value(count_query(criteria, cardinalities)))


def count_estimate(criteria: SearchCriteria, cardinalities: Cardinalities) -> Total:
    """Exact up to MAX_EXACT or where the counters have the number; else PostgreSQL's own estimate."""
    counter = from_counters(criteria, cardinalities)
    if counter is not None:
        return Total(counter)
    counted = fetch_value(count_query(criteria, cardinalities, limit=MAX_EXACT + 1))
    if counted <= MAX_EXACT:
        return Total(counted)
    sizes = [size for size, _ in access_paths(criteria, cardinalities)]
    number = max(planner_estimate(criteria, cardinalities), MAX_EXACT + 1)
    return Total(round_to_two_digits(min(number, *sizes, cardinalities.everything)), is_exact=False)


def from_counters(criteria: SearchCriteria, cardinalities: Cardinalities) -> int | None:
    """Return the number if the counters have it: for one tag, for facets alone or without any filter."""
    if criteria.is_empty:
        return 0
    if has_uncounted(criteria):
        return None
    filters: list[object] = [criteria.has_facets, criteria.include, criteria.exclude, criteria.ad_id]
    filters.append(criteria.untagged is not None)
    if sum(map(bool, filters)) > 1:
        return None
    if criteria.ad_id:
        return cardinalities.of_ad
    if criteria.include or criteria.exclude:
        [tag_id, *others] = criteria.include or criteria.exclude
        number = cardinalities.of_tag(tag_id)
        return None if others else number if criteria.include else cardinalities.everything - number
    if criteria.untagged is not None:
        untagged = cardinalities.of_tag(None)
        return untagged if criteria.untagged else cardinalities.everything - untagged
    return criteria.count_facets(cardinalities.facets)


def has_uncounted(criteria: SearchCriteria) -> bool:
    """Whether there is a criterion for which there is no counter."""
    content: list[object] = [criteria.search, criteria.waiting, criteria.ids, criteria.has_attachment]
    work = [criteria.assignee, criteria.mentioned, criteria.snoozed, criteria.has_note]
    return (
        criteria.has_times
        or bool(criteria.last_message_from)
        or any(value is not None for value in (*content, *work))
    )


def has_only_tags(criteria: SearchCriteria) -> bool:
    """Whether the only filter includes or excludes tags. Counting the tagged conversations is less work."""
    others = replace(criteria, include=None, include_all=False, exclude=())
    has_one = bool(criteria.include) != bool(criteria.exclude)
    return has_one and others == SearchCriteria(criteria.page_ids, criteria.all_pages)


def count_query(criteria: SearchCriteria, cardinalities: Cardinalities, *, limit: int | None = None) -> Sql:
    """Count all matches, or stop at `limit`."""
    limit_clause = Sql.of(" LIMIT %s", limit) if limit else Sql("")
    branches = [Sql("SELECT 1") + branch + limit_clause for branch in all_branches(criteria, cardinalities)]
    merged = Sql.join(" UNION ALL ", [branch.inside("({})") for branch in branches])
    matching = merged.inside("SELECT FROM ({}) AS branches") + limit_clause
    return matching.inside("SELECT count(*) FROM ({}) matching")


def planner_estimate(criteria: SearchCriteria, cardinalities: Cardinalities) -> int:
    """Return the number of rows that PostgreSQL's planner expects."""
    branches = [Sql("SELECT 1") + branch for branch in all_branches(criteria, cardinalities)]
    query = Sql.join(" UNION ALL ", branches)
    [[plan]] = fetch_all(query.inside("EXPLAIN (FORMAT JSON) {}"))
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


def round_to_two_digits(number: int) -> int:
    """The two digits show that the number is an estimate."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit
