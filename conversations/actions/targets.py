"""Selects the conversations of an action, as SQL: by ID, by filter, or those of an earlier operation."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from conversations.lib.sql_files import read_statements
from conversations.search.criteria import SearchCriteria
from conversations.search.list_sql import all_ids_query
from conversations.search.sql import Sql, fetch_all, fetch_value

STATEMENTS = read_statements(__file__)


@dataclass(frozen=True)
class Targets:
    """The conversations of an action: a query for their IDs, and the Pages they may belong to."""

    ids: Sql
    page_ids: tuple[int, ...]


@dataclass(frozen=True)
class Since:
    """When a bulk operation began: the newest event, and a time before all later events.

    `earlier`: operations that began before it and ended after that, so that their events are not later ones.
    """

    event: int
    time: datetime
    earlier: list[str]

    def leave_out_later(self, statement: str, **parts: Sql) -> Sql:
        """Complete a statement that leaves out what was changed later."""
        return Sql.compose(statement, event=self.event, time=self.time, earlier=self.earlier, **parts)


def targets_by_id(conversation_ids: Collection[int]) -> Targets:
    return _of_query(Sql.compose(STATEMENTS["by_id"], ids=list(conversation_ids)))


def targets_on_page(conversation_ids: list[int], page_id: int) -> Targets:
    """Select conversations by ID, which are all of this Page."""
    return Targets(Sql.compose(STATEMENTS["by_id"], ids=conversation_ids), (page_id,))


def _of_query(ids: Sql) -> Targets:
    pages = fetch_all(Sql.compose(STATEMENTS["pages_of"], ids=ids))
    return Targets(ids, tuple(page_id for (page_id,) in pages))


def targets_matching(criteria: SearchCriteria) -> Targets:
    """Select all matches of a search; they are evaluated when the change is made."""
    return Targets(all_ids_query(criteria), criteria.page_ids)


def targets_of_operation(operation: uuid.UUID, *, page_ids: Collection[int] | None = None) -> Targets:
    """Select the conversations that an operation changed. `page_ids`: their Pages, if these are known."""
    ids = Sql.compose(STATEMENTS["by_operation"], operation=str(operation))
    return _of_query(ids) if page_ids is None else Targets(ids, tuple(page_ids))


def events_of_operation(operation: uuid.UUID) -> Sql:
    """Select the events of an operation."""
    return Sql.compose(STATEMENTS["events_of_operation"], operation=str(operation))


def events_of_operation_in(operation: uuid.UUID, ids: list[int], *, time: datetime) -> Sql:
    """Select the events of an operation in a few conversations; none is older than `time`."""
    return Sql.compose(STATEMENTS["events_of_operation_in"], operation=str(operation), ids=ids, time=time)


def count_kinds(events: Sql) -> Counter[str]:
    """Return how many of these events are of each kind."""
    return Counter(dict(fetch_all(events.inside(STATEMENTS["count_kinds"]))))


def count_targets(targets: Targets) -> int:
    return fetch_value(targets.ids.inside("SELECT count(*) FROM ({}) AS selected"))


def page_ids_of(targets: Targets) -> list[int]:
    """Return the Pages that the conversations belong to."""
    return [
        page_id
        for page_id in targets.page_ids
        if fetch_value(Sql.compose(STATEMENTS["has_page"], ids=targets.ids, page_id=page_id))
    ]
