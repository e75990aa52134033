"""The WHERE clauses of a search along an access path."""

from collections.abc import Iterator
from datetime import datetime

from conversations.lib.sql_files import read_statements
from conversations.models.facets import Facet
from conversations.search.criteria import NOBODY, SearchCriteria
from conversations.search.planner import (
    FEW_TAGS,
    MAX_BRANCHES,
    AccessPath,
    has_all_tags,
    has_any_tag,
    has_few_pages,
    mention_of,
    with_kinds,
)
from conversations.search.sql import Sql

Keyset = tuple[datetime | None, int]  # the position of a row in the list: its time and its id

STATEMENTS = read_statements(__file__)
KIND_FROM = {"customer": "message_received", "page": "message_sent"}
ONE_TAG = (
    "EXISTS (SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id} AND x.tag_id = %s)"
)
SOME_TAG = "EXISTS (SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id})"
# Subqueries by primary key, one for each row. A join would let PostgreSQL start with the whole table.
NAME = "split_part(c.search, E'\\n', 1)"  # see lib.folding.search_text
NAME_OF_ROW = "(SELECT {condition} FROM conversations_conversation c WHERE c.id = {id})"
TEXTS = "SELECT bool_or(m.text LIKE ANY(%s)) FROM conversations_messageindexchunk m"
TEXT_OF_ROW = f"({TEXTS} WHERE m.conversation_id = {{id}})"


def branches_of(
    criteria: SearchCriteria,
    path: AccessPath,
    after: Keyset | None = None,
    *,
    backwards: bool = False,
    is_joined: bool = False,
) -> list[Sql]:
    """Return FROM and WHERE of each branch of the search; no row belongs to two of them.

    With `after` only rows behind that position are included; with `backwards` only those before it.
    `is_joined`: the values of the path are part of FROM.
    """
    rest = list(conditions(criteria, path))
    table = path.table
    if not path.has_conversation_columns and any(condition.text.startswith("c.") for condition in rest):
        table += f" JOIN conversations_conversation c ON c.id = {path.id}"
    source = Sql(table)
    if is_joined and path.values is not None:
        source = path.values + Sql(" CROSS JOIN ") + source
    return [
        source.inside(" FROM {} WHERE ") + Sql.join(" AND ", [page, branch, position, *rest])
        for page in page_branches(criteria, path)
        for branch in path.branches
        for position in keyset_branches(criteria, path, after, backwards=backwards)
    ]


def with_few_branches(
    criteria: SearchCriteria, path: AccessPath, after: Keyset | None = None, *, backwards: bool = False
) -> AccessPath:
    """Return the path, or its compact form if the search would have more than MAX_BRANCHES branches."""
    positions = keyset_branches(criteria, path, after, backwards=backwards)
    number = len(page_branches(criteria, path)) * len(path.branches) * len(positions)
    return path.compact if path.compact and number > MAX_BRANCHES else path


def conditions(criteria: SearchCriteria, path: AccessPath) -> Iterator[Sql]:
    """Yield the conditions that the access path does not settle."""
    yield from tag_conditions(criteria, path)
    if criteria.has_facets and "facets" not in path.settles:
        yield Sql.of("c.facets = ANY(%s::smallint[])", criteria.facets)
    if criteria.waiting is False:  # a waiting conversation has a time and is unanswered
        late = f"CASE WHEN {path.time} <= %s THEN %s ELSE 0 END"
        yield Sql.of(f"c.facets & {late} = 0", criteria.waiting_before, Facet.UNANSWERED.value)
    if criteria.since is not None:
        yield Sql.of(f"{path.time} >= %s", criteria.since)
    if criteria.until is not None:
        yield Sql.of(f"{path.time} <= %s", criteria.until)
    if criteria.ids is not None and "ids" not in path.settles:
        yield Sql.of(f"{path.id} = ANY(%s::bigint[])", list(criteria.ids))
    yield from content_conditions(criteria, path)
    yield from work_conditions(criteria, path)
    if criteria.search is not None and "search" not in path.settles:
        yield search_condition(criteria, path.id)


def content_conditions(criteria: SearchCriteria, path: AccessPath) -> Iterator[Sql]:
    if criteria.ad_id and "ad" not in path.settles:
        yield Sql.of("c.ad_id = %s", criteria.ad_id)
    if criteria.last_message_from:
        yield Sql.of("c.last_message_kind = %s", KIND_FROM[criteria.last_message_from])
    if criteria.has_attachment is False:
        yield Sql("c.attachment_kinds = 0")
    if criteria.has_attachment and "attachments" not in path.settles:
        yield with_kinds(criteria.attachment_kinds)


def work_conditions(criteria: SearchCriteria, path: AccessPath) -> Iterator[Sql]:
    """Of assignees, snoozes and notes."""
    if criteria.assignee == NOBODY:
        yield Sql("c.assignee_id IS NULL")
    if criteria.assignee and "assignee" not in path.settles:
        yield Sql.of("c.assignee_id = %s", criteria.assignee)
    if criteria.snoozed is not None and "snoozed" not in path.settles:
        yield Sql(f"c.snoozed_until IS {'NOT ' * criteria.snoozed}NULL")
    if criteria.mentioned is not None and "mentioned" not in path.settles:
        yield Sql.compose(STATEMENTS["mentions_in"], id=Sql(path.id), mention=mention_of(criteria.mentioned))
    if criteria.has_note is not None and "note" not in path.settles:
        yield Sql("NOT " * (not criteria.has_note)) + Sql.compose(STATEMENTS["note_in"], id=Sql(path.id))


def tag_conditions(criteria: SearchCriteria, path: AccessPath) -> Iterator[Sql]:
    if criteria.include and "include" not in path.settles:
        if criteria.include_all:
            others = [tag_id for tag_id in criteria.include if tag_id != path.tag_id]
            few, more = others[:FEW_TAGS], others[FEW_TAGS:]
            yield from (Sql.of(ONE_TAG.format(id=path.id), tag_id) for tag_id in few)
            if more:  # together: each further subquery doubles the time of PostgreSQL's planner
                yield has_all_tags(path.id, more)
        else:
            yield has_any_tag(path.id, criteria.include)
    if criteria.exclude:
        yield Sql("NOT ") + has_any_tag(path.id, criteria.exclude)
    if criteria.untagged is not None and "untagged" not in path.settles:
        yield Sql(f"{'NOT ' * criteria.untagged}{SOME_TAG.format(id=path.id)}")


def search_condition(criteria: SearchCriteria, row_id: str) -> Sql:
    if not criteria.in_messages:
        return row_condition(criteria, row_id)
    in_texts = Sql.of(TEXT_OF_ROW.format(id=row_id), containing(criteria))
    if criteria.search_in == "messages":
        return in_texts
    return Sql.join(" OR ", [row_condition(criteria, row_id), in_texts]).inside("({})")


def row_condition(criteria: SearchCriteria, row_id: str) -> Sql:
    """The term is in the name or, unless only names are searched, in the last message."""
    if criteria.is_short:
        fits = Sql.of("conversations_name_words(c.search) LIKE ANY(%s)", containing(criteria, before=" "))
    else:
        text = NAME if criteria.search_in == "names" else "c.search"
        fits = Sql.of(f"{text} LIKE ANY(%s)", containing(criteria))
    return fits if row_id == "c.id" else Sql.compose(NAME_OF_ROW, condition=fits, id=Sql(row_id))


def containing(criteria: SearchCriteria, before: str = "") -> list[str]:
    """The patterns of LIKE for texts that contain a term, with this text before it."""
    return [f"%{before}{escape_like(term)}%" for term in criteria.terms]


def escape_like(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def page_branches(criteria: SearchCriteria, path: AccessPath) -> list[Sql]:
    if "pages" in path.settles or criteria.all_pages:
        return [Sql("TRUE")]
    if has_few_pages(criteria):
        return [Sql.of(f"{path.page} = %s", page_id) for page_id in criteria.page_ids]
    return [Sql.of(f"{path.page} = ANY(%s::bigint[])", list(criteria.page_ids))]


def keyset_branches(
    criteria: SearchCriteria, path: AccessPath, after: Keyset | None, *, backwards: bool
) -> list[Sql]:
    """Rows after this position in the list. Rows without a time are last, in a branch of their own."""
    if after is None:
        return [Sql("TRUE")]
    time, row_id = after
    if backwards:
        return keyset_branches_backwards(path, time, row_id)
    if time is None:
        return [Sql.of(f"{path.time} IS NULL AND {path.id} < %s", row_id)]
    # The second condition implies the first, but PostgreSQL needs the first to start in the index there.
    condition = f"{path.time} <= %s AND ({path.time} < %s OR {path.id} < %s)"
    branches = [Sql.of(condition, time, time, row_id)]
    return branches if criteria.has_times else [*branches, Sql(f"{path.time} IS NULL")]


def keyset_branches_backwards(path: AccessPath, time: datetime | None, row_id: int) -> list[Sql]:
    """Rows before this position in the list."""
    if time is None:
        same_time = Sql.of(f"{path.time} IS NULL AND {path.id} > %s", row_id)
        return [same_time, Sql(f"{path.time} IS NOT NULL")]
    return [Sql.of(f"{path.time} >= %s AND ({path.time} > %s OR {path.id} > %s)", time, time, row_id)]
