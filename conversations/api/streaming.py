"""Responses that take long: waiting for a sync run, and event streams of one run or of all runs.

A view of REST framework checks the request in a thread and returns a StreamLater. The rest of the response is
asynchronous and holds neither a thread nor a connection (inbox/web/handler.py).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django_eventstream.utils import sse_encode_event
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.event_stream import PageListener
from conversations.api.run_result import read_run_result
from conversations.api.subscriptions import Permissions, RunReader
from conversations.lib.request_scope import STREAMS, hold_until_end, leave_work
from conversations.realtime.changes import channel_of, event_of
from conversations.realtime.listener import Watcher, read_latest, read_since, read_states, run_listener
from conversations.sync.progress import SyncProgress

MAX_SILENT_SECONDS = 20  # then headers are sent: clients and proxies time out without data
HEARTBEAT_SECONDS = 15
EVENT_STREAM = "text/event-stream"
# Proxies must neither compress a stream, for which they would collect it first, nor buffer it.
STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
LOST_ROLE = _("You no longer have the role manager on this Page. The sync continues.")
NO_WORKER = _("No worker has started the sync yet. Is one running? It stays queued.")


class StreamLater(Response):
    """The response of a view that accepted a request: the event loop awaits `follow` for the real one.

    It gives back the place of the request among those at work. Raises TooManyRequests or ServerBusy.
    """

    def __init__(self, request: Request, follow: Callable[[], Awaitable[HttpResponseBase]]):
        super().__init__()
        hold_until_end(STREAMS, request.user.pk)
        leave_work()
        self.follow = follow


def event_stream(body: AsyncIterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(body, content_type=EVENT_STREAM, headers=STREAM_HEADERS)


def stream_headers() -> HttpResponse:
    """Return what HEAD gets: the headers of a stream, and its end."""
    return HttpResponse(content_type=EVENT_STREAM, headers=STREAM_HEADERS)


@contextmanager
def set_after(event: asyncio.Event, seconds: float | None) -> Iterator[None]:
    """Set the event after this time, unless the context was left before."""
    timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


# -- one run -----------------------------------------------------------------------------------------------
async def read_current_state(run_id: int) -> SyncProgress:
    """Read the state of a run; its end as removed if the run was deleted."""
    for _page, state in await sync_to_async(read_states, thread_sensitive=False)([run_id]):
        return state
    return SyncProgress.removed(run_id)


@contextmanager
def watch(reader: RunReader) -> Iterator[Watcher]:
    """Watch a run and the permissions of its reader."""
    with (
        run_listener.watch(reader.run_id) as watcher,
        run_listener.watch_permissions(reader.user_id, watcher.recheck_permissions),
    ):
        try:
            yield watcher
        finally:
            watcher.recheck_after(None)


async def recheck_access(reader: RunReader, watcher: Watcher) -> bool:
    """Return whether the reader may still watch this run; queries the database only after a change."""
    if not watcher.needs_recheck:
        return True
    watcher.needs_recheck = False  # before the query, so that a change during it causes another check
    permissions = await sync_to_async(reader.read_permissions, thread_sensitive=False)()
    watcher.recheck_after(permissions.seconds if permissions else None)
    return permissions is not None


async def state_updates(reader: RunReader, heartbeat: float) -> AsyncIterator[SyncProgress]:
    """Yield the current state and each later one; the last one again after `heartbeat` seconds without news.

    Ends with the run, with this process, or when the reader may not watch the run any more.
    """
    with watch(reader) as watcher:
        state = await read_current_state(reader.run_id)
        while await recheck_access(reader, watcher):
            yield state
            if state.is_end or run_listener.stopped.is_set():
                return
            state = await watcher.take(heartbeat) or await read_current_state(reader.run_id)


async def watch_run(reader: RunReader) -> HttpResponseBase:
    """Return the stream of one run: only `data: ` lines, as existing clients expect."""

    async def body() -> AsyncIterator[bytes]:
        async for state in state_updates(reader, HEARTBEAT_SECONDS - 1):
            yield f"data: {json.dumps(state.as_message())}\n\n".encode()

    return event_stream(body())


async def wait_for_run(reader: RunReader) -> HttpResponseBase:
    """Return the result of a run as one JSON response.

    After MAX_SILENT_SECONDS the headers are sent with status 200, and white space until the result. A run
    that no worker has started within QUEUED_SECONDS is a 503.
    """
    started = time.monotonic()
    with watch(reader) as watcher:
        state = await read_current_state(reader.run_id)
        while has_access := await recheck_access(reader, watcher):
            limit = settings.QUEUED_SECONDS if state.status == "queued" else MAX_SILENT_SECONDS
            left = started + limit - time.monotonic()
            if state.is_end or run_listener.stopped.is_set() or left <= 0:
                break
            state = await watcher.take(left) or await read_current_state(reader.run_id)
    if not has_access:
        return JsonResponse({"error": LOST_ROLE, "run": reader.run_id}, status=403)
    if state.is_end:
        body, code = await sync_to_async(read_run_result, thread_sensitive=False)(reader.run_id)
        return JsonResponse(body, status=code)
    if run_listener.stopped.is_set() or state.status == "queued":
        body = {"error": NO_WORKER, "status": state.status, "run": reader.run_id}
        return JsonResponse(body, status=503)
    return StreamingHttpResponse(_late_result(reader), content_type="application/json")


async def _late_result(reader: RunReader) -> AsyncIterator[bytes]:
    """Yield white space, which JSON allows, until the run ends; then the result."""
    async for state in state_updates(reader, HEARTBEAT_SECONDS - 1):
        if not state.is_end:
            yield b" "
    if await sync_to_async(reader.read_permissions, thread_sensitive=False)():
        body, _ = await sync_to_async(read_run_result, thread_sensitive=False)(reader.run_id)
    else:
        body = {"success": False, "error": LOST_ROLE, "run": reader.run_id}
    yield json.dumps(body).encode()


# -- all runs ----------------------------------------------------------------------------------------------
async def watch_pages(user_id: int, read_permissions: Callable[[], Permissions | None]) -> HttpResponseBase:
    """Return the event stream of Pages: the current state of each, then every event.

    When the user's permissions change, `read_permissions` is called again and the stream starts over with the
    Pages it returns, within the same response. The stream ends when it returns None.
    """

    async def body() -> AsyncIterator[bytes]:
        yield b": open\n\n"
        while not run_listener.stopped.is_set():
            changed = asyncio.Event()
            with run_listener.watch_permissions(user_id, changed.set):
                permissions = await sync_to_async(read_permissions, thread_sensitive=False)()
                if permissions is None:
                    return
                with set_after(changed, permissions.seconds):
                    async for chunk in _page_events(permissions, changed):
                        yield chunk

    return event_stream(body())


async def _page_events(permissions: Permissions, changed: asyncio.Event) -> AsyncIterator[bytes]:
    managed = permissions.managed_page_ids
    pages = {channel_of(page_id, is_managed=page_id in managed): page_id for page_id in permissions.page_ids}
    with PageListener(pages) as listener:
        states = await sync_to_async(read_latest, thread_sensitive=False)(permissions.page_ids)
        last_runs = {page_id: state.run for page_id, state in states}
        yield b"" if changed.is_set() else _encode_states(states, managed)
        async for batch in listener.batches(HEARTBEAT_SECONDS, run_listener.stopped, changed):
            last_runs |= {pages[channel]: run for channel, run in batch.runs.items()}
            yield batch.encode() or b": still here\n\n"
            if batch.overflowed:
                missed = {pages[channel]: last_runs.get(pages[channel], 0) for channel in batch.overflowed}
                states = await sync_to_async(read_since, thread_sensitive=False)(missed)
                last_runs |= {page_id: state.run for page_id, state in states}
                yield _encode_states(states, managed) + _encode_changes(missed)


def _encode_states(states: Iterable[tuple[int, SyncProgress]], managed: set[int]) -> bytes:
    """Return events with these states, as (Page ID, state); only managers read why a run failed."""
    events = [
        state.as_event() if page_id in managed else state.as_viewer_event() for page_id, state in states
    ]
    return "".join(sse_encode_event("progress", json.dumps(event)) for event in events).encode()


def _encode_changes(page_ids: Iterable[int]) -> bytes:
    """Return events that say that anything of these Pages may have changed."""
    events = [sse_encode_event("changed", json.dumps(event_of(page_id, None))) for page_id in page_ids]
    return "".join(events).encode()
