"""What the reads cost the sync: batches as it writes them, with all that the reads need and without."""

import random
import statistics
import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.locks import lock_rows
from conversations.models import Conversation
from conversations.sync.transform import search_text

BATCHES, THREADS, MESSAGES = 40, 100, 25
NEEDED = [
    "DROP TRIGGER came ON conversations_conversation",
    "DROP TRIGGER changed ON conversations_conversation",
    "DROP TRIGGER came ON conversations_interactionevent",
    "DROP INDEX conversation_by_facets",
    "DROP INDEX conversation_everywhere",
    "DROP INDEX conversation_search",
    "DROP INDEX event_act",
]


def cost() -> str:
    dice = random.Random(9)
    texts = list(Conversation.objects.values_list("last_message", flat=True)[:5000])
    known = list(
        Conversation.objects.filter(page=1).order_by("?").values_list("sender_id", flat=True)[:20_000]
    )
    with_all = timed(dice, texts, known, "w")
    with connection.cursor() as cursor:
        for statement in NEEDED:
            cursor.execute(statement)
    without = timed(dice, texts, known, "o")
    rows = THREADS * (MESSAGES + 1)
    return (
        f"Writing a batch of {THREADS} threads, half of them new, with {MESSAGES} new messages each (messages by COPY,"
        f" conversations by the sync's upsert; Python's work on Graph's answer left out): {with_all * 1000:.0f} ms with all"
        f" that the reads need, {without * 1000:.0f} ms without its triggers and indexes: {rows / with_all:,.0f} against"
        f" {rows / without:,.0f} rows/s, {100 * (1 - without / with_all):.0f} % of the rate."
    )


def timed(dice, texts, known, name) -> float:
    """Mean seconds of a batch: the pauses in which an index is tidied up count."""
    taken = []
    for number in range(BATCHES):
        senders = [f"{name}{number}_{n}" for n in range(THREADS // 2)] + dice.sample(known, THREADS // 2)
        rows = [conversation(dice, texts, sender) for sender in senders]
        begun = time.perf_counter()
        write(rows, dice, texts, f"{name}{number}")
        taken.append(time.perf_counter() - begun)
    return statistics.mean(taken)


def conversation(dice, texts, sender: str) -> Conversation:
    time = timezone.now() + timedelta(seconds=dice.random())
    row = Conversation(page_id=1, sender_id=sender, sender_name="Some Body", last_message=dice.choice(texts))
    row.last_message_time, row.unread_count, row.search = time, 1, search_text(row)
    return row


@transaction.atomic
def write(rows: list[Conversation], dice, texts, name: str) -> None:
    lock_rows([1])
    fields = ["sender_name", "last_message", "last_message_time", "unread_count", "search"]
    Conversation.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["page", "sender_id"],
        update_fields=fields,
        batch_size=500,
    )
    columns = "conversation_id, kind, graph_id, occurred_at, text, attachments, data"
    statement = f"COPY conversations_interactionevent ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            for number in range(MESSAGES):
                time = timezone.now() - timedelta(minutes=number)
                key = f"m_{name}_{row.pk}_{number}"
                copy.write_row((row.pk, "message_received", key, time, dice.choice(texts), "[]", "{}"))
