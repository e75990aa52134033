"""Makes the text of all messages searchable.

A sync does not wait: a trigger (models/sql/message_queue.sql) queues the conversations that have
new messages. A task, or a search that comes before it, folds these messages and stores them in chunks of
several consecutive messages of one conversation; an index holds the search keys of each chunk. The same queue
keeps the statistics of messages up to date (insight_index.py) and the kinds of attachments
(attachment_index.py).
"""

import time

from django.db import transaction

from conversations.lib.folding import fold
from conversations.lib.locks import INDEX, WORK, try_lock_until_commit
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models.search import MessageIndexChunk, MessageIndexQueue
from conversations.search.index.attachment_index import update_attachment_kinds
from conversations.search.index.insight_index import update_stats
from conversations.search.sql import Sql, fetch_all, run

SEPARATOR = "\x1f"  # between two messages of a chunk; fold() makes it a space
CHUNK_LETTERS = 8000  # a chunk that is longer gets no more messages
BATCH_CONVERSATIONS = 200  # per transaction
SEARCH_CONVERSATIONS = 50  # the same of a search, which nobody wants to wait for
# How long a search indexes by itself before it looks. During a first sync the queue is never empty: what is
# left is for the task, which takes longer (tasks.py), and the search says that it is missing.
MAX_INDEX_SECONDS = 1.0
# How long a search waits for another process that indexes. Then it shows what it finds, and what is missing.
MAX_BUSY_SECONDS, PAUSE_SECONDS = 0.2, 0.02

STATEMENTS = read_statements(__file__)


def index_pending(*, seconds: float | None = None) -> int:
    """Index queued conversations for at most `seconds` (MAX_INDEX_SECONDS by default).

    While another process does it, this one waits: for at most `seconds` (MAX_BUSY_SECONDS by default).
    Returns the number of conversations that are still queued.
    """
    started = time.monotonic()
    work_until = started + (MAX_INDEX_SECONDS if seconds is None else seconds)
    wait_until = started + (MAX_BUSY_SECONDS if seconds is None else seconds)
    limit = SEARCH_CONVERSATIONS if seconds is None else BATCH_CONVERSATIONS
    while MessageIndexQueue.objects.exists():
        number = None if time.monotonic() > work_until else index_batch(limit)
        if number == 0:
            return 0  # what is left waits for others, and only for the kinds of its attachments
        if number is None and time.monotonic() > wait_until:
            return MessageIndexQueue.objects.count()
        if number is None:
            time.sleep(PAUSE_SECONDS)
    return 0


@transaction.atomic
def index_batch(limit: int) -> int | None:
    """Index up to `limit` queued conversations and update what is known of them.

    Returns how many are done, None if another process is at it: two would index the same messages.
    """
    if not try_lock_until_commit(INDEX, WORK):
        return None
    queued = fetch_all(Sql.compose(STATEMENTS["dequeue"], limit=limit))
    MessageIndexChunk.objects.filter(
        conversation__in=[pk for pk, is_changed in queued if is_changed]
    ).delete()
    last = last_chunks({pk for pk, _ in queued})
    indexed = {pk: last[pk].event_ids[-1] if pk in last else 0 for pk, _ in queued}
    new = Sql.compose(STATEMENTS["new_messages"], ids=list(indexed), last_events=list(indexed.values()))
    chunks = append_messages(last, fetch_all(new))
    grown = [chunk for chunk in chunks if chunk.pk]  # before the others get a primary key, too
    MessageIndexChunk.objects.bulk_create([chunk for chunk in chunks if chunk.pk is None])
    if grown:  # the statement takes a lock on the table also where it changes nothing
        save_grown(grown)
    update_stats(indexed)
    busy = update_attachment_kinds(indexed)
    MessageIndexQueue.objects.bulk_create(MessageIndexQueue(conversation_id=pk) for pk in busy)
    return len(indexed.keys() - busy)


def save_grown(chunks: list[MessageIndexChunk]) -> None:
    """Write the texts of chunks that exist. One statement, whatever their number, that is planned at once."""
    ids, texts = [chunk.pk for chunk in chunks], [chunk.text for chunk in chunks]
    events = [as_json(chunk.event_ids) for chunk in chunks]
    run(Sql.compose(STATEMENTS["grow"], ids=ids, texts=texts, events=events))


def last_chunks(conversation_ids: set[int]) -> dict[int, MessageIndexChunk]:
    """Return the newest chunk of each conversation that has one."""
    chunks = MessageIndexChunk.objects.filter(conversation__in=conversation_ids)
    return {
        chunk.conversation_id: chunk
        for chunk in chunks.order_by("conversation_id", "-number").distinct("conversation_id")
    }


def append_messages(last: dict[int, MessageIndexChunk], messages: list[tuple]) -> list[MessageIndexChunk]:
    """Append messages to the last chunks, or to new ones, and return the chunks that changed.

    `messages` are rows of the statement `new_messages`. `last` is updated to the new last chunk of each
    conversation.
    """
    changed: dict[tuple[int, int], MessageIndexChunk] = {}
    for conversation_id, page_id, event_id, text in messages:
        chunk = last.get(conversation_id)
        if chunk is None or len(chunk.text) > CHUNK_LETTERS:
            chunk = MessageIndexChunk(
                conversation_id=conversation_id,
                page_id=page_id,
                number=chunk.number + 1 if chunk else 1,
                text="",
                event_ids=[],
            )
            last[conversation_id] = chunk
        chunk.text += SEPARATOR * bool(chunk.event_ids) + fold(text)
        chunk.event_ids.append(event_id)
        changed[conversation_id, chunk.number] = chunk
    return list(changed.values())
