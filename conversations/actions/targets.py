"""Selects the conversations of an action, as SQL: by ID, by filter, or those of an earlier operation."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from conversations.search.criteria import SearchCriteria
from conversations.search.list_sql import all_ids_query
from conversations.search.sql import Sql, fetch_all, fetch_value

OF_OPERATION = (
    "SELECT DISTINCT e.conversation_id AS id FROM conversations_interactionevent AS e"
    " WHERE e.data->>'act' = %s AND e.kind IN ('tag_added', 'tag_removed', 'status_changed')"
)


@dataclass(frozen=True)
class Targets:
    """The conversations of an action: a query for their IDs, and the Pages they may belong to."""

    ids: Sql
    page_ids: tuple[int, ...]


def targets_by_id(conversation_ids: Collection[int]) -> Targets:
    ids = Sql.of(
        "SELECT c.id FROM conversations_conversation AS c WHERE c.id = ANY(%s::bigint[])",
        list(conversation_ids),
    )
    pages = fetch_all(
        Sql.of(
            "SELECT DISTINCT page_id FROM conversations_conversation WHERE id = ANY(%s::bigint[])",
            list(conversation_ids),
        )
    )
    return Targets(ids, tuple(page_id for (page_id,) in pages))


def targets_matching(criteria: SearchCriteria) -> Targets:
    """Select all matches of a search; they are evaluated when the change is made."""
    return Targets(all_ids_query(criteria), criteria.page_ids)


def targets_of_operation(operation: uuid.UUID) -> Targets:
    """Select the conversations that an operation changed."""
    ids = Sql.of(OF_OPERATION, str(operation))
    pages = "SELECT DISTINCT c.page_id FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
    return Targets(ids, tuple(page_id for (page_id,) in fetch_all(ids.inside(pages))))


def count_targets(targets: Targets) -> int:
    return fetch_value(targets.ids.inside("SELECT count(*) FROM ({}) AS chosen"))


def page_ids_of(targets: Targets) -> list[int]:
    """Return the Pages that the conversations belong to."""
    return [
        page_id
        for page_id in targets.page_ids
        if fetch_value(
            targets.ids.inside(
                "SELECT EXISTS (SELECT FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
            )
            + Sql.of(" WHERE c.page_id = %s)", page_id)
        )
    ]
