"""Stores what messages of a conversation have in common once: their headers.

Messages that an earlier version stored have no header, and everything in their `data`. They get one in slices
after the upgrade; both forms are read all the time.
"""

import time
from collections.abc import Iterable

from django.db import connection, transaction

from conversations.graph.messages import MessageHeader
from conversations.lib.locks import lock_rows
from conversations.lib.sql_files import read_statements
from conversations.lib.text import clean_json_text
from conversations.models.message_headers import HeaderSplit

SLICE = 500  # messages per transaction, during which nobody else writes rows of their Pages
STATEMENTS = read_statements(__file__)


def insert_headers(headers: Iterable[tuple[int, MessageHeader | None]]) -> None:
    """Store the headers, each with the primary key of its conversation, unless they are stored."""
    items = [
        f"[{owner},{header.key},{storable_json(header)}]"
        for owner, header in headers
        if header and header.key
    ]
    if items:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["insert_headers"], {"headers": f"[{','.join(items)}]"})


def storable_json(header: MessageHeader) -> str:
    return clean_json_text(header.json)


def split_stored(*, seconds: float) -> bool:
    """Give stored messages headers for at most about `seconds`. Return whether all have one."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if not split_slice():
            return True
    return not HeaderSplit.objects.exists()


@transaction.atomic
def split_slice() -> bool:
    """Give the next messages headers. Return whether there were any left."""
    progress = HeaderSplit.objects.select_for_update().first()
    if progress is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["next_events"], {"position": progress.position, "limit": SLICE})
        until, page_ids = cursor.fetchone()
        if until is None:
            progress.delete()
            return False
        lock_rows(page_ids)
        cursor.execute(STATEMENTS["split"], {"position": progress.position, "until": until})
    progress.position = until
    progress.save()
    return True
