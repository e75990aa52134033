"""Passes the progress of runs, in whatever process they are, to those who watch in this one.

A run's row is the truth. Each state of it is notified with its id alone, inside its transaction; one
connection per web process listens, reads the row, and hands the state on: to the eventstream channel of
the Page, and to those who wait for this very run. Nobody who watches holds a connection.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django_eventstream import send_event

from conversations.changes import CHANNEL as CHANGES
from conversations.models import SyncRun
from conversations.sync.progress import CHANNEL, SyncProgress

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 1
RIGHTS = "inbox_rights"  # a trigger (migrations/0041_rights.py) names whose have changed


def channel_of(page_id: int, *, is_managed: bool) -> str:
    """The eventstream channel on which a Page's progress is sent: managers also hear why a run failed."""
    return f"page-{page_id}-managers" if is_managed else f"page-{page_id}"


class Watcher:
    """The newest state of one run that its reader has not taken yet. An end is not replaced by anything."""

    def __init__(self) -> None:
        self._state: SyncProgress | None = None
        self._arrived = asyncio.Event()
        self.is_doubted = True  # whether its reader may know: asked at first, and where rights have changed

    def put(self, state: SyncProgress) -> None:
        if self._state is None or not self._state.is_end:
            self._state = state
            self._arrived.set()

    def wake(self) -> None:
        self._arrived.set()

    def doubt(self) -> None:
        self.is_doubted = True
        self.wake()

    async def take(self, seconds: float) -> SyncProgress | None:
        """The newest state; None where none came within these seconds, or it was woken."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return None
        state, self._state = self._state, None
        self._arrived.clear()
        return state


class Live:
    """What this process knows of runs in work anywhere."""

    def __init__(self) -> None:
        self.is_listening = False
        self.stopped = asyncio.Event()  # the process ends: so do its streams
        self._watchers: dict[int, set[Watcher]] = defaultdict(set)
        self._rights: dict[int, list[Callable[[], None]]] = defaultdict(list)  # by user
        self._changed: set[int] = set()
        self._wake = asyncio.Event()

    @contextmanager
    def watch(self, run_id: int) -> Iterator[Watcher]:
        """Every later state of this run. The present one is the caller's to read, after this began."""
        watcher = Watcher()
        self._watchers[run_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[run_id].discard(watcher)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    @contextmanager
    def watch_rights(self, user_id: int, tell: Callable[[], None]) -> Iterator[None]:
        """`tell` is called as soon as this user may see or do something else than before."""
        self._rights[user_id].append(tell)
        try:
            yield
        finally:
            self._rights[user_id].remove(tell)
            if not self._rights[user_id]:
                del self._rights[user_id]

    def _tell_rights(self, user_ids: Iterable[int]) -> None:
        """At once: whatever is heard after it is judged by the new rights."""
        for user_id in user_ids:
            for tell in self._rights.get(user_id, ()):
                tell()

    def stop(self) -> None:
        self.stopped.set()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake()

    async def run(self) -> None:
        """Listens until it is cancelled; a lost connection is made again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._pass_on())

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError) as error:
                logger.warning("Progress is not heard, listening again soon: %s", error)
            self.is_listening = False
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        params = connection.get_connection_params()
        wanted = {key: params[key] for key in params if key not in ("cursor_factory", "context")}
        async with await psycopg.AsyncConnection.connect(**wanted, autocommit=True) as listener:
            await listener.execute(f"LISTEN {CHANNEL}")
            await listener.execute(f"LISTEN {RIGHTS}")
            await listener.execute(f"LISTEN {CHANGES}")
            self.is_listening = True
            self._look_at(list(self._watchers))  # what was said while nobody listened
            self._tell_rights(list(self._rights))
            async for notification in listener.notifies():
                self._hear(notification.channel, int(notification.payload))

    def _hear(self, channel: str, number: int) -> None:
        if channel == CHANGES:
            tell_of_change(number)
        elif channel == RIGHTS:
            self._tell_rights([number])
        else:
            self._look_at([number])

    def _look_at(self, run_ids: Iterable[int]) -> None:
        self._changed.update(run_ids)
        self._wake.set()

    async def _pass_on(self) -> None:
        """Reads what changed, once however often it did meanwhile: a slow reader gets the newest."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            run_ids, self._changed = self._changed, set()
            try:
                states = await sync_to_async(read_states, thread_sensitive=False)(run_ids)
            except Exception:
                logger.exception("The progress of runs %s could not be read", run_ids)
                await asyncio.sleep(RECONNECT_SECONDS)
                self._look_at(run_ids)
                continue
            for page_id, state in states:
                self._hand_out(page_id, state)

    def _hand_out(self, page_id: int, state: SyncProgress) -> None:
        for watcher in self._watchers.get(state.run, ()):
            watcher.put(state)
        send_event(channel_of(page_id, is_managed=True), "progress", state.as_event())
        send_event(channel_of(page_id, is_managed=False), "progress", state.as_viewers_event())


def tell_of_change(page_id: int) -> None:
    """Staff changed something on this Page; what, each reads for himself."""
    for is_managed in (True, False):
        send_event(channel_of(page_id, is_managed=is_managed), "changed", {"pageId": page_id})


def read_states(run_ids: Iterable[int]) -> list[tuple[int, SyncProgress]]:
    """(Page, state) of these runs, on a connection that is closed at once."""
    try:
        runs = SyncRun.objects.filter(pk__in=run_ids).briefly().select_related("page").order_by("pk")
        return [(run.page_id, SyncProgress.of(run)) for run in runs]
    finally:
        connection.close()


def read_newest(page_ids: Iterable[int]) -> list[tuple[int, SyncProgress]]:
    """(Page, state of its newest run) of these Pages, on a connection that is closed at once."""
    try:
        newest = SyncRun.objects.filter(page__in=page_ids).briefly().order_by("page", "-pk").distinct("page")
        return [(run.page_id, SyncProgress.of(run)) for run in newest.select_related("page")]
    finally:
        connection.close()


live = Live()
