"""Putting tags on conversations and taking them off: the only writers of ConversationTag.

Each change leaves an event that says who did it; changes of one action share its `act`.
"""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from conversations.locks import lock_rows
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page
from tags.models import Tag

CHUNK = 1000


class TagInUse(Exception):
    """Deleting this tag would take it off conversations."""

    def __init__(self, conversations: int):
        super().__init__(f"The tag is on {conversations} conversation{'s' * (conversations != 1)}.")
        self.conversations = conversations


@transaction.atomic
def tag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Adds these tags where they are missing; returns the ids of the conversations that changed."""
    act, tags = act or uuid.uuid4(), list(tags)
    conversations = _locked(conversation_ids)
    present = set(_rows(conversation_ids, tags).values_list("conversation_id", "tag_id"))
    missing = [(row, tag) for row in conversations for tag in tags if (row["pk"], tag.pk) not in present]
    now = timezone.now()
    ConversationTag.objects.bulk_create(
        (
            ConversationTag(
                conversation_id=row["pk"],
                tag_id=tag.pk,
                page_id=row["page_id"],
                last_message_time=row["last_message_time"],
                actor=actor,
                created_at=now,
                act=act,
            )
            for row, tag in missing
        ),
        batch_size=CHUNK,
    )
    _record(InteractionEvent.Kind.TAG_ADDED, [(row["pk"], tag) for row, tag in missing], actor, act, now)
    return {row["pk"] for row, _ in missing}


@transaction.atomic
def untag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Takes these tags off where they are; returns the ids of the conversations that changed."""
    act = act or uuid.uuid4()
    _locked(conversation_ids)
    rows = list(_rows(conversation_ids, tags).select_related("tag"))
    ConversationTag.objects.filter(pk__in=[row.pk for row in rows]).delete()
    removed = [(row.conversation_id, row.tag) for row in rows]
    _record(InteractionEvent.Kind.TAG_REMOVED, removed, actor, act, timezone.now())
    return {conversation_id for conversation_id, _ in removed}


@transaction.atomic
def replace_tags(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Leaves exactly these tags; returns the ids of the conversations that changed."""
    act, tags = act or uuid.uuid4(), list(tags)
    others = Tag.objects.exclude(pk__in=[tag.pk for tag in tags])
    removed = untag_conversations(conversation_ids, others, actor=actor, act=act)
    return removed | tag_conversations(conversation_ids, tags, actor=actor, act=act)


@transaction.atomic
def delete_tag(tag: Tag, *, force: bool, actor) -> None:
    """Deletes the tag; where it is in use only with `force`, taking it off with events first.

    Raises TagInUse.
    """
    lock_rows(Page.objects.values_list("pk", flat=True))  # nobody tags meanwhile
    ids = list(tag.conversation_rows.values_list("conversation_id", flat=True))
    if ids and not force:
        raise TagInUse(len(ids))
    untag_conversations(ids, [tag], actor=actor)
    tag.delete()


def _locked(conversation_ids: Collection[int]) -> list[Any]:
    """The conversations, read when nobody else can change them any more."""
    rows = Conversation.objects.filter(pk__in=conversation_ids)
    lock_rows(rows.order_by().values_list("page_id", flat=True).distinct())
    return list(rows.order_by("pk").values("pk", "page_id", "last_message_time"))


def _rows(conversation_ids: Collection[int], tags: Iterable[Tag]):
    return ConversationTag.objects.filter(conversation_id__in=conversation_ids, tag__in=tags)


def _record(kind: str, changes: list[tuple[int, Tag]], actor, act: uuid.UUID, now) -> None:
    InteractionEvent.objects.bulk_create(
        (
            InteractionEvent(
                conversation_id=conversation_id,
                kind=kind,
                occurred_at=now,
                actor=actor,
                data={"id": tag.pk, "name": tag.name, "act": str(act)},
            )
            for conversation_id, tag in changes
        ),
        batch_size=CHUNK,
    )
