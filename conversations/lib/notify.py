"""Notifies all processes that staff changed data of a Page, so that open pages can reload it."""

from collections.abc import Iterable

from django.db import connection

CHANNEL = "inbox_changes"


def notify_changes(page_ids: Iterable[int]) -> None:
    """Notify all processes when the transaction commits, once for each Page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, page::text) FROM unnest(%s::bigint[]) AS page", [CHANNEL, list(page_ids)]
        )
