"""From a Selection to the ids that fit it, newest first, in one statement.

The smallest set that is known leads: rows of a tag, of those without tags, of facets, or of the Pages. An
index holds each of these newest first, so that a first part of them is read and no more. What leads may have
several arms (a tag each, a facet each): they share no row, and each is read in order. A search walks over the
newest first, for a common word is found there; where that does not bring enough, the index of keys answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from conversations.reading.selection import WAITS, Selection
from conversations.reading.sql import Sql, rows

FEW_PAGES = 3  # so many are arms of their own; of more the index over all Pages is read
WALK = 2000  # rows that a search looks at before it asks its index
WALK_IN_MESSAGES = 6000  # whose index leads to more that is to be looked at

DESCENDING, ASCENDING = ("DESC NULLS LAST", "DESC"), ("ASC NULLS FIRST", "ASC")

Place = tuple[datetime | None, int]  # where a row stands in the list: its time, its id

TAGGED = "EXISTS (SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id} AND %s)"
ANY_TAG = TAGGED % "x.tag_id = ANY(%s::bigint[])"
ONE_TAG = TAGGED % "x.tag_id = %s"
SOME_TAG = "EXISTS (SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id})"
# One value for each row, by its key: a join the planner might begin at the wrong end, with a whole table.
NAMED = "(SELECT {} FROM conversations_conversation c WHERE c.id = {id})"
SAID = "(SELECT bool_or(m.text LIKE %s) FROM conversations_messagepart m WHERE m.conversation_id = {id})"


@dataclass(frozen=True)
class Lead:
    """A set of conversations that an index holds newest first."""

    table: str
    id: str
    time: str
    page: str
    arms: tuple[Sql, ...] = (Sql("TRUE"),)
    decides: frozenset[str] = frozenset()  # what of the selection the arms have seen to
    tag_id: int | None = None  # that all of its rows have

    @property
    def has_conversation(self) -> bool:
        return self.id == "c.id"


@dataclass
class Sizes:
    """What the kept counters say of the Pages of a selection."""

    facets: dict[int, int] = field(default_factory=dict)
    tags: dict[int | None, int] = field(default_factory=dict)  # None: without any tag

    @property
    def everything(self) -> int:
        return sum(self.facets.values())

    def of_tag(self, tag_id: int | None) -> int:
        return self.tags.get(tag_id, 0)


def read_sizes(selection: Selection) -> Sizes:
    """In one query over a few rows."""
    pages = list(selection.page_ids)
    tags = list({*(selection.include or ()), *selection.exclude})
    found = Sizes()
    for kind, key, number in rows(
        Sql.of(
            "SELECT 'facets', facets::bigint, sum(conversations)::bigint FROM conversations_pagecount"
            " WHERE page_id = ANY(%s::bigint[]) GROUP BY 2"
            " UNION ALL SELECT 'tag', tag_id, sum(conversations)::bigint FROM conversations_tagcount"
            " WHERE page_id = ANY(%s::bigint[]) AND (tag_id IS NULL OR tag_id = ANY(%s::bigint[]))"
            " GROUP BY 2",
            pages,
            pages,
            tags,
        )
    ):
        (found.facets if kind == "facets" else found.tags)[key] = number
    return found


# -- what leads --------------------------------------------------------------------------------------------
def leads(selection: Selection, sizes: Sizes | None) -> list[tuple[int, Lead]]:
    """Each set that could lead, with its size. The Pages themselves only where nothing is known smaller."""
    known, tags = sizes or Sizes(), selection.include or ()
    found = []
    if tags and selection.include_all:
        found += [(known.of_tag(tag_id), of_tag(tag_id)) for tag_id in tags]
    elif tags:
        found.append((sum(map(known.of_tag, tags)), of_any_tag(tags)))
    if selection.untagged:
        found.append((known.of_tag(None), of_untagged()))
    if selection.has_facets:
        found.append((selection.facets_of(known.facets), of_facets(selection)))
    if not found or (len(tags) > 1 and not selection.include_all):
        found.append((known.everything, of_all(selection)))
    return found


def needs_sizes(selection: Selection) -> bool:
    """Whether only their sizes tell which of several sets should lead."""
    return selection.search is not None or len(leads(selection, None)) > 1


def smallest(selection: Selection, sizes: Sizes | None) -> tuple[int, Lead]:
    return min(leads(selection, sizes), key=lambda lead: lead[0])


def of_all(selection: Selection) -> Lead:
    if selection.everywhere or len(selection.page_ids) > FEW_PAGES:
        return of_facets(selection)  # the index over all Pages begins with them
    return Lead(*ROWS)


def of_facets(selection: Selection) -> Lead:
    arms = tuple(Sql.of("c.facets = %s", value) for value in selection.facets)
    return Lead(*ROWS, arms, frozenset({"facets"}))


def of_untagged() -> Lead:
    columns = ("u.conversation_id", "u.last_message_time", "u.page_id")
    return Lead("conversations_untagged u", *columns, decides=frozenset({"untagged"}))


def of_tag(tag_id: int) -> Lead:
    return Lead(*TAG_ROWS, (Sql.of("t.tag_id = %s", tag_id),), tag_id=tag_id)


def of_any_tag(tag_ids: tuple[int, ...]) -> Lead:
    """Each tag an arm, without what an earlier one has shown."""
    arms = []
    for number, tag_id in enumerate(tag_ids):
        arm = Sql.of("t.tag_id = %s", tag_id)
        if number:
            arm += Sql.of(f" AND NOT {ANY_TAG.format(id='t.conversation_id')}", list(tag_ids[:number]))
        arms.append(arm)
    return Lead(*TAG_ROWS, tuple(arms), frozenset({"include"}))


ROWS = ("conversations_conversation c", "c.id", "c.last_message_time", "c.page_id")
TAG_ROWS = ("conversations_conversationtag t", "t.conversation_id", "t.last_message_time", "t.page_id")


# -- what else must fit ------------------------------------------------------------------------------------
def conditions(selection: Selection, lead: Lead) -> Iterator[Sql]:
    """All that the lead has not seen to."""
    yield from tag_conditions(selection, lead)
    if selection.has_facets and "facets" not in lead.decides:
        yield Sql.of("c.facets = ANY(%s::smallint[])", selection.facets)
    if selection.waiting is False:  # one who waits has a time, and the bit
        late = f"CASE WHEN {lead.time} <= %s THEN {WAITS} ELSE 0 END"
        yield Sql.of(f"c.facets & {late} = 0", selection.waits_before)
    if selection.since is not None:
        yield Sql.of(f"{lead.time} >= %s", selection.since)
    if selection.until is not None:
        yield Sql.of(f"{lead.time} <= %s", selection.until)
    if selection.search is not None and "search" not in lead.decides:
        yield search_condition(selection, lead.id)


def tag_conditions(selection: Selection, lead: Lead) -> Iterator[Sql]:
    if selection.include and "include" not in lead.decides:
        if selection.include_all:
            others = [tag_id for tag_id in selection.include if tag_id != lead.tag_id]
            yield from (Sql.of(ONE_TAG.format(id=lead.id), tag_id) for tag_id in others)
        else:
            yield Sql.of(ANY_TAG.format(id=lead.id), list(selection.include))
    if selection.exclude:
        yield Sql.of(f"NOT {ANY_TAG.format(id=lead.id)}", list(selection.exclude))
    if selection.untagged is not None and "untagged" not in lead.decides:
        yield Sql(f"{'NOT ' * selection.untagged}{SOME_TAG.format(id=lead.id)}")


def search_condition(selection: Selection, row_id: str) -> Sql:
    if selection.in_messages:
        return Sql.of(SAID.format(id=row_id), f"%{escaped(selection)}%")
    if selection.is_short:
        fits = Sql.of("conversations_name_words(c.search) LIKE %s", f"% {escaped(selection)}%")
    else:
        fits = Sql.of("c.search LIKE %s", f"%{escaped(selection)}%")
    return fits if row_id == "c.id" else fits.inside(NAMED.replace("{id}", row_id))


def escaped(selection: Selection) -> str:
    term = selection.search or ""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def page_arms(selection: Selection, lead: Lead) -> list[Sql]:
    if "pages" in lead.decides or selection.everywhere:
        return [Sql("TRUE")]
    if len(selection.page_ids) <= FEW_PAGES:
        return [Sql.of(f"{lead.page} = %s", page_id) for page_id in selection.page_ids]
    return [Sql.of(f"{lead.page} = ANY(%s::bigint[])", list(selection.page_ids))]


def place_arms(selection: Selection, lead: Lead, after: Place | None, *, backwards: bool) -> list[Sql]:
    """What follows this place in the list; those without a time stand last, and are an arm of their own."""
    if after is None:
        return [Sql("TRUE")]
    time, row_id = after
    if backwards:
        return place_arms_backwards(lead, time, row_id)
    if time is None:
        return [Sql.of(f"{lead.time} IS NULL AND {lead.id} < %s", row_id)]
    # The first condition is implied by the second and lets the index be entered at the right place.
    follows = f"{lead.time} <= %s AND ({lead.time} < %s OR {lead.id} < %s)"
    arms = [Sql.of(follows, time, time, row_id)]
    return arms if selection.has_times else [*arms, Sql(f"{lead.time} IS NULL")]


def place_arms_backwards(lead: Lead, time: datetime | None, row_id: int) -> list[Sql]:
    """What stands before the place."""
    if time is None:
        beside = Sql.of(f"{lead.time} IS NULL AND {lead.id} > %s", row_id)
        return [beside, Sql(f"{lead.time} IS NOT NULL")]
    return [Sql.of(f"{lead.time} >= %s AND ({lead.time} > %s OR {lead.id} > %s)", time, time, row_id)]


# -- the statement -----------------------------------------------------------------------------------------
def arms_of(
    selection: Selection, lead: Lead, after: Place | None = None, *, backwards: bool = False
) -> list[Sql]:
    """FROM and WHERE of each arm."""
    rest = list(conditions(selection, lead))
    table = lead.table
    if not lead.has_conversation and any(condition.text.startswith("c.") for condition in rest):
        table += f" JOIN conversations_conversation c ON c.id = {lead.id}"
    return [
        Sql(f" FROM {table} WHERE ") + Sql.join(" AND ", [page, arm, place, *rest])
        for page in page_arms(selection, lead)
        for arm in lead.arms
        for place in place_arms(selection, lead, after, backwards=backwards)
    ]


def in_order(
    selection: Selection,
    lead: Lead,
    *,
    start: int,
    count: int,
    after: Place | None = None,
    from_the_end: bool = False,
) -> Sql:
    """`id` and `time` of so many rows, newest first (or last first), after so many."""
    time, row_id = ASCENDING if from_the_end else DESCENDING
    order = f" ORDER BY {lead.time} {time}, {lead.id} {row_id}"
    columns = Sql(f"SELECT {lead.id} AS id, {lead.time} AS time")
    arms = arms_of(selection, lead, after, backwards=from_the_end)
    if len(arms) == 1:
        return columns + arms[0] + Sql.of(f"{order} LIMIT %s OFFSET %s", count, start)
    # Each arm ordered and ended by itself: so its index is read, and the arms are merged as they come.
    parts = [(columns + arm + Sql.of(f"{order} LIMIT %s", start + count)).inside("({})") for arm in arms]
    merged = Sql.join(" UNION ALL ", parts).inside("SELECT id, time FROM ({}) arms")
    return merged + Sql.of(f" ORDER BY time {time}, id {row_id} LIMIT %s OFFSET %s", count, start)


def ids(
    selection: Selection,
    sizes: Sizes | None,
    *,
    start: int = 0,
    count: int,
    after: Place | None = None,
    total: int | None = None,
    backwards: bool = False,
) -> Sql:
    """The same by whatever way is short; in no order. `total`: how many fit, if that is known.

    `backwards`: the nearest that stand before the place `after`.
    """
    size, lead = smallest(selection, sizes)
    if selection.search is None:
        if total is not None and start > total // 2:
            end = max(start, min(start + count, total))
            return in_order(selection, lead, start=total - end, count=end - start, from_the_end=True)
        return in_order(selection, lead, start=start, count=count, after=after, from_the_end=backwards)
    walk = (WALK_IN_MESSAGES if selection.in_messages else WALK) + 4 * (start + count)
    if size <= walk:
        return in_order(selection, lead, start=start, count=count, after=after, from_the_end=backwards)
    return walk_then_look_up(
        selection, lead, walk, start=start, count=count, after=after, backwards=backwards
    )


def walk_then_look_up(
    selection: Selection,
    lead: Lead,
    walk: int,
    *,
    start: int,
    count: int,
    after: Place | None,
    backwards: bool = False,
) -> Sql:
    time, row_id = ASCENDING if backwards else DESCENDING
    newest = in_order(
        replace(selection, search=None), lead, start=0, count=walk, after=after, from_the_end=backwards
    )
    wanted = start + count
    walked = newest.inside("SELECT newest.id, newest.time FROM ({}) newest WHERE ")
    walked += search_condition(selection, "newest.id")
    walked += Sql.of(f" ORDER BY newest.time {time}, newest.id {row_id} LIMIT %s", wanted)
    looked_up = in_order(selection, HITS, start=0, count=wanted, after=after, from_the_end=backwards)
    return (
        walked.inside("WITH walked AS MATERIALIZED ({}), ")
        + hits(selection).inside("hits AS MATERIALIZED ({})")
        # Only one of the two is read: a gate that knows no row decides before the other is begun.
        + Sql.of(
            " SELECT id, time FROM (SELECT id, time FROM walked WHERE (SELECT count(*) FROM walked) = %s"
            " UNION ALL ",
            wanted,
        )
        + looked_up.inside("SELECT id, time FROM ({}) found")
        + Sql.of(" WHERE (SELECT count(*) FROM walked) < %s) either", wanted)
        + Sql.of(f" ORDER BY time {time}, id {row_id} LIMIT %s OFFSET %s", count, start)
    )


HITS = Lead("hits c", *ROWS[1:], decides=frozenset({"search", "pages"}))


def hits(selection: Selection) -> Sql:
    """What the index of keys finds for the search, on the selection's Pages."""
    columns = "SELECT c.id, c.last_message_time, c.page_id, c.facets FROM conversations_conversation c WHERE "
    if selection.in_messages:
        parts = keys(selection, "conversations_keys(m.page_id, m.text)")
        said = parts.inside("SELECT m.conversation_id FROM conversations_messagepart m WHERE ({})")
        said += Sql.of(" AND m.text LIKE %s", f"%{escaped(selection)}%")
        return said.inside(columns + "c.id IN ({})")
    found = keys(selection, "conversations_search_keys(c.page_id, c.search)")
    return found.inside(columns + "({}) AND ") + search_condition(selection, "c.id")


def keys(selection: Selection, column: str) -> Sql:
    """The Page is part of each key: one look-up for each."""
    wanted = "ARRAY[conversations_name_key(%s, %s)]" if selection.is_short else "conversations_keys(%s, %s)"
    each = (Sql.of(f"{column} @> {wanted}", page_id, selection.search) for page_id in selection.page_ids)
    return Sql.join(" OR ", each)


# -- all of it, in no order --------------------------------------------------------------------------------
def arms_of_all(selection: Selection, sizes: Sizes) -> list[Sql]:
    """FROM and WHERE of all that fits, in arms that share no row."""
    size, lead = smallest(selection, sizes)
    if selection.search is None or size <= WALK:
        return arms_of(selection, lead)
    found = hits(selection).inside("({}) c")
    looked_up = Lead("{}", *ROWS[1:], decides=HITS.decides)
    return [
        Sql(arm.text.replace("{}", found.text, 1), found.params + arm.params)
        for arm in arms_of(selection, looked_up)
    ]


def matching(selection: Selection) -> Sql:
    """`id` of all that fits, each once."""
    if selection.is_impossible:
        return Sql("SELECT NULL::bigint AS id WHERE false")
    sizes = read_sizes(selection)
    size, lead = smallest(selection, sizes)
    row_id = lead.id if selection.search is None or size <= WALK else "c.id"
    arms = [Sql(f"SELECT {row_id} AS id") + arm for arm in arms_of_all(selection, sizes)]
    return Sql.join(" UNION ALL ", arms)
