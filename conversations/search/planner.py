"""Chooses the index through which a search reads its rows: an access path.

An access path is a set of conversations that an index holds newest first: the rows of a tag, those without a
tag, those with given facets, or all of the Pages. Counters in the database tell how many rows each path has
(its cardinality). The search reads the smallest path in order and checks the other conditions on each row, so
the first page of results needs only a few rows. conditions.py and list_sql.py turn that path into SQL.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from psycopg.types.json import Jsonb

from conversations.lib.sql_files import read_statements
from conversations.search.criteria import SearchCriteria
from conversations.search.sql import Sql, fetch_all

FEW_PAGES = 3  # up to this many Pages have a branch each; for more, the index over all Pages is read
FEW_TAGS = 3  # up to this many tags are looked up one by one
# Branches of one search: PostgreSQL's planner takes long over more. A statement has at most two searches, and
# the text index adds two branches to each, which makes 48.
MAX_BRANCHES = 22

COUNTED = 10_000  # conversations with attachments: of more, many are soon found in any order

STATEMENTS = read_statements(__file__)
# The kinds of numbers that read_cardinalities() reads, beside facets and tags.
COLUMNS = {
    "ad": "of_ad",
    "attachments": "with_attachments",
    "assigned": "assigned",
    "snoozed": "snoozed",
    "mentioning": "mentioning",
    "note": "with_note",
}
ROWS = ("conversations_conversation c", "c.id", "c.last_message_time", "c.page_id")
TAG_ROWS = ("conversations_conversationtag t", "t.conversation_id", "t.last_message_time", "t.page_id")


@dataclass(frozen=True)
class AccessPath:
    """A set of conversations that an index holds newest first.

    `table` is its FROM clause; `id`, `time` and `page` are the columns to read there. Each of `branches` is a
    condition on the indexed column; no row belongs to two branches. `compact` has the same rows in one
    branch, which is read for each of its `values`: the rows of a FROM clause named `lead`.
    """

    table: str
    id: str
    time: str
    page: str
    branches: tuple[Sql, ...] = (Sql("TRUE"),)
    settles: frozenset[str] = frozenset()  # the criteria that the branches already check
    tag_id: int | None = None  # a tag that all rows of the path have
    values: Sql | None = None
    compact: "AccessPath | None" = None

    @property
    def has_conversation_columns(self) -> bool:
        return self.id == "c.id"


@dataclass
class Cardinalities:
    """How many conversations the Pages of a search have, by facets, by tag and by the other criteria."""

    facets: dict[int, int] = field(default_factory=dict)
    tags: dict[int | None, int] = field(default_factory=dict)  # None: without any tag
    of_ad: int = 0
    with_attachments: int = 0  # up to COUNTED, as all below
    assigned: int = 0
    snoozed: int = 0
    mentioning: int = 0
    with_note: int = 0

    @property
    def everything(self) -> int:
        return sum(self.facets.values())

    def of_tag(self, tag_id: int | None) -> int:
        return self.tags.get(tag_id, 0)


def read_cardinalities(criteria: SearchCriteria) -> Cardinalities:
    """Read the counters of the Pages and tags of a search, in one query over a few rows."""
    pages = list(criteria.page_ids)
    tags = list({*(criteria.include or ()), *criteria.exclude})
    result = Cardinalities()
    query = Sql.compose(STATEMENTS["cardinalities"], pages=pages, tags=tags)
    if criteria.ad_id:
        query += Sql(" ") + Sql.compose(STATEMENTS["and_of_ad"], pages=pages, ad=criteria.ad_id)
    if criteria.has_attachment:
        kinds = with_kinds(criteria.attachment_kinds)
        more = Sql.compose(STATEMENTS["and_with_attachments"], pages=pages, kinds=kinds, limit=COUNTED)
        query += Sql(" ") + more
    for more in counts_of_work(criteria, pages):
        query += Sql(" ") + more
    for kind, key, number in fetch_all(query):
        if kind in COLUMNS:
            setattr(result, COLUMNS[kind], number)
        else:
            (result.facets if kind == "facets" else result.tags)[key] = number
    return result


def counts_of_work(criteria: SearchCriteria, pages: list[int]) -> Iterator[Sql]:
    """Count those of an assignee, the snoozed ones, mentions and notes, each up to COUNTED."""
    if criteria.assignee:
        assigned = Sql.of(
            "c.assignee_id = %s AND c.facets = ANY(%s::smallint[])", criteria.assignee, criteria.facets
        )
        yield Sql.compose(STATEMENTS["and_assigned"], pages=pages, assigned=assigned, limit=COUNTED)
    if criteria.snoozed:
        yield Sql.compose(STATEMENTS["and_snoozed"], pages=pages, limit=COUNTED)
    if criteria.mentioned is not None:
        mention = mention_of(criteria.mentioned)
        yield Sql.compose(STATEMENTS["and_mentioning"], mention=mention, limit=COUNTED)
    if criteria.has_note:
        yield Sql.compose(STATEMENTS["and_with_note"], limit=COUNTED)


def access_paths(
    criteria: SearchCriteria, cardinalities: Cardinalities | None
) -> list[tuple[int, AccessPath]]:
    """Return every possible access path with its number of rows.

    All rows of the Pages are included only where no smaller path is certain to exist.
    """
    if criteria.ids is not None:
        return [(len(criteria.ids), ids_path(criteria.ids))]
    known = cardinalities or Cardinalities()
    result = tag_paths(criteria, known)
    if criteria.untagged:
        result.append((known.of_tag(None), untagged_path()))
    if criteria.ad_id:
        result.append((known.of_ad, ad_path(criteria.ad_id)))
    if criteria.has_attachment:
        result.append((known.with_attachments, attachments_path(criteria)))
    result += work_paths(criteria, known)
    if criteria.has_facets:
        result.append((criteria.count_facets(known.facets), facets_path(criteria)))
    has_many = len(criteria.include or ()) > 1 and not criteria.include_all
    if not result or has_many or criteria.mentioned is not None or criteria.has_note:
        result.append((known.everything, pages_path(criteria)))
    return result


def work_paths(criteria: SearchCriteria, known: Cardinalities) -> list[tuple[int, AccessPath]]:
    """Paths of assignees, snoozes and notes. Many notes are soon found in any order."""
    result = []
    if criteria.assignee:
        result.append((known.assigned, assignee_path(criteria)))
    if criteria.snoozed:
        result.append((known.snoozed, snoozed_path()))
    if criteria.mentioned is not None and known.mentioning < COUNTED:
        mention = mention_of(criteria.mentioned)
        path = events_path(Sql.compose(STATEMENTS["mentioning"], mention=mention), "mentioned")
        result.append((known.mentioning, path))
    if criteria.has_note and known.with_note < COUNTED:
        result.append((known.with_note, events_path(Sql(STATEMENTS["with_note"]), "note")))
    return result


def tag_paths(criteria: SearchCriteria, known: Cardinalities) -> list[tuple[int, AccessPath]]:
    tags = criteria.include or ()
    if tags and not criteria.include_all:
        return [(sum(map(known.of_tag, tags)), any_tag_path(tags))]
    return [(known.of_tag(tag_id), tag_path(tag_id)) for tag_id in tags]


def needs_cardinalities(criteria: SearchCriteria) -> bool:
    """Whether the choice between several access paths depends on their numbers of rows."""
    return criteria.search is not None or len(access_paths(criteria, None)) > 1


def rarest_first(criteria: SearchCriteria, cardinalities: Cardinalities | None) -> SearchCriteria:
    """Order the included tags, so that the conditions check the rarest ones first."""
    if not (criteria.include and criteria.include_all and cardinalities):
        return criteria
    return replace(criteria, include=tuple(sorted(criteria.include, key=cardinalities.of_tag)))


def cheapest(criteria: SearchCriteria, cardinalities: Cardinalities | None) -> tuple[int, AccessPath]:
    """Return the access path with the fewest rows, after their number."""
    return min(access_paths(criteria, cardinalities), key=lambda path: path[0])


def has_few_pages(criteria: SearchCriteria) -> bool:
    return len(criteria.page_ids) <= FEW_PAGES


def pages_path(criteria: SearchCriteria) -> AccessPath:
    if criteria.all_pages or not has_few_pages(criteria):
        return facets_path(criteria)  # the facets are the first column of the index over all Pages
    return AccessPath(*ROWS)


def facets_path(criteria: SearchCriteria) -> AccessPath:
    branches = tuple(Sql.of("c.facets = %s", value) for value in criteria.facets)
    values = Sql.of("unnest(%s::smallint[]) AS lead(value)", criteria.facets)
    path = AccessPath(*ROWS, branches, frozenset({"facets"}))
    return replace(path, compact=replace(path, branches=(Sql("c.facets = lead.value"),), values=values))


def untagged_path() -> AccessPath:
    columns = ("u.conversation_id", "u.last_message_time", "u.page_id")
    return AccessPath("conversations_untagged u", *columns, settles=frozenset({"untagged"}))


def ids_path(ids: tuple[int, ...]) -> AccessPath:
    return AccessPath(*ROWS, (Sql.of("c.id = ANY(%s::bigint[])", list(ids)),), frozenset({"ids"}))


def ad_path(ad_id: str) -> AccessPath:
    return AccessPath(*ROWS, (Sql.of("c.ad_id = %s", ad_id),), frozenset({"ad"}))


def attachments_path(criteria: SearchCriteria) -> AccessPath:
    return AccessPath(*ROWS, (with_kinds(criteria.attachment_kinds),), frozenset({"attachments"}))


def assignee_path(criteria: SearchCriteria) -> AccessPath:
    assigned = Sql.of("c.assignee_id = %s AND ", criteria.assignee)
    path = facets_path(criteria)
    compact = path.compact and replace(
        path.compact,
        branches=tuple(assigned + branch for branch in path.compact.branches),
        settles=path.settles | {"assignee"},
    )
    branches = tuple(assigned + branch for branch in path.branches)
    return replace(path, branches=branches, settles=path.settles | {"assignee"}, compact=compact)


def snoozed_path() -> AccessPath:
    return AccessPath(*ROWS, (Sql("c.snoozed_until IS NOT NULL"),), frozenset({"snoozed"}))


def events_path(ids: Sql, criterion: str) -> AccessPath:
    """The conversations of few events, looked up one by one."""
    return AccessPath(*ROWS, (ids.inside("c.id = ANY(ARRAY({}))"),), frozenset({criterion}))


def mention_of(user_id: int) -> Jsonb:
    """What the mentions of a note contain if it mentions the user."""
    return Jsonb([{"id": user_id}])


def with_kinds(kinds: int) -> Sql:
    """The condition that a conversation has one of these kinds of attachments, in the words of its index."""
    return Sql.of("c.attachment_kinds > 0 AND c.attachment_kinds & %s <> 0", kinds)


def tag_path(tag_id: int) -> AccessPath:
    return AccessPath(*TAG_ROWS, (Sql.of("t.tag_id = %s", tag_id),), tag_id=tag_id)


def has_any_tag(row_id: str, tag_ids: Iterable[int]) -> Sql:
    """The condition that the conversation with this ID, a column, has any of the tags."""
    tags = list(tag_ids)
    name = "any_tag" if len(tags) <= FEW_TAGS else "any_of_many_tags"
    return Sql.compose(STATEMENTS[name], id=Sql(row_id), tags=tags)


def has_all_tags(row_id: str, tag_ids: Iterable[int]) -> Sql:
    """The condition that the conversation with this ID, a column, has all of the tags."""
    tags = list(tag_ids)
    return Sql.compose(STATEMENTS["all_tags"], id=Sql(row_id), tags=tags, count=len(tags))


def any_tag_path(tag_ids: tuple[int, ...]) -> AccessPath:
    """One branch for each tag, without the rows of earlier branches."""
    branches = []
    for number, tag_id in enumerate(tag_ids):
        branch = Sql.of("t.tag_id = %s", tag_id)
        if number:
            branch += Sql(" AND NOT ") + has_any_tag("t.conversation_id", tag_ids[:number])
        branches.append(branch)
    path = AccessPath(*TAG_ROWS, tuple(branches), frozenset({"include"}))
    together = Sql.compose(STATEMENTS["first_of_tags"], tags=list(tag_ids))
    values = Sql.of("unnest(%s::bigint[]) WITH ORDINALITY AS lead(value, number)", list(tag_ids))
    return replace(path, compact=replace(path, branches=(together,), values=values))
