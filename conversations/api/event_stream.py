"""The events of Pages, as django-eventstream's listener manager queues them for one stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django_eventstream.channelmanager import ChannelManagerBase
from django_eventstream.event import Event
from django_eventstream.utils import sse_encode_event
from django_eventstream.views import MAX_PENDING, Listener, get_listener_manager

from conversations.realtime.changes import MAX_ROWS, event_of, united
from conversations.sync.progress import TERMINAL_STATUSES

SHARED = 32  # events whose forms are kept: all streams of a process send the same ones
CHANGED = "changed"


class NoChannels(ChannelManagerBase):
    """Closes the library's own view to everybody: it knows no API keys and answers 200 to strangers."""

    def get_channels_for_request(self, request, view_kwargs) -> set[str]:
        return set()

    def can_read_channel(self, user, channel: str) -> bool:
        return False

    def is_channel_reliable(self, channel: str) -> bool:
        return False  # no stored events: the row of the run has its state


@dataclass(frozen=True)
class Batch:
    """The events since the last batch; none if it is time for a heartbeat.

    Later events of the channels in `overflowed` were dropped: the reader has to read the state again.
    """

    events: list[Event]
    overflowed: list[str]

    @property
    def runs(self) -> dict[str, int]:
        """The ID of the last run in the events of each channel."""
        return {event.channel: run for event in self.events if (run := _payload(event).get("run"))}

    def encode(self) -> bytes:
        return b"".join(encode(event.type, event.data) for event in self.events)


class PageListener(Listener):
    """A context manager that receives the events of its channels while it is entered.

    The library queues MAX_PENDING events per channel; it drops later ones and sets `overflow`.
    """

    channel_items: dict[str, list[Event]]
    overflow: bool

    def __init__(self, channels: Iterable[str]):
        super().__init__()
        self.channels = set(channels)
        self.channel_items: dict[str, list[Event]] = {}
        self.overflow: bool = False

    def __enter__(self) -> "PageListener":
        self.assign_loop()
        get_listener_manager().add_listener(self)
        return self

    def __exit__(self, *_) -> None:
        get_listener_manager().remove_listener(self)

    async def batches(self, heartbeat: float, *stop_events: asyncio.Event) -> AsyncIterator[Batch]:
        """Yield the events as they arrive, and an empty batch after `heartbeat` seconds without one.

        Ends when one of `stop_events` is set.
        """
        stops = [asyncio.ensure_future(event.wait()) for event in stop_events]
        try:
            while True:
                await self._wait(stops, heartbeat)
                if any(event.is_set() for event in stop_events):
                    return
                yield self._take_batch()
        finally:
            for stop in stops:
                stop.cancel()

    async def _wait(self, stops: list[asyncio.Task], timeout: float) -> None:
        arrived = asyncio.ensure_future(self.aevent.wait())
        try:
            await asyncio.wait([arrived, *stops], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()

    def _take_batch(self) -> Batch:
        with get_listener_manager().lock:
            queues, self.channel_items = self.channel_items, {}
            has_overflowed, self.overflow = self.overflow, False
            self.aevent.clear()
        full = [channel for channel, queue in queues.items() if len(queue) >= MAX_PENDING]
        events = [event for queue in queues.values() for event in merged(queue)]
        return Batch(events, full if has_overflowed else [])


@lru_cache(SHARED)
def encode(kind: str, data: str) -> bytes:
    return sse_encode_event(kind, data).encode()


def merged(queue: list[Event]) -> list[Event]:
    """Return fewer events that say the same to a reader who was slow."""
    changes = [event for event in queue if event.type == CHANGED]
    others = latest_of_each([event for event in queue if event.type != CHANGED])
    return [*others, merge_changes(changes)] if changes else others


def latest_of_each(events: list[Event]) -> list[Event]:
    """Return the newest event of each run and of each conversation's presence, and all final ones of runs."""
    latest: list[Event] = []
    for event in events:
        latest = [other for other in latest if _subject(other) != _subject(event) or _is_final(other)]
        latest.append(event)
    return latest


def _subject(event: Event) -> tuple[str, int | None]:
    payload = _payload(event)
    return event.type, payload.get("run") or payload.get("conversationId")


def merge_changes(events: list[Event]) -> Event:
    """Return one event for several changes of a Page: all their conversations, each as it was last."""
    if len(events) == 1:
        return events[0]
    ids: set[int] | None = set()
    rows: dict[int, dict] | None = {}
    for change in map(_payload, events):
        changed = change["conversationIds"]
        ids = united(ids, None if changed is None else set(changed))
        if ids is None or rows is None or "rows" not in change or len(ids) > MAX_ROWS:
            rows = None
            continue
        shown = {row["id"]: row for row in change["rows"]}
        rows = {pk: row for pk, row in rows.items() if pk not in changed} | shown
    newest = _payload(events[-1])
    more: dict[str, Any] = {"unread": newest["unread"]} if "unread" in newest else {}
    if rows is not None:
        more["rows"] = list(rows.values())
    channel, page_id = events[-1].channel, newest["pageId"]
    return Event(channel, CHANGED, json.dumps(event_of(page_id, ids, **more)))


def _payload(event: Event) -> dict:
    return parse(event.data)


@lru_cache(SHARED)
def parse(data: str) -> dict:
    """Return the payload, which all streams share."""
    return json.loads(data)


def _is_final(event: Event) -> bool:
    return _payload(event).get("status") in TERMINAL_STATUSES
