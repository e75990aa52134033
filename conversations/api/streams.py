"""Answers that last: waiting for a run, watching one, watching all.

What is asked is checked by a REST framework view in a thread, which lets its connection go; what follows
is asynchronous and holds neither a thread nor a connection. `lasting` puts the two together for the URL map.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django_eventstream.utils import sse_encode_event
from rest_framework.response import Response

from conversations.api.channels import PageListener
from conversations.api.outcome import outcome_of
from conversations.api.rights import Rights, RunReader
from conversations.sync.live import Watcher, channel_of, live, read_newest, read_states
from conversations.sync.progress import SyncProgress

SILENT_SECONDS = 20  # then headers go out: clients and proxies give up on silence
BEAT_SECONDS = 15
NO_LONGER = "You no longer have the role manager on this Page. The sync goes on."
NO_WORKER = "No worker has taken it yet: is one running? It stays queued."


class Lasting(Response):
    """The answer of a view that found nothing to refuse: `lasting` goes on with `follow`."""

    def __init__(self, follow: Callable[[], Awaitable[HttpResponseBase]]):
        super().__init__()
        self.follow = follow


def lasting(view: Callable[..., HttpResponseBase]) -> Callable:
    """A view whose answer goes on: if it answers with a Lasting, that is opened, else its answer stands."""

    def checked(*args, **kwargs) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        finally:
            close_old_connections()  # none is kept for a next request

    @wraps(view)
    async def answer(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        response = await sync_to_async(checked)(request, *args, **kwargs)
        return await response.follow() if isinstance(response, Lasting) else response

    return answer


def event_stream(body: AsyncIterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


# -- one run -----------------------------------------------------------------------------------------------
async def present(run_id: int) -> SyncProgress:
    for _, state in await sync_to_async(read_states, thread_sensitive=False)([run_id]):
        return state
    return SyncProgress.removed(run_id)


@contextmanager
def watching(reader: RunReader) -> Iterator[Watcher]:
    with live.watch(reader.run_id) as watcher, live.watch_rights(reader.user_id, watcher.doubt):
        yield watcher


async def is_refused(reader: RunReader, watcher: Watcher) -> bool:
    """Whether the reader may not watch this run any more: asked only where that is in doubt."""
    if not watcher.is_doubted:
        return False
    watcher.is_doubted = False  # before it is asked: what changes meanwhile is asked again
    return not await sync_to_async(reader.may_read, thread_sensitive=False)()


async def states(reader: RunReader, beat: float) -> AsyncIterator[SyncProgress]:
    """The present state and each one after it, the last one again where nothing was said for `beat` seconds.

    Ends with the run, with this process, or where the reader may not watch it any more.
    """
    with watching(reader) as watcher:
        state = await present(reader.run_id)
        while not await is_refused(reader, watcher):
            yield state
            if state.is_end or live.stopped.is_set():
                return
            state = await watcher.take(beat) or await present(reader.run_id)


async def watch_run(reader: RunReader) -> HttpResponseBase:
    """The stream of one run, in the manner of the old client: `data: ` lines and nothing else."""

    async def body() -> AsyncIterator[bytes]:
        async for state in states(reader, BEAT_SECONDS - 1):
            yield f"data: {json.dumps(state.as_message())}\n\n".encode()

    return event_stream(body())


async def wait_for_run(reader: RunReader) -> HttpResponseBase:
    """The outcome as one answer; a status that tells, as long as it comes soon enough to have one."""
    started = time.monotonic()
    with watching(reader) as watcher:
        state = await present(reader.run_id)
        while not (refused := await is_refused(reader, watcher)):
            limit = settings.QUEUED_SECONDS if state.status == "queued" else SILENT_SECONDS
            left = started + limit - time.monotonic()
            if state.is_end or live.stopped.is_set() or left <= 0:
                break
            state = await watcher.take(left) or await present(reader.run_id)
    if refused:
        return JsonResponse({"error": NO_LONGER, "run": reader.run_id}, status=403)
    if state.is_end:
        body, code = await sync_to_async(outcome_of, thread_sensitive=False)(reader.run_id)
        return JsonResponse(body, status=code)
    if live.stopped.is_set() or state.status == "queued":
        words = {"error": NO_WORKER, "status": state.status, "run": reader.run_id}
        return JsonResponse(words, status=503)
    return StreamingHttpResponse(_late_outcome(reader), content_type="application/json")


async def _late_outcome(reader: RunReader) -> AsyncIterator[bytes]:
    """White space, which JSON does not mind, until there is an answer."""
    async for state in states(reader, BEAT_SECONDS - 1):
        if not state.is_end:
            yield b" "
    if await sync_to_async(reader.may_read, thread_sensitive=False)():
        body, _ = await sync_to_async(outcome_of, thread_sensitive=False)(reader.run_id)
    else:
        body = {"success": False, "error": NO_LONGER, "run": reader.run_id}
    yield json.dumps(body).encode()


# -- all runs ----------------------------------------------------------------------------------------------
async def watch_pages(user_id: int, rights: Callable[[], Rights | None]) -> HttpResponseBase:
    """The eventstream of the Pages that this user may see: the present state of each, then whatever is sent.

    Begins anew, within the same answer, when the user's rights change; ends where `rights()` has none.
    """

    async def body() -> AsyncIterator[bytes]:
        yield b": open\n\n"
        while not live.stopped.is_set():
            changed = asyncio.Event()
            with live.watch_rights(user_id, changed.set):
                now = await sync_to_async(rights, thread_sensitive=False)()
                if now is None:
                    return
                async for chunk in _heard(now, changed):
                    yield chunk

    return event_stream(body())


async def _heard(rights: Rights, changed: asyncio.Event) -> AsyncIterator[bytes]:
    managed = rights.managed
    channels = [channel_of(page_id, is_managed=page_id in managed) for page_id in rights.page_ids]
    with PageListener(channels) as listener:
        present_states = await sync_to_async(read_newest, thread_sensitive=False)(rights.page_ids)
        for page_id, state in [] if changed.is_set() else present_states:
            event = state.as_event() if page_id in managed else state.as_viewers_event()
            yield sse_encode_event("progress", json.dumps(event)).encode()
        async for chunk in listener.heard(BEAT_SECONDS, live.stopped, changed):
            yield chunk
