"""The conversations of imported threads: their own ones, and what an import changes in others."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from conversations.imports.archives.threads import ArchiveMessage, ArchiveThread
from conversations.imports.staged_rows import RECEIVED, kind_of, time_of
from conversations.lib.attachments import attachments_of
from conversations.lib.text import clean
from conversations.models import Conversation, ImportedThread, Page, constraints
from conversations.models.imports import own_sender_id
from conversations.sync.load.live.last_message import move_tag_rows
from conversations.sync.load.reconcile import unsaved_conversation
from conversations.sync.load.states.read_state import recount
from conversations.sync.load.states.snoozes import BY_MESSAGE, end_snoozes
from conversations.sync.load.transform import search_text
from conversations.sync.load.upsert import write_conversations


class Pair(NamedTuple):
    """A thread of an archive and its row, with the keys of its messages and a digest of them."""

    row: ImportedThread
    thread: ArchiveThread
    keys: list[str]
    digest: str


def give_own(page: Page, pairs: Iterable[Pair]) -> None:
    """Give each of these threads, which are in no conversation, one of its own, unknown to Facebook."""
    rows = {own_sender_id(pair.row.thread_id): pair.row for pair in pairs}
    stored = {one.sender_id: one for one in page.conversations.filter(sender_id__in=rows)}
    new = {key: _own_conversation(page, key, row) for key, row in rows.items() if key not in stored}
    now = timezone.now()
    for one in new.values():
        one.created_at = one.updated_at = now
    write_conversations(new, {}, is_keyed=not constraints.missing_keys())
    for key, row in rows.items():
        row.conversation_id = (stored.get(key) or new[key]).pk


def _own_conversation(page: Page, sender_id: str, row: ImportedThread) -> Conversation:
    conversation = Conversation(
        page_id=page.pk,
        sender_id=sender_id,
        platform=row.platform,
        sender_name=row.customer_name,
        can_reply=False,
    )
    conversation.search = search_text(conversation)
    return conversation


def show_newest(pairs: Collection[Pair]) -> None:
    """Show in each conversation the newest message of the thread, unless it knows a newer one.

    A message of the customer that nobody has seen yet opens it again, and ends its snooze.
    """
    before = Conversation.objects.in_bulk({pair.row.conversation_id for pair in pairs})
    changed: dict[str, Conversation] = {}
    woken = set()
    for row, thread, *_ in pairs:
        stored = before[row.conversation_id]
        state = changed.get(stored.sender_id) or unsaved_conversation(stored)
        known_until = state.last_message_time
        _take(state, thread.messages[-1], row)
        if _wrote_since(thread.messages, known_until) and known_until:
            state.conversation_status = Conversation.Status.ACTIVE.value
            woken |= {stored.pk} if stored.snoozed_until else set()
        changed[stored.sender_id] = state
    rows = {one.sender_id: one for one in before.values()}
    now = timezone.now()
    for state in changed.values():
        state.search, state.updated_at = search_text(state), now
    write_conversations(changed, rows, is_keyed=not constraints.missing_keys())
    move_tag_rows(list(changed), rows, changed)
    recount([pk for pk, one in before.items() if one.read_until])
    end_snoozes(woken, BY_MESSAGE)


def _take(state: Conversation, newest: ArchiveMessage, row: ImportedThread) -> None:
    if state.last_message_time is None or time_of(newest) > state.last_message_time:
        state.last_message, state.last_message_kind = words_of(newest), kind_of(newest)
        state.last_message_time = time_of(newest)
    if state.sender_id == own_sender_id(row.thread_id):
        state.message_count = max(state.message_count, row.message_count)
        state.sender_name = row.customer_name or state.sender_name


def _wrote_since(messages: Iterable[ArchiveMessage], known_until: datetime | None) -> bool:
    return any(
        kind_of(one) == RECEIVED and (known_until is None or time_of(one) > known_until) for one in messages
    )


def words_of(message: ArchiveMessage) -> str:
    """Return what a list shows of a message. Without a text, its attachments are named."""
    if message.text:
        return clean(message.text)
    found = attachments_of(list(message.attachments), message.data, "")
    return ", ".join(dict.fromkeys(one.kind for one in found))
