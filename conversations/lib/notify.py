"""Notifies all processes that something changed that screens show of a Page, so that open pages follow it.

The payload is the ID of the Page; after a colon follow the IDs of the conversations that changed, and without
one anything may have changed.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from conversations.lib.sql_files import read_statements

CHANNEL = "inbox_changes"
MAX_CONVERSATIONS = 50  # that one notification names; PostgreSQL refuses payloads of 8000 bytes

NOTIFY = "SELECT pg_notify(%s, page::text) FROM unnest(%s::bigint[]) AS page"
NOTIFY_ALL = "SELECT pg_notify(%s, id::text) FROM conversations_page"
STATEMENTS = read_statements(__file__)


def notify_changes(page_ids: Iterable[int]) -> None:
    """Notify all processes when the transaction commits, once for each Page."""
    with connection.cursor() as cursor:
        cursor.execute(NOTIFY, [CHANNEL, list(page_ids)])


def notify_conversations(page_id: int, conversation_ids: Collection[int]) -> None:
    """Notify all processes that these conversations of the Page changed, or were deleted.

    Without any, what changed is not a conversation.
    """
    ids = ",".join(map(str, sorted(conversation_ids)))
    payload = f"{page_id}:{ids}" if len(conversation_ids) <= MAX_CONVERSATIONS else str(page_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def notify_conversations_of(page_ids: Collection[int], conversation_ids: Collection[int]) -> None:
    """Notify all processes that these conversations changed, each of which is on one of these Pages."""
    if len(conversation_ids) > MAX_CONVERSATIONS:
        notify_changes(page_ids)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENTS["notify_by_page"], {"channel": CHANNEL, "conversations": list(conversation_ids)}
        )


def notify_all_pages() -> None:
    """Notify all processes of a change that every Page shows: of tags, and of views of all Pages."""
    with connection.cursor() as cursor:
        cursor.execute(NOTIFY_ALL, [CHANNEL])


def parse(payload: str) -> tuple[int, set[int] | None]:
    """Return the Page of a notification and the conversations; None: anything may have changed."""
    page_id, colon, ids = payload.partition(":")
    return int(page_id), {int(pk) for pk in ids.split(",") if pk} if colon else None
