"""Listeners of django-eventstream: they receive the events of Pages, the newest progress of each run only."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

from django_eventstream.channelmanager import ChannelManagerBase
from django_eventstream.event import Event
from django_eventstream.utils import sse_encode_event
from django_eventstream.views import Listener, get_listener_manager

from conversations.sync.progress import TERMINAL_STATUSES


class NoChannels(ChannelManagerBase):
    """Closes the library's own view to everybody: it knows no API keys and answers 200 to strangers."""

    def get_channels_for_request(self, request, view_kwargs) -> set[str]:
        return set()

    def can_read_channel(self, user, channel: str) -> bool:
        return False

    def is_channel_reliable(self, channel: str) -> bool:
        return False  # no stored events: the row of the run has its state


class LatestPerRun(list[Event]):
    """Unsent events of one channel: the newest and all final ones of each run, and one change event.

    The library drops events when a list has ten; this list reports length 0, so that none is dropped.
    """

    def append(self, event: Event) -> None:
        run = _payload(event).get("run")
        self[:] = [other for other in self if _payload(other).get("run") != run or _is_final(other)]
        super().append(event)

    def __len__(self) -> int:
        return 0


class PendingEvents(dict[str, LatestPerRun]):
    """Unsent events by channel."""

    def get(self, channel, default=None):
        return self.setdefault(channel, LatestPerRun())


def _payload(event: Event) -> dict:
    return json.loads(event.data)


def _is_final(event: Event) -> bool:
    return _payload(event).get("status") in TERMINAL_STATUSES


class PageListener(Listener):
    """A context manager that receives every event of its channels while it is entered."""

    def __init__(self, channels: Iterable[str]):
        super().__init__()
        self.channels, self.channel_items = set(channels), PendingEvents()

    def __enter__(self) -> "PageListener":
        self.assign_loop()
        get_listener_manager().add_listener(self)
        return self

    def __exit__(self, *_) -> None:
        get_listener_manager().remove_listener(self)

    async def chunks(self, heartbeat: float, *stop_events: asyncio.Event) -> AsyncIterator[bytes]:
        """Yield events as chunks of an event stream, until one of `stop_events` is set.

        After `heartbeat` seconds without an event, the chunk is a comment.
        """
        stops = [asyncio.ensure_future(event.wait()) for event in stop_events]
        try:
            while True:
                await self._wait(stops, heartbeat)
                if any(event.is_set() for event in stop_events):
                    return
                yield self._take_unsent() or b": still here\n\n"
        finally:
            for stop in stops:
                stop.cancel()

    async def _wait(self, stops: list[asyncio.Task], timeout: float) -> None:
        arrived = asyncio.ensure_future(self.aevent.wait())
        try:
            await asyncio.wait([arrived, *stops], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()

    def _take_unsent(self) -> bytes:
        with get_listener_manager().lock:
            items, self.channel_items = self.channel_items, PendingEvents()
            self.aevent.clear()
        events = [event for channel in items.values() for event in channel]
        return "".join(sse_encode_event(event.type, event.data) for event in events).encode()
