"""Ends the snooze of conversations: at its time, or when the customer writes."""

from collections.abc import Collection

from django.db import connection, transaction

from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations
from conversations.lib.sql_files import read_statements

STATEMENTS = read_statements(__file__)
MAX_AT_ONCE = 500  # conversations that the sweep reads at once
BY_MESSAGE, BY_TIME = "message", "time"  # why a snooze has ended, in the event


def end_snoozes(conversation_ids: Collection[int], reason: str) -> list[int]:
    """End the snoozes of these conversations, each with an event. Return those that were snoozed.

    Runs in the caller's transaction, which holds `locks.lock_rows()`.
    """
    if not conversation_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["end_snoozes"], {"ids": list(conversation_ids), "reason": reason})
        return [pk for (pk,) in cursor.fetchall()]


def due_snoozes(limit: int) -> dict[int, list[int]]:
    """Return conversations whose snooze should have ended by now, by Page."""
    due: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["due_snoozes"], {"limit": limit})
        for page_id, pk in cursor.fetchall():
            due.setdefault(page_id, []).append(pk)
    return due


def end_due_snoozes() -> int:
    """End the snoozes whose time has come, and return their number."""
    number = 0
    while due := due_snoozes(MAX_AT_ONCE):
        for page_id, conversation_ids in due.items():
            with transaction.atomic():
                lock_rows([page_id])
                if ended := end_snoozes(conversation_ids, BY_TIME):
                    notify_conversations(page_id, ended)
            number += len(ended)
        if sum(map(len, due.values())) < MAX_AT_ONCE:
            break
    return number
