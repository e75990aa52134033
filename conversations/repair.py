"""Repairing a database that was taken over: duplicate conversations are merged, the unique keys made.

Nothing is lost by it: not a tag, a message, a name, nor what staff said of a conversation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.db.models import Count
from django.utils import timezone

from conversations.locks import lock_rows
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.sync.takeover import Index, Key, missing_keys, wider_keys
from conversations.sync.transform import search_text

Status = Conversation.Status
Track = Callable[[list[str]], Iterator[str]]

# Columns of which the newest state's say is taken as it is.
OF_NEWEST = [
    "platform",
    "graph_id",
    "last_message",
    "last_message_time",
    "last_message_kind",
    "message_count",
    "unread_count",
    "can_reply",
    "told",
]


@dataclass
class Merged:
    """What merging did on one Page, or would do."""

    conversations: int = 0  # duplicates that went into another row
    events: int = 0  # that were there twice
    threads: int = 0
    tags: int = 0


def merge_page(page: Page, *, dry_run: bool = False, track: Track = iter) -> Merged:
    """Merges all that is there twice on this Page, in one transaction. The caller holds its sync lock.

    `track` is given the ids of all senders with duplicates, and gives them back one by one.
    """
    with transaction.atomic():
        lock_rows([page.pk])
        merged, lacking = Merged(), {key.model for key in missing_keys()}
        for sender_id in track(_doubled_senders(page)):
            _merge(list(page.conversations.filter(sender_id=sender_id).order_by("pk")), merged)
        if InteractionEvent in lacking:
            merged.events += _drop_double_events(page)
        if Thread in lacking:
            merged.threads += _drop_double_threads(page)
        if dry_run:
            transaction.set_rollback(True)
    return merged


def make_keys() -> tuple[list[Index], list[Key]]:
    """Drops the wider keys and makes those that are missing; returns both. All duplicates must be gone."""
    dropped, missing = [], missing_keys()
    with transaction.atomic(), connection.schema_editor() as editor:
        for key in missing:
            for index in wider_keys(key):
                _drop(editor, key, index)
                dropped.append(index)
            editor.add_constraint(key.model, key.constraint)
    return dropped, missing


def _drop(editor, key: Key, index: Index) -> None:
    name, table = editor.quote_name(index.name), editor.quote_name(key.table)
    editor.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {name}" if index.is_constraint else f"DROP INDEX {name}"
    )


# -- conversations -----------------------------------------------------------------------------------------
def _doubled_senders(page: Page) -> list[str]:
    counted = page.conversations.order_by().values("sender_id").annotate(count=Count("pk"))
    return list(counted.filter(count__gt=1).values_list("sender_id", flat=True))


def _merge(conversations: list[Conversation], merged: Merged) -> None:
    """All of one sender, in the order stored, into the first, which keeps its primary key."""
    kept, *others = conversations
    _take_columns(kept, conversations)
    merged.tags += _unite_tags(kept, conversations)
    merged.events += _drop_doubles(InteractionEvent, "graph_id", conversation__in=conversations)
    for relation in Conversation._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": others})
        rows.update(**{relation.field.name: kept})
    Conversation.objects.filter(pk__in=[other.pk for other in others]).delete()
    kept.save()
    if kept.graph_id:
        _tell_merged(kept)
    merged.conversations += len(others)


def _take_columns(kept: Conversation, conversations: list[Conversation]) -> None:
    newest_first = sorted(conversations, key=_age, reverse=True)
    kept.conversation_status = _status(newest_first)
    kept.sender_name = next((row.sender_name for row in newest_first if row.sender_name), "")
    for name in OF_NEWEST:
        setattr(kept, name, getattr(newest_first[0], name))
    kept.created_at = min(row.created_at for row in conversations)
    kept.updated_at, kept.search = timezone.now(), search_text(kept)


def _age(conversation: Conversation):
    time = conversation.last_message_time
    return (time is not None, time, conversation.updated_at, conversation.pk)


def _status(newest_first: list[Conversation]) -> str:
    """What staff said last, unless the customer wrote after what they saw then."""
    received = InteractionEvent.objects.filter(
        conversation__in=newest_first, kind=InteractionEvent.Kind.MESSAGE_RECEIVED
    )
    for row in newest_first:
        if row.conversation_status != Status.ACTIVE:
            seen = row.last_message_time
            is_awake = seen is not None and received.filter(occurred_at__gt=seen).exists()
            return Status.ACTIVE if is_awake else row.conversation_status
    return Status.ACTIVE


def _unite_tags(kept: Conversation, conversations: list[Conversation]) -> int:
    """Each tag once, as it was first given."""
    rows = ConversationTag.objects.filter(conversation__in=conversations)
    firsts = rows.order_by("tag_id", "created_at", "pk").distinct("tag_id").values_list("pk", flat=True)
    dropped, _ = rows.exclude(pk__in=list(firsts)).delete()
    rows.update(conversation=kept, page=kept.page_id, last_message_time=kept.last_message_time)
    return dropped


def _tell_merged(kept: Conversation) -> None:
    """Of several threads of one sender the newest is the stored one."""
    told = kept.threads.filter(state__in=[Thread.State.STORED, Thread.State.MERGED])
    told.filter(graph_id=kept.graph_id).update(state=Thread.State.STORED)
    told.exclude(graph_id=kept.graph_id).update(state=Thread.State.MERGED)


# -- doubles -----------------------------------------------------------------------------------------------
def _drop_double_events(page: Page) -> int:
    return sum(
        _drop_doubles(InteractionEvent, "graph_id", conversation=conversation_id)
        for conversation_id in InteractionEvent.objects.filter(
            conversation__page=page, graph_id__isnull=False
        )
        .order_by()
        .values("conversation", "graph_id")
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
        .values_list("conversation", flat=True)
        .distinct()
    )


def _drop_doubles(model: type[models.Model], column: str, **rows) -> int:
    """Of the rows with the same value here, the one that was stored last stays: the newest state of it."""
    them = model._default_manager.filter(**rows, **{f"{column}__isnull": False})
    lasts = them.order_by(column, "-pk").distinct(column).values_list("pk", flat=True)
    return them.exclude(pk__in=list(lasts)).delete()[0]


def _drop_double_threads(page: Page) -> int:
    """The newest state of each stays; of equal ones that with the most messages."""
    best = page.threads.order_by(
        "graph_id", models.F("updated_time").desc(nulls_last=True), "-held_count", "pk"
    ).distinct("graph_id")
    double = page.threads.order_by().values("graph_id").annotate(count=Count("pk")).filter(count__gt=1)
    graph_ids = list(double.values_list("graph_id", flat=True))
    keep = list(best.filter(graph_id__in=graph_ids).values_list("pk", flat=True))
    return page.threads.filter(graph_id__in=graph_ids).exclude(pk__in=keep).delete()[0]
