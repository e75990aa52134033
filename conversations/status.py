"""Staff say that a conversation is done, or that it is not. Each change leaves an event with its `act`."""

import uuid
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from conversations.changes import publish_changes
from conversations.locks import lock_rows
from conversations.models import Conversation, InteractionEvent
from conversations.reading.sql import Sql, rows, value

CHANGED = InteractionEvent.Kind.STATUS_CHANGED

# What still stands as the act left it: nobody has set it since, and the customer has not woken it.
STANDING = """
SELECT c.id, e.data->>'from', e.data->>'to' FROM conversations_interactionevent AS e
JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.data->>'act' = %s AND e.kind = 'status_changed' AND c.conversation_status = e.data->>'to'
AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at
    AND later.id > e.id AND later.kind = 'status_changed'
)
"""


def would_set(ids: Sql, status: str) -> int:
    """How many of these conversations have another status."""
    others = ids.inside("SELECT count(*) FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)")
    return value(others + Sql.of(" WHERE c.conversation_status <> %s", status))


@transaction.atomic
def set_status(
    conversation_ids: Collection[int], status: str, *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Sets the status where it differs; returns the ids of what changed."""
    found = Conversation.objects.filter(pk__in=conversation_ids)
    pages = list(found.order_by().values_list("page_id", flat=True).distinct())
    lock_rows(pages)
    before = dict(found.exclude(conversation_status=status).values_list("pk", "conversation_status"))
    _change(before.items(), status, actor, act or uuid.uuid4())
    if before:
        publish_changes(pages)
    return set(before)


def undo_status(act: uuid.UUID, *, actor, own: uuid.UUID) -> set[int]:
    """Takes back what still stands of an act, as the act `own`. Runs inside the caller's locks."""
    standing = rows(Sql.of(STANDING, str(act)))
    for status in Conversation.Status.values:
        _change([(pk, now) for pk, before, now in standing if before == status], status, actor, own)
    return {pk for pk, *_ in standing}


def _change(before: Iterable[tuple[int, str]], status: str, actor, act: uuid.UUID) -> None:
    """`before`: the ids and the status of each, which is another."""
    pairs, now = list(before), timezone.now()
    Conversation.objects.filter(pk__in=[pk for pk, _ in pairs]).update(
        conversation_status=status, updated_at=now
    )
    InteractionEvent.objects.bulk_create(
        InteractionEvent(
            conversation_id=pk,
            kind=CHANGED,
            occurred_at=now,
            actor=actor,
            data={"from": old, "to": status, "act": str(act)},
        )
        for pk, old in pairs
    )
