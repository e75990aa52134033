"""Measures what the reads cost the sync: batches with and without the triggers and indexes for reads."""

import random
import statistics
import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.lib.locks import lock_rows
from conversations.models import Conversation
from conversations.sync.load.transform import search_text

BATCHES, THREADS, MESSAGES = 40, 100, 25
DROP_READ_SUPPORT = [
    "DROP TRIGGER count_conversations_on_insert ON conversations_conversation",
    "DROP TRIGGER count_conversations_on_update ON conversations_conversation",
    "DROP TRIGGER queue_messages_on_insert ON conversations_interactionevent",
    "DROP INDEX conversation_by_facets",
    "DROP INDEX conversation_everywhere",
    "DROP INDEX conversation_search",
    "DROP INDEX event_act",
]


def measure_cost() -> str:
    rng = random.Random(9)
    texts = list(Conversation.objects.values_list("last_message", flat=True)[:5000])
    known = list(
        Conversation.objects.filter(page=1).order_by("?").values_list("sender_id", flat=True)[:20_000]
    )
    with_support = time_batches(rng, texts, known, "w")
    with connection.cursor() as cursor:
        for statement in DROP_READ_SUPPORT:
            cursor.execute(statement)
    without_support = time_batches(rng, texts, known, "o")
    rows = THREADS * (MESSAGES + 1)
    return (
        f"Writing a batch of {THREADS} threads, half of them new, with {MESSAGES} new messages each (messages by COPY,"
        " conversations by the upsert of the sync, without the decoding of responses) takes"
        f" {with_support * 1000:.0f} ms with the triggers and indexes for reads and {without_support * 1000:.0f} ms without"
        f" them: {rows / with_support:,.0f} and {rows / without_support:,.0f} rows/s; the reads cost"
        f" {100 * (1 - without_support / with_support):.0f} % of the rate."
    )


def time_batches(rng, texts, known, name) -> float:
    """Return the mean seconds per batch, which include the pauses for the cleanup of an index."""
    times = []
    for number in range(BATCHES):
        senders = [f"{name}{number}_{n}" for n in range(THREADS // 2)] + rng.sample(known, THREADS // 2)
        rows = [make_conversation(rng, texts, sender) for sender in senders]
        started = time.perf_counter()
        write(rows, rng, texts, f"{name}{number}")
        times.append(time.perf_counter() - started)
    return statistics.mean(times)


def make_conversation(rng, texts, sender: str) -> Conversation:
    time = timezone.now() + timedelta(seconds=rng.random())
    row = Conversation(page_id=1, sender_id=sender, sender_name="Some Body", last_message=rng.choice(texts))
    row.last_message_time, row.unread_count, row.search = time, 1, search_text(row)
    return row


@transaction.atomic
def write(rows: list[Conversation], rng, texts, name: str) -> None:
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
                copy.write_row((row.pk, "message_received", key, time, rng.choice(texts), "[]", "{}"))
