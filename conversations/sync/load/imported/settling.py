"""Compares at the end of a run the imported threads of a Page with the conversations that got messages.

So a sync after an import has the result of an import after a sync.
"""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import connection

from conversations.lib.notify import notify_changes
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, ImportCheck, ImportedThread, ImportSuggestion, Page, SyncRun
from conversations.models.imports import OWN_KEY
from conversations.sync.load.imported.attaching import attach
from conversations.sync.load.imported.matching import Decision, decide, save_suggestions, undecided_threads
from conversations.sync.load.imported.months import count_months
from conversations.sync.load.imported.staging import stage_texts, stage_threads, staging
from conversations.sync.transaction import RunTransaction

STATEMENTS = read_statements(__file__)
CHUNK = 200  # conversations in one transaction
ATTACHED = "Threads of an archive that proved to belong to a conversation were given to it: {:,}."


def settle_run(page: Page, run: SyncRun, transaction: RunTransaction) -> None:
    """Compare all conversations that are noted, each chunk in a transaction. A later run does the rest."""
    total = 0
    while ids := transaction.read(partial(_next_checks, page)):

        def save(ids: list[int] = ids, before: int = total) -> int:
            attached = settle(page, ids)
            run.notes[:] = [note for note in run.notes if note != ATTACHED.format(before)]
            run.notes += [ATTACHED.format(before + attached)] if before + attached else []
            transaction.save_run()
            return attached

        total += transaction.commit(save)
    if total or run.mode == SyncRun.Mode.FULL:

        def count() -> None:
            count_months(page)
            transaction.save_run()

        transaction.commit(count)


def _next_checks(page: Page) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["next_checks"], {"page": page.pk, "limit": CHUNK})
        return [pk for (pk,) in cursor.fetchall()]


def settle(page: Page, conversation_ids: Collection[int]) -> int:
    """Compare these conversations. Return how many imported threads belong to them and had their own."""
    threads = undecided_threads(page.pk, conversation_ids)
    attached = 0
    if threads:
        attached = _decide(page, threads, conversation_ids)
    update_histories(conversation_ids)
    ImportCheck.objects.filter(conversation__in=conversation_ids).delete()
    return attached


def _decide(page: Page, threads: list[int], conversation_ids: Collection[int]) -> int:
    suggested = ImportSuggestion.objects.filter(thread__in=threads, rejected_at=None)
    others = suggested.values_list("conversation", flat=True)
    with staging():
        stage_threads(threads)
        stage_texts(page.pk, {*conversation_ids, *others})
        decisions = decide()
        save_suggestions(decisions)
        return attach_decided(page, decisions)


def attach_decided(page: Page, decisions: dict[int, Decision]) -> int:
    """Give the threads whose conversation is decided to it. Return how many."""
    sure = {thread: each.conversation for thread, each in decisions.items() if each.conversation}
    attached = []
    waiting = ImportedThread.objects.filter(pk__in=sure, conversation__sender_id__startswith=OWN_KEY)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        thread = waiting.select_related("conversation").filter(pk=pk).first()  # it may have come along by now
        target = Conversation.objects.filter(pk=sure[pk]).first()
        if thread and target and thread.conversation_id != target.pk:
            attach(page, thread, target)
            attached.append(target.pk)
    update_histories(attached)
    if attached:
        notify_changes([page.pk])  # conversations are gone
    return len(attached)


def update_histories(conversation_ids: Collection[int]) -> None:
    """Count what threads of Instagram hold, and complete those of which an archive has what was missing."""
    _execute(("count_held", "close_gaps"), conversation_ids, is_left=False)


def reopen_histories(conversation_ids: Collection[int]) -> None:
    """Take that back after an imported thread has left these conversations."""
    _execute(("count_held", "open_gaps"), conversation_ids, is_left=True)


def _execute(names: tuple[str, ...], conversation_ids: Collection[int], *, is_left: bool) -> None:
    if not conversation_ids:
        return
    ids: dict[str, Any] = {"ids": list(conversation_ids), "is_left": is_left}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(STATEMENTS[name], ids)
