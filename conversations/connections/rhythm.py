"""How long a Page is usually without a message, from the sums of its messages of the last week."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.models import Page
from conversations.models.insight import SLOT_SECONDS

STATEMENTS = read_statements(__file__)
OBSERVED = timedelta(days=7)
LEAST, FACTOR = timedelta(hours=1), 1.5
MIN_SLOTS = 10  # with messages: fewer tell no rhythm


def unusually_quiet(checked_at: Mapping[Page, datetime], now: datetime) -> set[int]:
    """Return the primary keys of Pages without a webhook for longer than ever in the last week.

    Not those at which it was checked since then: `checked_at` says when that was.
    """
    silent_since = {page: time for page in checked_at if (time := _last_sign(page)) and now - time >= LEAST}
    pauses = longest_pauses([page.pk for page in silent_since], now)
    return {
        page.pk
        for page, time in silent_since.items()
        if page.pk in pauses and checked_at[page] < time + max(LEAST, FACTOR * pauses[page.pk]) <= now
    }


def _last_sign(page: Page) -> datetime | None:
    """Return when the newest webhook came, or the Page was subscribed; None if it is not."""
    if page.live_state != Page.LiveState.SUBSCRIBED or page.subscribed_at is None:
        return None
    return max(filter(None, [page.last_delivery_at, page.subscribed_at]))


def longest_pauses(page_ids: Collection[int], now: datetime) -> dict[int, timedelta]:
    """Return the longest time without a message of each Page that has enough of them to tell."""
    if not page_ids:
        return {}
    first = int((now - OBSERVED).timestamp()) // SLOT_SECONDS
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"pages": list(page_ids), "first": first, "min_slots": MIN_SLOTS}
        cursor.execute(STATEMENTS["longest_pauses"], names)
        return {page_id: timedelta(seconds=SLOT_SECONDS * slots) for page_id, slots in cursor.fetchall()}
