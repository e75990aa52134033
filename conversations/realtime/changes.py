"""Collects what changes, and tells the streams of this process at most twice a second for each Page.

What a stream shows of a change is read here, once, however many readers there are.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from conversations.lib.notify import MAX_CONVERSATIONS
from conversations.lib.sql_files import read_statements
from conversations.models.facets import Facet, facet_values
from conversations.search.rows import add_tags, row_chunks
from conversations.search.sql import Sql, fetch_all

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
INTERVAL_SECONDS = 0.5  # between two events of a Page
MAX_ROWS = 10  # conversations that an event shows
UNREAD = [value for value in facet_values() if value & Facet.UNREAD]

Changes = Mapping[int, set[int] | None]  # conversations by Page; None: anything may have changed


def channel_of(page_id: int, *, is_managed: bool) -> str:
    """Return the eventstream channel of a Page. That of managers includes why a run failed."""
    return f"page-{page_id}-managers" if is_managed else f"page-{page_id}"


def watched_pages() -> set[int]:
    """Return the Pages that have a reader in this process."""
    from django_eventstream.views import get_listener_manager  # loads JWT and X.509: see the listener

    manager = get_listener_manager()
    with manager.lock:
        return {int(channel.split("-")[1]) for channel in manager.listeners_by_channel}


class ChangeForwarder:
    """Gathers notifications and sends what they mean. A change after a quiet time is sent at once."""

    def __init__(self) -> None:
        self._pending: dict[int, set[int] | None] = {}
        self._has_some = asyncio.Event()

    def add(self, page_id: int, conversation_ids: set[int] | None) -> None:
        self._pending[page_id] = united(self._pending.get(page_id, set()), conversation_ids)
        self._has_some.set()

    def add_everything(self) -> None:
        """Tell all readers that anything may have changed: notifications may have been missed."""
        for page_id in watched_pages():
            self.add(page_id, None)

    async def run(self) -> None:
        while True:
            await self._has_some.wait()
            self._has_some.clear()
            pending, self._pending = self._pending, {}
            await forward(pending)
            await asyncio.sleep(INTERVAL_SECONDS)


def united(one: set[int] | None, other: set[int] | None) -> set[int] | None:
    """Return the conversations of two changes; None if anything may have changed, or very many have."""
    both = None if one is None or other is None else one | other
    return None if both is None or len(both) > MAX_CONVERSATIONS else both


async def forward(changes: Changes) -> None:
    """Send the changes to the streams. What nobody reads is not read from the database either."""
    watched = watched_pages()
    changes = {page_id: ids for page_id, ids in changes.items() if page_id in watched}
    if not changes:
        return
    try:
        events = await sync_to_async(read_events, thread_sensitive=False)(changes)
    except Exception as error:
        # Readers load the conversations themselves. The error may quote them.
        logger.warning("Changes could not be read: %s", type(error).__name__)
        events = {page_id: event_of(page_id, ids) for page_id, ids in changes.items()}
    for page_id, event in events.items():
        send(page_id, "changed", event)


def send(page_id: int, kind: str, event: dict[str, Any]) -> None:
    """Send the event to all streams of the Page in this process."""
    from django_eventstream import send_event

    for is_managed in (True, False):
        send_event(channel_of(page_id, is_managed=is_managed), kind, event)


def event_of(page_id: int, ids: set[int] | None, **more: Any) -> dict[str, Any]:
    return {"pageId": page_id, "conversationIds": None if ids is None else sorted(ids), **more}


def read_events(changes: Changes) -> dict[int, dict[str, Any]]:
    """Return the event of each Page, with the conversations if they are few. The connection is closed."""
    try:
        shown = {pk: page_id for page_id, ids in changes.items() if is_shown(ids) for pk in ids or ()}
        rows = rows_of(shown) if shown else {}
        unread = dict(fetch_all(Sql.compose(STATEMENTS["unread"], pages=list(changes), facets=UNREAD)))
    finally:
        connection.close()
    events = {}
    for page_id, ids in changes.items():
        more: dict[str, Any] = {"unread": unread.get(page_id, 0)}
        if ids is not None and is_shown(ids):
            more["rows"] = [rows[pk] for pk in sorted(ids) if pk in rows]
        events[page_id] = event_of(page_id, ids, **more)
    return events


def is_shown(ids: set[int] | None) -> bool:
    return ids is not None and len(ids) <= MAX_ROWS


def rows_of(conversations: Mapping[int, int]) -> dict[int, dict]:
    """Return the conversations as in the list, by ID: those that still are on their Page."""
    ids = Sql.compose(STATEMENTS["ids"], pages=list(conversations.values()), ids=list(conversations))
    return {row["id"]: row for chunk in row_chunks(ids) for row in add_tags(chunk)}
