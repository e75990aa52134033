"""Corrects at the end of a run what earlier runs stored for the wrong person.

Each step is a transaction of its own. A run that ends in between leaves the rest to the next full run.
"""

from collections.abc import Iterator
from functools import partial

from django.db import connection

from conversations.models import Conversation, Page, SyncRun
from conversations.sync.load.business import mark_applied
from conversations.sync.load.business_watch import BusinessWatch
from conversations.sync.load.joining import join
from conversations.sync.load.separation import finish, mark_sent, mixed_conversations
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.transaction import RunTransaction

CHUNK = 500  # conversations in one transaction
# Two conversations with the same messages: before aliases were known, a thread whose person got a new ID was
# given to a new conversation.
TWICE = """
SELECT former.id, present.id FROM conversations_conversation AS former
JOIN conversations_thread AS thread
  ON thread.page_id = former.page_id AND thread.graph_id = former.graph_id
JOIN conversations_conversation AS present ON present.id = thread.conversation_id
WHERE former.page_id = %(page)s AND present.id <> former.id AND thread.people IS NULL
  AND former.sender_id <> ALL(%(business)s) AND present.sender_id <> ALL(%(business)s)
  AND EXISTS (
    SELECT FROM conversations_interactionevent AS one JOIN conversations_interactionevent AS other
      ON other.conversation_id = present.id AND other.graph_id = one.graph_id
    WHERE one.conversation_id = former.id)
ORDER BY former.id, present.id
"""


def correct_people(
    page: Page, run: SyncRun, transaction: RunTransaction, watch: BusinessWatch, suppressed: SuppressionList
) -> None:
    """Mark messages of the business as sent, take apart mixed conversations, and join those of one person."""
    if run.mode == SyncRun.Mode.FULL:
        _finish_mixed(page, run, transaction, suppressed)
        _join_twice(page, transaction, watch)
    if any(not alias["applied"] for alias in page.business_aliases.values()):
        _mark_sent(page, transaction)


def _finish_mixed(page: Page, run: SyncRun, transaction: RunTransaction, suppressed: SuppressionList) -> None:
    for mixed in transaction.read(lambda: list(mixed_conversations(page))):

        def save(mixed: Conversation = mixed) -> None:
            run.notes += filter(None, [finish(page, mixed, suppressed.suppresses_sender)])
            transaction.save_run()

        transaction.commit(save)


def _join_twice(page: Page, transaction: RunTransaction, watch: BusinessWatch) -> None:
    apart = {
        frozenset((record.sender_id, record.details["kept"]))
        for record in transaction.read(lambda: list(page.removed_conversations.exclude(undone_at=None)))
    }
    for former, present in transaction.read(lambda: _stored_twice(page)):

        def save(former: int = former, present: int = present) -> None:
            rows = list(Conversation.objects.filter(pk__in=(former, present)))
            if len(rows) == 2 and frozenset(row.sender_id for row in rows) not in apart:
                join(page, *rows)
                watch.note_joined(1)
            transaction.save_run()

        transaction.commit(save)
        watch.commit()


def _stored_twice(page: Page) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(TWICE, {"page": page.pk, "business": list(page.business_ids)})
        return cursor.fetchall()


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
