"""Corrects at the end of a run what earlier runs stored for the wrong person.

Each step is a transaction of its own. A run that ends in between leaves the rest to the next full run.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, Page, SyncRun
from conversations.sync.load.business import mark_applied
from conversations.sync.load.business_watch import BusinessWatch
from conversations.sync.load.joining import join, show_newest_messages
from conversations.sync.load.separation import drop_stored_elsewhere, finish, mark_sent, mixed_conversations
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.transaction import RunTransaction

STATEMENTS = read_statements(__file__)
CHUNK = 500  # conversations in one transaction


def correct_people(
    page: Page, run: SyncRun, transaction: RunTransaction, watch: BusinessWatch, suppressed: SuppressionList
) -> None:
    """Mark messages of the business as sent, take apart mixed conversations, and join those of one person."""
    twice: list[tuple[int, int]] = []
    if run.mode == SyncRun.Mode.FULL:
        _finish_mixed(page, run, transaction, suppressed)
        twice += transaction.read(partial(_pairs, "lost_thread", page, run))
    if run.inserted and page.last_synced_at:
        twice += transaction.read(partial(_pairs, "same_messages", page, run))
    if twice:
        _join(page, twice, transaction, watch)
    new = {key for key, alias in page.business_aliases.items() if not alias["applied"]}
    if new:
        _drop_copies(page, new & page.known_people, transaction)
        _mark_sent(page, transaction)


def _finish_mixed(page: Page, run: SyncRun, transaction: RunTransaction, suppressed: SuppressionList) -> None:
    for mixed in transaction.read(lambda: list(mixed_conversations(page))):

        def save(mixed: Conversation = mixed) -> None:
            run.notes += filter(None, [finish(page, mixed, suppressed.suppresses_sender)])
            transaction.save_run()

        transaction.commit(save)


def _join(
    page: Page, pairs: list[tuple[int, int]], transaction: RunTransaction, watch: BusinessWatch
) -> None:
    """Join pairs of conversations that are one person's, unless an operator has separated them."""
    apart = {
        frozenset((record.sender_id, record.details["kept"]))
        for record in transaction.read(lambda: list(page.removed_conversations.exclude(undone_at=None)))
    }
    for former, present in pairs:

        def save(former: int = former, present: int = present) -> None:
            rows = list(Conversation.objects.filter(pk__in=(former, present)))
            if len(rows) == 2 and frozenset(row.sender_id for row in rows) not in apart:
                join(page, *rows)
                watch.note_joined(1)
            transaction.save_run()

        transaction.commit(save)
        watch.commit()


def _pairs(statement: str, page: Page, run: SyncRun) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"page": page.pk, "since": run.started_at}
        names["business"] = list(page.business_ids)
        cursor.execute(STATEMENTS[statement], names)
        return cursor.fetchall()


def _drop_copies(page: Page, people: set[str], transaction: RunTransaction) -> None:
    """Drop what these people have of threads that are others': they were taken for the business."""
    for row in transaction.read(lambda: list(page.conversations.filter(sender_id__in=people))):

        def save(row: Conversation = row) -> None:
            drop_stored_elsewhere(page, row)
            show_newest_messages([row])
            transaction.save_run()

        transaction.commit(save)


def _mark_sent(page: Page, transaction: RunTransaction) -> None:
    for ids in _chunks(page, transaction):

        def save(ids: list[int] = ids) -> None:
            mark_sent(page, ids)
            transaction.save_run()

        transaction.commit(save)

    def save_applied() -> None:
        mark_applied(page)
        transaction.save_run()

    transaction.commit(save_applied)


def _chunks(page: Page, transaction: RunTransaction) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = page.conversations.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        ids: list[int] = transaction.read(partial(list, rows))
        if not ids:
            return
        yield ids
        last = ids[-1]
