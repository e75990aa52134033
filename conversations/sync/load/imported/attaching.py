"""Gives an imported thread to the conversation to which it belongs, and takes it out again.

Both are undone by the other. The tables of `staging` must be there.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models import (
    Conversation,
    ConversationTag,
    ImportedThread,
    ImportSuggestion,
    InteractionEvent,
    Page,
    RemovedConversation,
)
from conversations.models.imports import own_sender_id
from conversations.sync.load.imported.pairing import pair_messages
from conversations.sync.load.imported.staging import stage_conversation
from conversations.sync.load.joining import (
    SAVED_COLUMNS,
    recreate,
    show_newest_messages,
    unite_drafts,
    unite_tags,
)
from conversations.sync.load.states.read_state import recount
from conversations.sync.load.transform import search_text

STATEMENTS = read_statements(__file__)
Kind, State = InteractionEvent.Kind, ImportedThread.State
MESSAGE_KINDS = (Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT)


def attach(page: Page, thread: ImportedThread, target: Conversation, *, actor=None) -> None:
    """Give a thread that has its own conversation, with all that is there, to another one."""
    own = thread.conversation
    if own is None or own.pk == target.pk:
        return
    threads = list(own.imported_threads.values_list("pk", flat=True))
    record = _record(page, own, target, threads)
    ImportedThread.objects.filter(pk__in=threads).update(conversation=target, state=State.MATCHED)
    ImportSuggestion.objects.filter(thread__in=threads, rejected_at=None).delete()
    _move_messages(own, thread, threads)
    InteractionEvent.objects.filter(conversation=own).update(conversation=target)
    unite_tags(target, [target, own])
    unite_drafts(target, own)
    _take_columns(target, own)
    own.refresh_from_db()
    own.delete()
    record.save()
    recount([target.pk])
    _note(Kind.ARCHIVE_JOINED, [target], thread, actor)
    thread.refresh_from_db()


def _record(page: Page, own: Conversation, target: Conversation, threads: list[int]) -> RemovedConversation:
    details: dict[str, Any] = {
        "kept": target.sender_id,
        "kept_status": target.conversation_status,
        "kept_tags": list(target.tag_rows.values_list("tag_id", flat=True)),
        "columns": {name: getattr(own, name) for name in SAVED_COLUMNS},
        "tags": list(own.tag_rows.values("tag_id", "actor_id", "act", "created_at")),
        "staff": list(own.events.exclude(kind__in=MESSAGE_KINDS).values_list("pk", flat=True)),
        "threads": threads,
    }
    return RemovedConversation(
        page=page,
        conversation=target,
        kind=RemovedConversation.Kind.IMPORTED,
        removed_id=own.pk,
        sender_id=own.sender_id,
        details=details,
    )


def _move_messages(own: Conversation, thread: ImportedThread, threads: Collection[int]) -> None:
    """Find the messages that the other conversation has, which stay there; the caller moves the rest."""
    stage_conversation(own.pk, thread.pk)
    pair_messages([thread.pk])
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["free_places"])
        cursor.execute(STATEMENTS["take_place"], {"threads": list(threads)})


def _take_columns(target: Conversation, own: Conversation) -> None:
    """Take what the archive knows better: newer messages, a name, what staff have set."""
    known_until = target.last_message_time
    if own.last_message_time and (known_until is None or own.last_message_time > known_until):
        for name in ("last_message", "last_message_time", "last_message_kind"):
            setattr(target, name, getattr(own, name))
    later = target.events.filter(kind=Kind.MESSAGE_RECEIVED)
    later = later.filter(occurred_at__gt=known_until) if known_until else later
    if target.conversation_status == Conversation.Status.DONE and later.exists():
        target.conversation_status = Conversation.Status.ACTIVE
    target.sender_name = target.sender_name or own.sender_name
    target.assignee_id = target.assignee_id or own.assignee_id
    target.created_at = min(target.created_at, own.created_at)
    target.updated_at, target.search = timezone.now(), search_text(target)
    target.save()
    target.tag_rows.update(last_message_time=target.last_message_time)


# -- undoing it --------------------------------------------------------------------------------------------
def detach(page: Page, thread: ImportedThread, *, actor=None) -> Conversation:
    """Take a matched thread out of its conversation. Return its own one. No sync attaches it there again.

    Messages that Facebook shows, too, stay; the thread gets copies of them.
    """
    target = thread.conversation
    if target is None or thread.state != State.MATCHED:
        raise ValueError("This thread belongs to no other conversation.")
    record = _last_record(page, thread, target)
    threads = [thread.pk]
    if record:
        threads = list(
            target.imported_threads.filter(pk__in=record.details["threads"]).values_list("pk", flat=True)
        )
    own = recreate(record) if record else _new_conversation(page, thread)
    keys: dict[str, Any] = {"own": own.pk, "target": target.pk, "threads": threads}
    with connection.cursor() as cursor:
        for name in ("leave", "copy"):
            cursor.execute(STATEMENTS[name], keys)
    ImportedThread.objects.filter(pk__in=threads).update(conversation=own, state=State.OWN)
    for pk in threads:
        ImportSuggestion.objects.update_or_create(
            thread_id=pk, conversation=target, defaults={"rejected_at": timezone.now()}
        )
    if record:
        _restore(record, own, target)
    show_newest_messages([own, target])
    recount([own.pk, target.pk])
    _note(Kind.ARCHIVE_SEPARATED, [own, target], thread, actor)
    thread.refresh_from_db()
    return own


def _last_record(page: Page, thread: ImportedThread, target: Conversation) -> RemovedConversation | None:
    """Return what is left of the thread's own conversation, if it had one before it was given to this one."""
    records = page.removed_conversations.filter(
        kind=RemovedConversation.Kind.IMPORTED, conversation=target, undone_at=None
    )
    return records.filter(details__threads__contains=[thread.pk]).order_by("-pk").first()


def _new_conversation(page: Page, thread: ImportedThread) -> Conversation:
    return Conversation.objects.create(
        page=page,
        sender_id=own_sender_id(thread.thread_id),
        platform=thread.platform,
        sender_name=thread.customer_name,
        message_count=thread.message_count,
        can_reply=False,
    )


def _restore(record: RemovedConversation, own: Conversation, target: Conversation) -> None:
    details = record.details
    target.events.filter(pk__in=details["staff"]).update(conversation=own)
    tags = [ConversationTag(conversation=own, page_id=own.page_id, **tag) for tag in details["tags"]]
    ConversationTag.objects.bulk_create(tags)
    acts = [tag.act for tag in tags]
    target.tag_rows.filter(act__in=acts).exclude(tag_id__in=details["kept_tags"]).delete()
    target.conversation_status = details["kept_status"]
    record.undone_at, record.details = timezone.now(), {"kept": details["kept"]}
    record.save()


def _note(kind: str, conversations: Iterable[Conversation], thread: ImportedThread, actor) -> None:
    """Add an entry to the history of these conversations."""
    # Without the name: of two people one may be deleted.
    details = {"thread": thread.pk, "messages": thread.message_count}
    InteractionEvent.objects.bulk_create(
        InteractionEvent(conversation=one, kind=kind, occurred_at=timezone.now(), actor=actor, data=details)
        for one in conversations
    )
