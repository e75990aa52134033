"""Joins two conversations that are one person's, and undoes that.

Messages are kept once, tags are united, and the history of staff actions is kept. What is needed to undo it
is in a RemovedConversation. Everything here runs in the caller's transaction, which holds
`locks.lock_rows()`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import F, Field, Max, OuterRef, Subquery
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import (
    Conversation,
    ConversationAlias,
    ConversationTag,
    Draft,
    ImportCheck,
    ImportedThread,
    InteractionEvent,
    OutgoingMessage,
    Page,
    RemovedConversation,
    Thread,
)
from conversations.models.answers.drafts import MAX_TEXT as MAX_DRAFT
from conversations.sync.load.states.read_state import recount
from conversations.sync.load.transform import search_text

STATEMENTS = read_statements(__file__)
Status = Conversation.Status

# Columns that are copied from the newest conversation.
COLUMNS_OF_NEWEST = [
    "platform",
    "graph_id",
    "last_message",
    "last_message_time",
    "last_message_kind",
    "message_count",
    "unread_count",
    "graph_unread_count",
    "read_until",
    "read_event_id",
    "is_marked_unread",
    "snoozed_until",
    "can_reply",
    "told",
]
# What only webhooks tell: of these columns the latest value of any conversation, of the others together the
# newest referral.
LATEST_COLUMNS = ["seen_until", "delivered_until", "unsent_at", "name_asked_at"]
REFERRAL_COLUMNS = ["referral", "referred_at", "ad_id"]
EARLIEST = datetime.min.replace(tzinfo=UTC)
SAVED_COLUMNS = ["sender_id", "sender_name", "conversation_status", "created_at", *COLUMNS_OF_NEWEST]
SAVED_COLUMNS += LATEST_COLUMNS + REFERRAL_COLUMNS
SAVED_COLUMNS.remove("last_message")  # its sender may take it back: `restore()` reads it from the messages
NEWEST_MESSAGE_COLUMNS = [
    "sender_id",
    "sender_name",
    "last_message",
    "last_message_time",
    "last_message_kind",
    "conversation_status",
    "search",
    "updated_at",
]
# A thread of which nothing is known to be stored. The next run reads it.
UNREAD_THREAD = {
    "state": Thread.State.OWED,
    "reason": "It was assigned to another conversation, and is read again.",
    "held_count": 0,
    "history": Thread.History.PARTIAL,
    "complete_until": None,
    "audited_count": None,
    "backfill": None,
}


def join(page: Page, first: Conversation, second: Conversation) -> RemovedConversation:
    """Join two conversations of one person. The older row stays, and the ID of the other one is an alias."""
    keep, drop = sorted((first, second), key=lambda row: row.pk)
    record = RemovedConversation(
        page=page, conversation=keep, kind="joined", removed_id=drop.pk, sender_id=drop.sender_id
    )
    record.details = _snapshot(keep, drop)
    if page.has_imports:
        record.details["imported"] = list(drop.imported_threads.values_list("pk", flat=True))
    record.details["duplicates"] = move_all(keep, drop)
    move_imports(page, keep, drop)
    ConversationAlias.objects.filter(conversation=drop).update(conversation=keep)
    drop.delete()
    ConversationAlias.objects.create(page=page, conversation=keep, sender_id=record.sender_id)
    record.save()
    return record


def move_all(keep: Conversation, drop: Conversation) -> list[str]:
    """Move everything from one conversation to another. Return the messages that both had."""
    both = [keep, drop]
    copy_columns(keep, both)
    unite_tags(keep, both)
    duplicates = _drop_duplicates(keep, drop)
    InteractionEvent.objects.filter(conversation=drop).update(conversation=keep)
    OutgoingMessage.objects.filter(conversation=drop).update(conversation=keep)
    unite_drafts(keep, drop)
    if duplicates:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["clear_history"], {"keep": keep.pk, "ids": duplicates})
        counted = Thread.objects.filter(conversation=drop, graph_id=drop.graph_id)
        counted.filter(held_count__gte=len(duplicates)).update(held_count=F("held_count") - len(duplicates))
    Thread.objects.filter(conversation=drop).update(conversation=keep)
    keep.save()
    recount([keep.pk])
    if keep.graph_id:
        update_thread_states(keep)
    if keep.unsent_at:
        show_newest_messages([keep])
    return duplicates


def unite_drafts(keep: Conversation, drop: Conversation) -> None:
    """Keep what each user was writing; of two texts of one user, the older one comes first."""
    for draft in Draft.objects.filter(conversation=drop):
        other = Draft.objects.filter(conversation=keep, user=draft.user_id).first()
        if other:
            older, newer = sorted((other, draft), key=lambda one: one.changed_at)
            texts = dict.fromkeys(filter(None, (older.text.strip(), newer.text.strip())))
            draft.text = "\n\n".join(texts)[:MAX_DRAFT]
            draft.reply_to, draft.changed_at = newer.reply_to or older.reply_to, newer.changed_at
            other.delete()
        draft.conversation = keep
        draft.save()


def move_imports(page: Page, keep: Conversation, drop: Conversation) -> None:
    """Move what is noted of imported threads, whose messages have moved. The next run compares them again."""
    if page.has_imports:
        ImportedThread.objects.filter(conversation=drop).update(conversation=keep)
        ImportCheck.objects.get_or_create(conversation=keep)


def _drop_duplicates(keep: Conversation, drop: Conversation) -> list[str]:
    """Keep messages that both have once: that one was taken back counts most, an empty place least."""
    duplicates: list[str] = []
    with connection.cursor() as cursor:
        for name in ("drop_poorer", "drop_duplicates"):
            cursor.execute(STATEMENTS[name], {"keep": keep.pk, "drop": drop.pk})
            duplicates += [graph_id for (graph_id,) in cursor.fetchall()]
    return duplicates


def copy_columns(target: Conversation, conversations: Sequence[Conversation]) -> None:
    """Set the columns of `target` to what these conversations of one person are together."""
    newest_first = sorted(conversations, key=_version, reverse=True)
    target.conversation_status = _status(newest_first)
    target.sender_name = next((row.sender_name for row in newest_first if row.sender_name), "")
    for name in COLUMNS_OF_NEWEST:
        setattr(target, name, getattr(newest_first[0], name))
    for name in LATEST_COLUMNS:
        setattr(target, name, max(filter(None, (getattr(row, name) for row in conversations)), default=None))
    referred = max(conversations, key=lambda row: (row.referred_at or EARLIEST, as_json(row.referral or {})))
    for name in REFERRAL_COLUMNS:
        setattr(target, name, getattr(referred, name))
    target.assignee_id = next((row.assignee_id for row in newest_first if row.assignee_id), None)
    target.created_at = min(row.created_at for row in conversations)
    target.updated_at, target.search = timezone.now(), search_text(target)


def _version(conversation: Conversation):
    time = conversation.last_message_time
    return (time is not None, time, conversation.updated_at, conversation.pk)


def _status(newest_first: list[Conversation]) -> str:
    """Return the status that a user set last, unless the customer wrote after the messages known then."""
    received = InteractionEvent.objects.filter(
        conversation__in=newest_first, kind=InteractionEvent.Kind.MESSAGE_RECEIVED
    )
    for row in newest_first:
        if row.conversation_status != Status.ACTIVE:
            known_until = row.last_message_time
            is_reopened = known_until is not None and received.filter(occurred_at__gt=known_until).exists()
            return Status.ACTIVE if is_reopened else row.conversation_status
    return Status.ACTIVE


def unite_tags(target: Conversation, conversations: Sequence[Conversation]) -> int:
    """Keep each tag once, as it was assigned first. Return the number of deleted rows."""
    rows = ConversationTag.objects.filter(conversation__in=conversations)
    firsts = rows.order_by("tag_id", "created_at", "pk").distinct("tag_id").values_list("pk", flat=True)
    dropped, _ = rows.exclude(pk__in=list(firsts)).delete()
    rows.update(conversation=target, page=target.page_id, last_message_time=target.last_message_time)
    return dropped


def update_thread_states(target: Conversation) -> None:
    """Mark the newest thread of the person as stored and the others as merged."""
    threads = target.threads.filter(state__in=[Thread.State.STORED, Thread.State.MERGED])
    threads.filter(graph_id=target.graph_id).update(state=Thread.State.STORED)
    threads.exclude(graph_id=target.graph_id).update(state=Thread.State.MERGED)


# -- undoing it --------------------------------------------------------------------------------------------
def _snapshot(keep: Conversation, drop: Conversation) -> dict[str, Any]:
    """Return as JSON what `restore()` needs."""
    return {
        "kept": keep.sender_id,
        "kept_status": keep.conversation_status,
        "kept_tags": list(keep.tag_rows.values_list("tag_id", flat=True)),
        "columns": {name: getattr(drop, name) for name in SAVED_COLUMNS},
        "tags": list(drop.tag_rows.values("tag_id", "actor_id", "act", "created_at")),
        "aliases": list(drop.aliases.values_list("sender_id", flat=True)),
        "threads": list(drop.threads.values_list("graph_id", flat=True)),
        "events": list(drop.events.order_by("pk").values_list("pk", flat=True)),
        "outgoing": list(drop.outgoing.order_by("pk").values_list("pk", flat=True)),
    }


def restore(record: RemovedConversation) -> Conversation:
    """Undo a join. The two IDs are not joined again. Raises ValueError if it was undone before.

    Messages that have arrived since then go to the person whom they name.
    """
    if record.undone_at or record.conversation is None:
        raise ValueError("This join was undone before.")
    details, keep = record.details, record.conversation
    ConversationAlias.objects.filter(page=record.page, sender_id=record.sender_id).delete()
    drop = recreate(record)
    keep.aliases.filter(sender_id__in=details["aliases"]).update(conversation=drop)
    if imported := details.get("imported"):
        keep.imported_threads.filter(pk__in=imported).update(conversation=drop)
    keep.events.filter(pk__in=details["events"]).update(conversation=drop)
    keep.outgoing.filter(pk__in=details.get("outgoing", [])).update(conversation=drop)
    with connection.cursor() as cursor:
        names = [record.sender_id, *details["aliases"]]
        keys: dict[str, Any] = {"keep": keep.pk, "drop": drop.pk}
        cursor.execute(STATEMENTS["move_named"], keys | {"names": names})
        for own in (keys, {"keep": drop.pk, "drop": keep.pk}):  # either may have had the better state
            cursor.execute(STATEMENTS["copy_back"], own | {"ids": details["duplicates"]})
    # The counts of the threads are no longer right: they are read again.
    keep.threads.filter(graph_id__in=details["threads"]).update(conversation=drop, **UNREAD_THREAD)
    _restore_tags(keep, drop, details)
    keep.conversation_status = details["kept_status"]
    show_newest_messages([keep, drop])
    recount([keep.pk, drop.pk])
    record.undone_at, record.details = timezone.now(), {"kept": details["kept"]}
    record.save()
    return drop


def recreate(record: RemovedConversation) -> Conversation:
    """Return the removed conversation, stored again without its messages."""
    row = Conversation(pk=record.removed_id, page=record.page, updated_at=timezone.now())
    for name, value in record.details["columns"].items():
        column = Conversation._meta.get_field(name)
        setattr(row, name, column.to_python(value) if isinstance(column, Field) else value)
    row.save(force_insert=True)
    return row


def _restore_tags(keep: Conversation, drop: Conversation, details: dict[str, Any]) -> None:
    own = [ConversationTag(conversation=drop, page_id=drop.page_id, **tag) for tag in details["tags"]]
    for tag in own:
        tag.last_message_time = drop.last_message_time
    ConversationTag.objects.bulk_create(own)
    operations = [tag.act for tag in own]
    keep.tag_rows.filter(act__in=operations).exclude(tag_id__in=details["kept_tags"]).delete()


def show_newest_messages(conversations: Sequence[Conversation]) -> None:
    """Set the columns of the last message from the newest stored messages, and save the rows.

    What was taken back is not shown, but its time stays.
    """
    by_pk = {row.pk: row for row in conversations}
    messages = InteractionEvent.objects.filter(conversation__in=by_pk, kind__startswith="message_")
    shown = messages.exclude(data__has_any_keys=["deleted", "stub"])
    newest = shown.order_by("conversation", "-occurred_at", "-rank", "-pk").distinct("conversation")
    events = {event.conversation_id: event for event in newest}
    newest_times = messages.order_by().values_list("conversation").annotate(Max("occurred_at"))
    for pk, time in newest_times:
        row, event = by_pk[pk], events.get(pk)
        is_shown = event is not None and row.last_message_time == event.occurred_at
        snippet = row.last_message if is_shown else ""  # Facebook's
        row.last_message = (event.text if event else "") or snippet
        row.last_message_time = time
        row.last_message_kind = event.kind if event else ""
    for row in conversations:
        row.search, row.updated_at = search_text(row), timezone.now()
    Conversation.objects.bulk_update(conversations, NEWEST_MESSAGE_COLUMNS, batch_size=500)
    times = Conversation.objects.filter(pk=OuterRef("conversation_id")).values("last_message_time")
    ConversationTag.objects.filter(conversation__in=by_pk).update(last_message_time=Subquery(times))
