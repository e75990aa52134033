"""Which conversations an act is about, as SQL: those named, all that match, those of another act."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from conversations.reading.finding import matching
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, rows, value

OF_ACT = (
    "SELECT DISTINCT e.conversation_id AS id FROM conversations_interactionevent AS e"
    " WHERE e.data->>'act' = %s AND e.kind IN ('tag_added', 'tag_removed', 'status_changed')"
)


@dataclass(frozen=True)
class Chosen:
    """The conversations that an action is about: their ids as SQL, and the Pages that they may be on."""

    ids: Sql
    page_ids: tuple[int, ...]


def chosen_ids(conversation_ids: Collection[int]) -> Chosen:
    ids = Sql.of(
        "SELECT c.id FROM conversations_conversation AS c WHERE c.id = ANY(%s::bigint[])",
        list(conversation_ids),
    )
    pages = rows(
        Sql.of(
            "SELECT DISTINCT page_id FROM conversations_conversation WHERE id = ANY(%s::bigint[])",
            list(conversation_ids),
        )
    )
    return Chosen(ids, tuple(page_id for (page_id,) in pages))


def chosen_by(selection: Selection) -> Chosen:
    """All that match. Which they are is decided when the change is made."""
    return Chosen(matching(selection), selection.page_ids)


def chosen_by_act(act: uuid.UUID) -> Chosen:
    """The conversations that this act changed."""
    ids = Sql.of(OF_ACT, str(act))
    pages = "SELECT DISTINCT c.page_id FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
    return Chosen(ids, tuple(page_id for (page_id,) in rows(ids.inside(pages))))


def count(chosen: Chosen) -> int:
    return value(chosen.ids.inside("SELECT count(*) FROM ({}) AS chosen"))


def pages_of(chosen: Chosen) -> list[int]:
    """The Pages that they are on."""
    return [
        page_id
        for page_id in chosen.page_ids
        if value(
            chosen.ids.inside(
                "SELECT EXISTS (SELECT FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
            )
            + Sql.of(" WHERE c.page_id = %s)", page_id)
        )
    ]
