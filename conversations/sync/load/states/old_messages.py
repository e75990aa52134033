"""Leaves out, of what Facebook shows, the messages that are too old to be kept (RETENTION_DAYS)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from conversations.lib.days import kept_from
from conversations.models import Thread
from conversations.models.privacy import TOO_OLD
from conversations.sync.load.event_row import EventRow
from conversations.sync.load.transform import Extent, ThreadRows, oldest_of


def without_old(rows: Iterable[ThreadRows]) -> list[ThreadRows]:
    """Return the rows. Of a thread of old messages alone, only the fact that it exists is left."""
    since = kept_from()
    return list(rows) if since is None else [_of_thread(row, since) for row in rows]


def old_ids(events: Iterable[EventRow]) -> set[str]:
    """Return the IDs of the messages that are too old."""
    since = kept_from()
    return set() if since is None else {event.graph_id for event in events if event.occurred_at < since}


def reaches_old(oldest: datetime | None) -> bool:
    """Whether messages down to this time include old ones: those before them are not read."""
    since = kept_from()
    return since is not None and oldest is not None and oldest < since


def _of_thread(row: ThreadRows, since: datetime) -> ThreadRows:
    last = row.conversation.last_message_time if row.conversation else row.thread.updated_time
    if last is not None and last < since:
        return _without_content(row.thread)
    kept = [event for event in row.events if event.occurred_at >= since]
    if len(kept) < len(row.events):
        row.events = kept
        row.shown = replace(row.shown, oldest=oldest_of(kept), extent=Extent.TRUNCATED)
    return row


def _without_content(listed: Thread) -> ThreadRows:
    thread = Thread(
        page_id=listed.page_id,
        platform=listed.platform,
        graph_id=listed.graph_id,
        state=Thread.State.UNREADABLE,
        reason=TOO_OLD,
    )
    return ThreadRows(thread, None)
