"""How many conversations fit a Selection: from the kept counters, by counting, or about."""

import json
from dataclasses import dataclass, replace

from conversations.reading.finding import Sizes, arms_of_all, leads
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, rows, value

EXACT = 1000  # so many are counted where the number may be about


@dataclass(frozen=True)
class Total:
    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        return f"{self.number:,}" if self.is_exact else f"about {self.number:,}"


def exact(selection: Selection, sizes: Sizes) -> Total:
    known = kept(selection, sizes)
    if known is not None:
        return Total(known)
    if is_but_for_tags(selection):
        without = replace(selection, include=selection.exclude, include_all=False, exclude=())
        return Total(sizes.everything - exact(without, sizes).number)
    return Total(value(counting(selection, sizes)))


def estimate(selection: Selection, sizes: Sizes) -> Total:
    """Exact up to EXACT and where a counter knows it; beyond that what the planner expects."""
    known = kept(selection, sizes)
    if known is not None:
        return Total(known)
    counted = value(counting(selection, sizes, limit=EXACT + 1))
    if counted <= EXACT:
        return Total(counted)
    most = min([size for size, _ in leads(selection, sizes)] + [sizes.everything])
    return Total(rounded(min(max(expected(selection, sizes), EXACT + 1), most)), is_exact=False)


def kept(selection: Selection, sizes: Sizes) -> int | None:
    """The number, where the counters tell it."""
    if selection.is_impossible:
        return 0
    if selection.search is not None or selection.has_times or selection.waiting is not None:
        return None
    asked = [selection.has_facets, selection.include, selection.exclude, selection.untagged is not None]
    if sum(map(bool, asked)) > 1:
        return None
    if selection.include or selection.exclude:
        [tag_id, *others] = selection.include or selection.exclude
        number = sizes.of_tag(tag_id)
        return None if others else number if selection.include else sizes.everything - number
    if selection.untagged is not None:
        untagged = sizes.of_tag(None)
        return untagged if selection.untagged else sizes.everything - untagged
    return selection.facets_of(sizes.facets)


def is_but_for_tags(selection: Selection) -> bool:
    """All of the Pages but what has a tag: to count that is less."""
    return bool(selection.exclude) and selection == Selection(
        selection.page_ids, selection.everywhere, exclude=selection.exclude
    )


def counting(selection: Selection, sizes: Sizes, *, limit: int | None = None) -> Sql:
    ends = Sql.of(" LIMIT %s", limit) if limit else Sql("")
    arms = [(Sql("SELECT 1") + arm + ends).inside("({})") for arm in arms_of_all(selection, sizes)]
    every = Sql.join(" UNION ALL ", arms).inside("SELECT FROM ({}) arms") + ends
    return every.inside("SELECT count(*) FROM ({}) matching")


def expected(selection: Selection, sizes: Sizes) -> int:
    arms = Sql.join(" UNION ALL ", [Sql("SELECT 1") + arm for arm in arms_of_all(selection, sizes)])
    [[plan]] = rows(arms.inside("EXPLAIN (FORMAT JSON) {}"))
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


def rounded(number: int) -> int:
    """To two digits: it is no more than about that."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit
