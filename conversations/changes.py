"""Tells whoever watches a Page that staff changed something there: what is shown may be read anew."""

from collections.abc import Iterable

from django.db import connection

CHANNEL = "inbox_changes"


def publish_changes(page_ids: Iterable[int]) -> None:
    """Tells all processes, when the transaction commits; once for each Page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, page::text) FROM unnest(%s::bigint[]) AS page", [CHANNEL, list(page_ids)]
        )
