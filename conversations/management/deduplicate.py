"""Repairs a database that was adopted without our unique keys: merges duplicates, then creates the keys.

No tag, message or name is lost, and no status that a user has set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.db.models import Count

from conversations.lib.locks import lock_rows
from conversations.models import Conversation, Export, InteractionEvent, Page, Thread
from conversations.models.constraints import Index, UniqueKey, missing_keys, wider_indexes
from conversations.sync.load.joining import copy_columns, unite_drafts, unite_tags, update_thread_states

Track = Callable[[list[str]], Iterator[str]]


@dataclass
class MergeCounts:
    """The numbers of rows that were merged on one Page, or would be."""

    conversations: int = 0  # duplicates that were merged into another row
    events: int = 0  # duplicate events that were deleted
    threads: int = 0
    tags: int = 0


def merge_page(page: Page, *, dry_run: bool = False, track: Track = iter) -> MergeCounts:
    """Merge all duplicates of this Page in one transaction. The caller holds the sync lock of the Page.

    `track` takes the IDs of all senders with duplicates and yields them one by one, to show progress.
    """
    with transaction.atomic():
        lock_rows([page.pk])
        counts, unprotected = MergeCounts(), {key.model for key in missing_keys()}
        for sender_id in track(_duplicate_senders(page)):
            _merge(list(page.conversations.filter(sender_id=sender_id).order_by("pk")), counts)
        if InteractionEvent in unprotected:
            counts.events += _drop_duplicate_events(page)
        if Thread in unprotected:
            counts.threads += _drop_duplicate_threads(page)
        if dry_run:
            transaction.set_rollback(True)
    return counts


def create_keys() -> tuple[list[Index], list[UniqueKey]]:
    """Drop the wider keys, create the missing ones and return both. There must be no duplicates left."""
    dropped, missing = [], missing_keys()
    with transaction.atomic(), connection.schema_editor() as editor:
        for key in missing:
            for index in wider_indexes(key):
                _drop(editor, key, index)
                dropped.append(index)
            editor.add_constraint(key.model, key.constraint)
    return dropped, missing


def _drop(editor, key: UniqueKey, index: Index) -> None:
    name, table = editor.quote_name(index.name), editor.quote_name(key.table)
    editor.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {name}" if index.is_constraint else f"DROP INDEX {name}"
    )


# -- conversations -----------------------------------------------------------------------------------------
def _duplicate_senders(page: Page) -> list[str]:
    senders = page.conversations.order_by().values("sender_id").annotate(count=Count("pk"))
    return list(senders.filter(count__gt=1).values_list("sender_id", flat=True))


def _merge(conversations: list[Conversation], counts: MergeCounts) -> None:
    """Merge all conversations of one sender into the oldest row, which keeps its primary key."""
    target, *others = conversations
    copy_columns(target, conversations)
    counts.tags += unite_tags(target, conversations)
    counts.events += _drop_duplicates(InteractionEvent, "graph_id", conversation__in=conversations)
    for other in others:
        unite_drafts(target, other)
    for relation in Conversation._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": others})
        rows.update(**{relation.field.name: target})
    removed = [other.pk for other in others]
    # Who is deleted later must leave these files, too, which know the person by the removed rows.
    Export.objects.delete_holding(target.page_id, removed)
    Conversation.objects.filter(pk__in=removed).delete()
    target.save()
    if target.graph_id:
        update_thread_states(target)
    counts.conversations += len(others)


# -- duplicate rows -----------------------------------------------------------------------------------------
def _drop_duplicate_events(page: Page) -> int:
    return sum(
        _drop_duplicates(InteractionEvent, "graph_id", conversation=conversation_id)
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


def _drop_duplicates(model: type[models.Model], column: str, **rows) -> int:
    """Keep the last stored of the rows with the same value in `column`. Return how many were deleted."""
    candidates = model._default_manager.filter(**rows, **{f"{column}__isnull": False})
    last = candidates.order_by(column, "-pk").distinct(column).values_list("pk", flat=True)
    return candidates.exclude(pk__in=list(last)).delete()[0]


def _drop_duplicate_threads(page: Page) -> int:
    """Keep the newest row of each thread; of equally new ones, the one with the most messages."""
    best = page.threads.order_by(
        "graph_id", models.F("updated_time").desc(nulls_last=True), "-held_count", "pk"
    ).distinct("graph_id")
    duplicates = page.threads.order_by().values("graph_id").annotate(count=Count("pk")).filter(count__gt=1)
    graph_ids = list(duplicates.values_list("graph_id", flat=True))
    keep = list(best.filter(graph_id__in=graph_ids).values_list("pk", flat=True))
    return page.threads.filter(graph_id__in=graph_ids).exclude(pk__in=keep).delete()[0]
