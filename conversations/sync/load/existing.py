"""Reads the stored rows of a batch, oldest first, and decides to which conversations its threads belong.

The queries are raw, with the keys as JSON: the ORM makes a hundred parameters of a hundred keys, which take
the ORM, the driver and the server more time than the result.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, Page, Thread
from conversations.sync.load.joining import join
from conversations.sync.load.ownership import Owners, assign, save_aliases
from conversations.sync.load.reconcile import reset_history
from conversations.sync.load.transform import ThreadRows

STATEMENTS = read_statements(__file__)


@dataclass
class ExistingRows:
    """The stored rows of a batch's threads and senders. Written rows are added."""

    is_keyed: bool  # whether the tables have their unique keys
    conversations: dict[str, Conversation] = field(default_factory=dict)  # by sender_id
    threads: dict[str, Thread] = field(default_factory=dict)  # by graph_id, all threads of those senders
    # By the primary key of a conversation: those of all rows of its sender, several if the key is missing.
    same_sender: dict[int, list[int]] = field(default_factory=dict)
    # By the thread's ID: the conversation of the business that had the thread, and how many messages of the
    # record were stored before for the right person.
    mixed: dict[str, int] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)


def read_existing(page: Page, batch: list[ThreadRows], *, is_keyed: bool) -> tuple[ExistingRows, int]:
    """Read the stored rows and decide whose the threads are. Return the rows, and how many were joined."""
    joined = 0
    while True:
        existing, owners = _read(page, batch, is_keyed=is_keyed)
        assignment = assign(page, batch, owners, existing.threads)
        if not assignment.joins:
            break
        join(page, *assignment.joins[0])  # the next one may have been joined with it
        joined += 1
    if assignment.aliases:
        save_aliases(page, assignment.aliases)
    _reset_moved_threads(batch, existing, owners)
    return existing, joined


def _read(page: Page, batch: list[ThreadRows], *, is_keyed: bool) -> tuple[ExistingRows, Owners]:
    senders = {row.listed_id for row in batch} - {""}
    graph_ids = [row.thread.graph_id for row in batch]
    existing, owners = ExistingRows(is_keyed), Owners()
    known = _known(page.pk, graph_ids, senders)
    ids = {*known.threads.values(), *known.aliases.values()}
    by_pk: dict[int, Conversation] = {}
    # If a sender has several rows, the oldest is written.
    for row in _conversations(page.pk, known.senders, ids):
        first = existing.conversations.setdefault(row.sender_id, row)
        existing.same_sender.setdefault(first.pk, []).append(row.pk)
        by_pk[row.pk] = owners.by_id[row.sender_id] = first
    owners.by_id |= {key: by_pk[pk] for key, pk in known.aliases.items()}
    owners.by_thread = {key: by_pk[pk] for key, pk in known.threads.items()}
    conversation_ids = [pk for pks in existing.same_sender.values() for pk in pks]
    for thread in _threads(page.pk, known.thread_ids, conversation_ids):
        existing.threads.setdefault(thread.graph_id, thread)
    return existing, owners


def _reset_moved_threads(batch: list[ThreadRows], existing: ExistingRows, owners: Owners) -> None:
    """Forget the history of threads that belong to another conversation now: they are read again."""
    for row in batch:
        stored = existing.threads.get(row.thread.graph_id)
        owner = owners.by_thread.get(row.thread.graph_id)
        if (
            stored
            and stored.conversation_id
            and row.conversation
            and (owner is None or owner.sender_id != row.sender_id)
        ):
            existing.mixed[stored.graph_id] = stored.conversation_id
            existing.threads[stored.graph_id] = reset_history(stored)


# -- queries -----------------------------------------------------------------------------------------------
class Known(NamedTuple):
    """What is stored of a batch: of most batches of a first sync next to nothing, so that little is read.

    `threads` and `aliases` are the primary keys of the conversations of stored threads, by thread ID, and of
    aliases, by sender ID.
    """

    thread_ids: list[str]
    senders: list[str]
    threads: dict[str, int]
    aliases: dict[str, int]


def _known(page_id: int, graph_ids: list[str], sender_ids: Collection[str]) -> Known:
    keys: dict[str, Any] = {
        "page": page_id,
        "graph_ids": as_json(graph_ids),
        "sender_ids": as_json(list(sender_ids)),
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["known"], keys)
        rows = cursor.fetchall()
    return Known(
        [key for kind, key, pk in rows if kind == "thread"],
        [key for kind, key, pk in rows if kind == "sender"],
        {key: pk for kind, key, pk in rows if kind == "thread" and pk is not None},
        {key: pk for kind, key, pk in rows if kind == "alias"},
    )


def _conversations(
    page_id: int, sender_ids: list[str], conversation_ids: Collection[int]
) -> list[Conversation]:
    """Return the Page's conversations with these senders, and those with these primary keys."""
    if not (sender_ids or conversation_ids):
        return []
    keys = {"page": page_id, "sender_ids": as_json(sender_ids), "ids": list(conversation_ids)}
    statement = STATEMENTS["conversations_with_linked" if conversation_ids else "conversations"]
    return list(Conversation.objects.raw(statement, keys))


def _threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """Return these threads, and all threads of these conversations."""
    if not (graph_ids or conversation_ids):
        return []
    keys = {"page": page_id, "graph_ids": as_json(graph_ids), "conversation_ids": conversation_ids}
    statement = STATEMENTS["threads_with_siblings" if conversation_ids else "threads"]
    return list(Thread.objects.raw(statement, keys))
