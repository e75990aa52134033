"""Finds out whether the time windows of v26.0 work: `updated_after_ms`, `updated_before_ms`."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError
from conversations.graph.probes.batch import raise_unless_refused
from conversations.graph.probes.listing import ID_LIST_LIMIT, Listing, list_ids
from conversations.graph.records import Conversation, ConversationBatch

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # before Facebook
SECOND = timedelta(seconds=1)
WindowState = Literal["work", "ignored", "incomplete", "refused", "unknown"]


def probe_windows(client: GraphClient, page_id: str, platform: str, inbox: Listing) -> WindowState:
    """Return whether both parameters list only conversations in the window, and all of them."""
    try:
        if not _is_empty(_window(client, page_id, platform, LONG_AGO, LONG_AGO + timedelta(days=1))):
            return "ignored"
        if (span := _span(inbox)) is None:
            return "unknown"
        after, before = span
        return _compare(_window(client, page_id, platform, after, before), inbox, after, before)
    except GraphError as error:
        raise_unless_refused(error)
        return "refused"


def _window(
    client: GraphClient, page_id: str, platform: str, after: datetime, before: datetime
) -> ConversationBatch:
    bounds = {"updated_after_ms": _ms(after), "updated_before_ms": _ms(before)}
    return list_ids(client, page_id, platform=platform, limit=ID_LIST_LIMIT, **bounds)


def _is_empty(batch: ConversationBatch) -> bool:
    return not batch.conversations and not batch.without_id and batch.after is None


def _span(inbox: Listing) -> tuple[datetime, datetime] | None:
    """Return the times of two known conversations with others between them, old enough not to change now."""
    times = [one.updated_time for one in inbox.conversations if one.updated_time]
    if len(times) < 3:
        return None
    newer = (len(times) - 1) // 4
    older = min(len(times) - 1 - newer, newer + 12)
    after, before = times[older], times[newer]
    return (after, before) if _between(inbox, after, before) else None


def _between(inbox: Listing, after: datetime, before: datetime) -> list[Conversation]:
    """Return those inside whether or not the bounds are inclusive: Graph truncates times to seconds."""
    low, high = after + SECOND, before - SECOND
    return [one for one in inbox.conversations if one.updated_time and low <= one.updated_time <= high]


def _compare(listed: ConversationBatch, inbox: Listing, after: datetime, before: datetime) -> WindowState:
    times = [one.updated_time for one in listed.conversations]
    if not all(time and after <= time <= before for time in times):
        return "ignored"
    last = times[-1] if listed.after and times else None  # older ones come with the next request
    expected = {one.id for one in _between(inbox, last or after, before)}
    return "incomplete" if expected - {one.id for one in listed.conversations} else "work"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
