"""Listens to PostgreSQL's notifications and passes progress and changes to the streams of this process.

The run's row holds the state. Each transaction that saves it sends a notification with the run's ID. Each web
process has one connection that listens. It reads the row and passes the state to the eventstream channels of
the Page and to the watchers of the run; so do changes of conversations (changes.py). Streams hold no
database connection.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Q

from conversations.lib import notify
from conversations.lib.listening import listen
from conversations.models import SyncRun
from conversations.realtime import presence
from conversations.realtime.changes import ChangeForwarder, channel_of
from conversations.sync.progress import CHANNEL, SyncProgress

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 1
MAX_MISSED_RUNS = 100  # of one stream that was too slow
PERMISSIONS = "inbox_rights"  # a trigger (models/sql/permissions.sql) sends the ID of the user


class Watcher:
    """Holds the latest state of a run until the reader takes it. A final state is never replaced."""

    def __init__(self) -> None:
        self._state: SyncProgress | None = None
        self._has_news = asyncio.Event()
        # Whether the reader's permissions must be checked: at first, and after each change of them.
        self.needs_recheck = True
        self._timer: asyncio.TimerHandle | None = None

    def put(self, state: SyncProgress) -> None:
        if self._state is None or not self._state.is_end:
            self._state = state
            self._has_news.set()

    def wake(self) -> None:
        self._has_news.set()

    def recheck_permissions(self) -> None:
        self.needs_recheck = True
        self.wake()

    def recheck_after(self, seconds: float | None) -> None:
        """Have the permissions checked after this time, None: not by time. Replaces an earlier call."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds, self.recheck_permissions)

    async def take(self, seconds: float) -> SyncProgress | None:
        """Return the latest state; None after this many seconds, or after `wake()`."""
        try:
            async with asyncio.timeout(seconds):
                await self._has_news.wait()
        except TimeoutError:
            return None
        state, self._state = self._state, None
        self._has_news.clear()
        return state


class RunListener:
    """Passes states of runs, changes of Pages and of permissions, and presence to this process's streams."""

    def __init__(self) -> None:
        self.is_listening = False
        self.stopped = asyncio.Event()  # the process shuts down: streams must end
        self._watchers: dict[int, set[Watcher]] = defaultdict(set)
        self._permission_callbacks: dict[int, list[Callable[[], None]]] = defaultdict(list)  # by user
        self._changed_runs: set[int] = set()
        self._has_changes = asyncio.Event()
        self._changes = ChangeForwarder()
        self._has_listened = False

    @contextmanager
    def watch(self, run_id: int) -> Iterator[Watcher]:
        """Yield a watcher of all later states of the run. Read the present state inside of the context."""
        watcher = Watcher()
        self._watchers[run_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[run_id].discard(watcher)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    @contextmanager
    def watch_permissions(self, user_id: int, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` as soon as the permissions of this user have changed."""
        self._permission_callbacks[user_id].append(callback)
        try:
            yield
        finally:
            self._permission_callbacks[user_id].remove(callback)
            if not self._permission_callbacks[user_id]:
                del self._permission_callbacks[user_id]

    def _notify_permissions(self, user_ids: Iterable[int]) -> None:
        """Call the callbacks at once: later notifications are checked against the new permissions."""
        for user_id in user_ids:
            for callback in self._permission_callbacks.get(user_id, ()):
                callback()

    def stop(self) -> None:
        """Tell all streams that the process shuts down."""
        self.stopped.set()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake()

    async def run(self) -> None:
        """Listen until the task is cancelled. A lost connection is opened again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._forward())
            tasks.create_task(self._changes.run())
            tasks.create_task(presence.presence.run())

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError) as error:
                logger.warning("The connection that listens for progress was lost; reconnecting: %s", error)
            self.is_listening = False
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        channels = CHANNEL, PERMISSIONS, notify.CHANNEL, presence.CHANNEL
        async with listen(*channels) as listener:
            self.is_listening = True
            self._queue_states(list(self._watchers))  # notifications may have been missed
            if self._has_listened:
                self._changes.add_everything()
            self._has_listened = True
            self._notify_permissions(list(self._permission_callbacks))
            async for notification in listener.notifies():
                self._on_notification(notification.channel, notification.payload)

    def _on_notification(self, channel: str, payload: str) -> None:
        if channel == notify.CHANNEL:
            self._changes.add(*notify.parse(payload))
        elif channel == PERMISSIONS:
            self._notify_permissions([int(payload)])
        elif channel == presence.CHANNEL:
            presence.presence.handle(payload)
        else:
            self._queue_states([int(payload)])

    def _queue_states(self, run_ids: Iterable[int]) -> None:
        self._changed_runs.update(run_ids)
        self._has_changes.set()

    async def _forward(self) -> None:
        """Read the runs that have changed, once for several changes, and dispatch their latest states."""
        while True:
            await self._has_changes.wait()
            self._has_changes.clear()
            run_ids, self._changed_runs = self._changed_runs, set()
            try:
                states = await sync_to_async(read_states, thread_sensitive=False)(run_ids)
            except Exception:
                logger.exception("The progress of runs %s could not be read", run_ids)
                await asyncio.sleep(RECONNECT_SECONDS)
                self._queue_states(run_ids)
                continue
            for page_id, state in states:
                self._dispatch(page_id, state)

    def _dispatch(self, page_id: int, state: SyncProgress) -> None:
        for watcher in self._watchers.get(state.run, ()):
            watcher.put(state)
        from django_eventstream import send_event  # loads JWT and X.509, which a start does not wait for

        send_event(channel_of(page_id, is_managed=True), "progress", state.as_event())
        send_event(channel_of(page_id, is_managed=False), "progress", state.as_viewer_event())


def read_states(run_ids: Iterable[int]) -> list[tuple[int, SyncProgress]]:
    """Return (Page ID, state) of these runs. The database connection is closed afterwards."""
    try:
        runs = SyncRun.objects.filter(pk__in=run_ids).without_details().select_related("page").order_by("pk")
        return [(run.page_id, SyncProgress.from_run(run)) for run in runs]
    finally:
        connection.close()


def read_latest(page_ids: Iterable[int]) -> list[tuple[int, SyncProgress]]:
    """Return (Page ID, state of its latest run) of these Pages. The connection is closed afterwards."""
    try:
        newest = (
            SyncRun.objects.filter(page__in=page_ids)
            .without_details()
            .order_by("page", "-pk")
            .distinct("page")
        )
        return [(run.page_id, SyncProgress.from_run(run)) for run in newest.select_related("page")]
    finally:
        connection.close()


def read_since(run_ids: dict[int, int]) -> list[tuple[int, SyncProgress]]:
    """Return (Page ID, state) of each Page's runs from this ID on, oldest first; at most MAX_MISSED_RUNS.

    The connection is closed afterwards.
    """
    try:
        is_missed = reduce(or_, (Q(page=page_id, pk__gte=run_id) for page_id, run_id in run_ids.items()))
        runs = SyncRun.objects.filter(is_missed).without_details().select_related("page").order_by("-pk")
        return [(run.page_id, SyncProgress.from_run(run)) for run in reversed(runs[:MAX_MISSED_RUNS])]
    finally:
        connection.close()


run_listener = RunListener()
