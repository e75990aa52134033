"""Selects the conversations of an action, as SQL: by ID, by filter, or those of an earlier operation."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

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


def targets_by_id(conversation_ids: Collection[int]) -> Targets:
    return _of_query(Sql.compose(STATEMENTS["by_id"], ids=list(conversation_ids)))


def _of_query(ids: Sql) -> Targets:
    pages = fetch_all(Sql.compose(STATEMENTS["pages_of"], ids=ids))
    return Targets(ids, tuple(page_id for (page_id,) in pages))


def targets_matching(criteria: SearchCriteria) -> Targets:
    """Select all matches of a search; they are evaluated when the change is made."""
    return Targets(all_ids_query(criteria), criteria.page_ids)


def targets_of_operation(operation: uuid.UUID) -> Targets:
    """Select the conversations that an operation changed."""
    return _of_query(Sql.compose(STATEMENTS["by_operation"], operation=str(operation)))


def count_targets(targets: Targets) -> int:
    return fetch_value(targets.ids.inside("SELECT count(*) FROM ({}) AS selected"))


def page_ids_of(targets: Targets) -> list[int]:
    """Return the Pages that the conversations belong to."""
    return [
        page_id
        for page_id in targets.page_ids
        if fetch_value(Sql.compose(STATEMENTS["has_page"], ids=targets.ids, page_id=page_id))
    ]
