"""What a listener of the eventstream hears: the channels of the Pages one may see, the newest of each run."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

from django_eventstream.channelmanager import ChannelManagerBase
from django_eventstream.event import Event
from django_eventstream.utils import sse_encode_event
from django_eventstream.views import Listener, get_listener_manager

from conversations.sync.progress import ENDS


class NoChannels(ChannelManagerBase):
    """The library's own view lets nobody listen: it knows no tokens and answers 200 to strangers."""

    def get_channels_for_request(self, request, view_kwargs) -> set[str]:
        return set()

    def can_read_channel(self, user, channel: str) -> bool:
        return False

    def is_channel_reliable(self, channel: str) -> bool:
        return False  # the run's row is the memory


class Newest(list[Event]):
    """Unsent events of one channel: of each run the newest, and every end; of changes one.

    The library drops what comes when ten are unsent; what never looks full is never dropped.
    """

    def append(self, event: Event) -> None:
        run = _of(event).get("run")
        self[:] = [other for other in self if _of(other).get("run") != run or _is_end(other)]
        super().append(event)

    def __len__(self) -> int:
        return 0


class Pending(dict[str, Newest]):
    def get(self, channel, default=None):
        return self.setdefault(channel, Newest())


def _of(event: Event) -> dict:
    return json.loads(event.data)


def _is_end(event: Event) -> bool:
    return _of(event).get("status") in ENDS


class PageListener(Listener):
    """Registered with the library for as long as it is entered: whatever is sent from then on is heard."""

    def __init__(self, channels: Iterable[str]):
        super().__init__()
        self.channels, self.channel_items = set(channels), Pending()

    def __enter__(self) -> "PageListener":
        self.assign_loop()
        get_listener_manager().add_listener(self)
        return self

    def __exit__(self, *_) -> None:
        get_listener_manager().remove_listener(self)

    async def heard(self, beat: float, *ends: asyncio.Event) -> AsyncIterator[bytes]:
        """What was sent until one of `ends` is set, as chunks of the stream.

        A comment where nothing was for `beat` seconds.
        """
        stops = [asyncio.ensure_future(end.wait()) for end in ends]
        try:
            while True:
                await self._woken(stops, beat)
                if any(end.is_set() for end in ends):
                    return
                yield self._taken() or b": still here\n\n"
        finally:
            for stop in stops:
                stop.cancel()

    async def _woken(self, stops: list[asyncio.Task], beat: float) -> None:
        arrived = asyncio.ensure_future(self.aevent.wait())
        try:
            await asyncio.wait([arrived, *stops], timeout=beat, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()

    def _taken(self) -> bytes:
        with get_listener_manager().lock:
            items, self.channel_items = self.channel_items, Pending()
            self.aevent.clear()
        events = [event for channel in items.values() for event in channel]
        return "".join(sse_encode_event(event.type, event.data) for event in events).encode()
