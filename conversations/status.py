"""Staff say that a conversation is done, or that it is not."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from conversations.changes import publish_changes
from conversations.locks import lock_rows
from conversations.models import Conversation, InteractionEvent


@transaction.atomic
def set_status(conversation_ids: Collection[int], status: str, *, actor) -> set[int]:
    """Sets the status and leaves an event where it differs; returns the ids of what changed."""
    rows = Conversation.objects.filter(pk__in=conversation_ids)
    pages = list(rows.order_by().values_list("page_id", flat=True).distinct())
    lock_rows(pages)
    before = dict(rows.exclude(conversation_status=status).values_list("pk", "conversation_status"))
    now = timezone.now()
    Conversation.objects.filter(pk__in=before).update(conversation_status=status, updated_at=now)
    InteractionEvent.objects.bulk_create(
        InteractionEvent(
            conversation_id=conversation_id,
            kind=InteractionEvent.Kind.STATUS_CHANGED,
            occurred_at=now,
            actor=actor,
            data={"from": old, "to": status},
        )
        for conversation_id, old in before.items()
    )
    if before:
        publish_changes(pages)
    return set(before)
