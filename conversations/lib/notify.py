"""Notifies all processes that something changed that screens show of a Page, so that open pages reload it."""

from collections.abc import Iterable

from django.db import connection

CHANNEL = "inbox_changes"


def notify_changes(page_ids: Iterable[int]) -> None:
    """Notify all processes when the transaction commits, once for each Page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, page::text) FROM unnest(%s::bigint[]) AS page", [CHANNEL, list(page_ids)]
        )


def notify_all_pages() -> None:
    """Notify all processes of a change that every Page shows: of tags, and of views of all Pages."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, id::text) FROM conversations_page", [CHANNEL])
