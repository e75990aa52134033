"""One run over one Page: what is asked of Facebook in which order, and what becomes of the answers.

First what earlier runs owe, then the list of each platform, newest first, and with a full run the other
folders. The list moves while it is read: a thread that is written to jumps to the top, past a walk that is
further down. Therefore the head is read again after each walk of more than one call, down to where the walk
began. A platform's watermark is the time at the top of the last such reading.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    AccessTokenError,
    CursorError,
    GraphError,
    RateLimitError,
    Recovery,
    RefusedRequestError,
    TransientError,
)
from conversations.graph.records import Conversation, ConversationBatch, MessageBatch
from conversations.models import Page, SyncRun, Thread
from conversations.sync import runs
from conversations.sync.fetch import ANSWERS, Call, Fetcher, Item, Note, Pause
from conversations.sync.histories import SILENCE, DebtCall, Debts, Histories, HistoryCall, Reading
from conversations.sync.lists import ListCall, ListWalk
from conversations.sync.place import Place
from conversations.sync.store import Store, has_window

logger = logging.getLogger(__name__)

FOLDERS = ("page_done", "other", "pending", "spam")  # beside the inbox; not documented any more
HEAD_READINGS = 5  # after that what still moves is newer than the watermark: the next run reads it
TOGETHER = ANSWERS  # answers of one list are stored in one transaction, where so many wait
DEBTS = 200  # owed threads that are held at once
LOOK_SECONDS = 0.2  # at whether the run is to stop


@dataclass(eq=False)
class ListOf:
    """One list and where its walk is. `moved`: its head is to be read again."""

    platform: str
    folder: str | None
    place: Place
    walk: ListWalk
    head: ListWalk | None = None  # reads the head again, once the walk is over
    is_head: bool = False  # the head is being read, once more
    calls: int = 0
    changes: int = 0
    newest: datetime | None = None  # at the top, when this reading began
    moved: bool = False

    @property
    def key(self) -> str:
        return f"{self.platform}/{self.folder or 'inbox'}"


class PageWalk:
    """Reads all that Facebook shows of a Page.

    `heads`: by platform, up to when everything is accounted for. `failures`: by platform, why it could not
    be read to its end; the others go on. `look()` is called now and then while nothing comes.
    """

    def __init__(
        self,
        page: Page,
        run: SyncRun,
        clients: dict[str, GraphClient],
        fetcher: Fetcher,
        store: Store,
        look: Callable[[], None],
    ):
        self._page, self._run, self._fetcher, self._store, self._look = page, run, fetcher, store, look
        self._platforms = list(clients)
        self._is_floor_known = runs.follows_whole(run)
        self.heads: dict[str, datetime] = {}
        self.failures: dict[str, GraphError] = {}
        self._lists: dict[str, ListOf] = {}
        self._debts = {platform: Debts() for platform in clients}
        self._histories = {platform: Histories() for platform in clients}
        self._last_debt = dict.fromkeys(clients, 0)
        self._inbox_ids: dict[str, set[str]] = {}
        self._held: list[ListCall] = []  # of folders, until the inbox shows whether they are any
        for platform, client in clients.items():
            fetcher.start(platform, client)
            fetcher.add(platform, self._debts[platform])
            fetcher.add(platform, self._histories[platform])

    def walk(self) -> None:
        """Everything down to the watermarks (a full run: to the end). Raises what stops the whole Page."""
        for platform in self._platforms:
            self._add_debts(platform)
        inboxes: list[tuple[str, str | None]] = [(platform, None) for platform in self._platforms]
        if self._run.resume:
            self._read(inboxes)
            self._read(self._folders())
        else:  # side by side: while nothing of the inbox is known, there is nothing else to ask
            self._read([*inboxes, *self._folders()])
        self._store.count_owed(self._unasked())

    # -- the lists -----------------------------------------------------------------------------------------
    def _read(self, names: list[tuple[str, str | None]]) -> None:
        lists = [self._begin(platform, folder) for platform, folder in names]
        self._drain()
        for current in lists:
            self._end_walk(current)
        for _ in range(HEAD_READINGS):
            restless = [current for current in lists if self._is_restless(current)]
            if not restless:
                break
            for current in restless:
                self._begin_head(current)
            self._drain()
            for current in restless:
                self._end_head(current)
        for current in lists:
            if current.folder is None and current.place.head and current.platform not in self.failures:
                self.heads[current.platform] = current.place.head

    def _begin(self, platform: str, folder: str | None) -> ListOf:
        place = Place.from_json(self._run.resume.get(f"{platform}/{folder or 'inbox'}", {}))
        if place.head is None:  # the list was empty: what came since is found only from its top
            place = Place()
        windows = self._learnt(platform).get("windows")
        walk = ListWalk(
            self._page.facebook_page_id,
            folder=folder,
            floor=self._floor(platform, folder),
            place=place,
            windows=bool(windows) if folder else windows,  # one call is enough to find out
            on_trial=bool(folder) and place.head is None,
            is_floor_known=self._is_floor_known,
            shape=lambda batch: self._store.shape(batch, platform),
            note=lambda words: self._fetcher.put(Note(words)),
        )
        current = ListOf(platform, folder, place, walk, moved=bool(place.head))
        self._lists[current.key] = current
        if not place.walked:
            self._fetcher.add(platform, walk)
        return current

    def _floor(self, platform: str, folder: str | None) -> int | None:
        watermark = self._page.watermark(platform)
        if folder or watermark is None or self._run.mode == SyncRun.Mode.FULL:
            return None
        return int(watermark.timestamp())

    def _folders(self) -> list[tuple[str, str | None]]:
        """Those beyond the inbox that Facebook may show; full runs alone, others have few calls to make."""
        if self._run.mode != SyncRun.Mode.FULL:
            return []
        return [
            (platform, folder)
            for platform in self._platforms
            if platform not in self.failures
            for folder in FOLDERS
            if self._learnt(platform).get("folders", {}).get(folder, "ok") == "ok"
        ]

    def _end_walk(self, current: ListOf) -> None:
        if current.is_head:  # the walk was over sooner than those of other lists
            self._end_head(current)
        else:
            current.moved = current.moved or current.calls > 1
            current.place.walked = current.platform not in self.failures

    def _is_restless(self, current: ListOf) -> bool:
        return current.moved and current.place.head is not None and current.platform not in self.failures

    def _begin_head(self, current: ListOf, *, follows: ListWalk | None = None) -> None:
        assert current.place.head is not None  # noqa: S101 - it is restless
        is_read = current.is_head  # once before in this run, to its end
        second = int(current.place.head.timestamp())
        current.head = ListWalk(
            self._page.facebook_page_id,
            folder=current.folder,
            floor=second,
            since=second if self._has_bounds(current) else None,
            is_floor_known=is_read or self._is_floor_known,
            follows=follows,
            shape=lambda batch: self._store.shape(batch, current.platform),
            note=lambda words: self._fetcher.put(Note(words)),
        )
        self._fetcher.add(current.platform, current.head)

    def _has_bounds(self, current: ListOf) -> bool:
        is_shown = current.folder or current.platform in self._inbox_ids  # else folders need its whole top
        return bool(is_shown and self._learnt(current.platform).get("windows"))

    def _announce_head(self, current: ListOf) -> None:
        """It is asked for as soon as the walk is over, while the writer still has answers to store."""
        if current.is_head or current.head is not None:
            return
        current.moved = current.moved or current.calls > 1
        if self._is_restless(current):
            self._begin_head(current, follows=current.walk)

    def _turn_to_head(self, current: ListOf, head: ListWalk) -> None:
        """Its first answer has come: all of the walk before it is stored."""
        current.place.walked = True
        current.walk, current.head, current.is_head = head, None, True
        current.calls, current.newest, current.changes = 0, None, self._store.changes

    def _end_head(self, current: ListOf) -> None:
        current.moved = current.calls > 1 and self._store.changes > current.changes
        if current.platform not in self.failures:  # else it may have broken off
            current.place.head = max(filter(None, [current.place.head, current.newest]), default=None)

    # -- the answers ---------------------------------------------------------------------------------------
    def _drain(self) -> None:
        """Deals with answers until nothing is left to ask."""
        is_asked = True
        while is_asked:
            try:
                item = self._fetcher.next(LOOK_SECONDS)
            except TimeoutError:
                self._look()
            else:
                is_asked = self._take(item)

    def _take(self, item: Item | None) -> bool:
        """Whether there is, or may be, more to come."""
        match item:
            case Pause():
                self._pause(item)
            case Note():
                self._note(item.words)
            case ListCall():
                self._take_list(item)
            case HistoryCall():
                self._take_history(item)
            case DebtCall():
                self._take_debt(item)
        more = [item] if item else [self._add_debts(platform) for platform in self._platforms]
        return any(more)

    def _pause(self, pause: Pause) -> None:
        is_throttled = isinstance(pause.error, RateLimitError)
        status = SyncRun.Status.WAITING if is_throttled else SyncRun.Status.RETRYING
        logger.info("[page %s] %s Asking again in %.0f s.", self._page.pk, pause.error, pause.seconds)
        self._store.pause(status, str(pause.error), pause.seconds)

    def _note(self, words: str) -> None:
        logger.warning("[page %s] %s", self._page.pk, words)
        if words not in self._run.notes:
            self._run.notes.append(words)

    def _take_list(self, call: ListCall) -> None:
        current = self._list_of(call)
        if current is None:
            return
        if call.window is None:
            if not call.error or isinstance(call.error, RefusedRequestError):
                self._learnt(current.platform)["windows"] = current.walk.windows
        elif self._is_too_early(current, call):
            return
        elif isinstance(call.value, ConversationBatch):
            self._take_batch(current, call, call.value)
        if current.walk.is_distrusted:
            self._learnt(current.platform)["windows"] = False
        if call.ends_walk:
            self._fail_list(current, call.ends_walk)

    def _list_of(self, call: ListCall) -> ListOf | None:
        for current in self._lists.values():
            if current.head is not None and current.head is call.source:
                self._turn_to_head(current, current.head)
            if current.walk is call.source:
                return current
        return None

    def _take_batch(self, current: ListOf, call: ListCall, batch: ConversationBatch) -> None:
        if call.is_top:
            current.newest = _newest(batch)
            if self._is_inbox_again(current, batch):
                current.calls += 1
                return
        changes = self._store.changes
        self._store_list(current, [(call, batch), *self._more_of(call)])
        self._announce_head(current)
        if call.awaits:
            self._fetcher.tell(lambda: current.walk.settle(changed=self._store.changes > changes))

    def _more_of(self, call: ListCall) -> Iterator[tuple[ListCall, ConversationBatch]]:
        """What waits behind it of the same list: a writer who is behind needs fewer transactions."""
        for _ in range(TOGETHER - 1):
            more = self._fetcher.next_call_if(lambda item: _goes_with(item, call))
            if not isinstance(more, ListCall):
                return
            yield more, more.value

    def _store_list(self, current: ListOf, answers: list[tuple[ListCall, ConversationBatch]]) -> None:
        current.calls += len(answers)
        if not current.is_head:
            for call, batch in answers:
                self._move(current, call, batch)
        readings = self._store.save_threads(
            [record for _, batch in answers for record in batch.conversations],
            current.platform,
            [row for call, _ in answers for row in call.rows],
        )
        histories = self._histories[current.platform]
        self._fetcher.tell(lambda: histories.add(readings))

    def _move(self, current: ListOf, call: ListCall, batch: ConversationBatch) -> None:
        """The run's row learns with this batch from where a further run goes on."""
        if call.is_top:
            current.place = Place(current.newest)
        place = current.place
        if call.begins_windows is not None:
            place.after, place.spans = None, [(None, call.begins_windows)]
        if call.covers:
            place.cover(call.covers)
            place.walked = not place.spans
        elif call.by_cursor:
            place.after, place.walked = batch.after, call.ends
        self._run.resume = {found.key: found.place.as_json() for found in self._lists.values()}
        if batch.nameless:
            self._store.skip(batch.nameless, f"{batch.nameless} things that Facebook listed had no id.")

    def _is_inbox_again(self, current: ListOf, batch: ConversationBatch) -> bool:
        """Whether Facebook ignores the folder that was asked for and shows the inbox instead."""
        ids = {record.id for record in batch.conversations}
        if current.folder is None:
            self._inbox_ids.setdefault(current.platform, set()).update(ids)
            self._take_held()
            return False
        is_ignored = len(ids & self._inbox_ids.get(current.platform, set())) * 2 > len(ids)
        self._remember_folder(current, "ignored" if is_ignored else "ok")
        if is_ignored:
            self._fetcher.tell(current.walk.leave)
        elif not current.is_head:
            self._fetcher.tell(current.walk.go_on)
        return is_ignored

    def _is_too_early(self, current: ListOf, call: ListCall) -> bool:
        """Whether this must wait: a folder may be the inbox once more, and what is that is not known yet."""
        is_early = bool(current.folder) and current.platform not in self._inbox_ids | self.failures
        if is_early:
            self._held.append(call)
        return is_early

    def _take_held(self) -> None:
        held, self._held = self._held, []
        for call in held:
            self._take_list(call)

    def _fail_list(self, current: ListOf, error: GraphError) -> None:
        if not isinstance(error, GraphError):
            raise error
        if current.folder and _is_refusal(error):
            self._remember_folder(current, "refused")
        else:
            self._fail(current.platform, error)

    def _fail(self, platform: str, error: GraphError) -> None:
        """This platform cannot be read on now; whether the others can depends on why."""
        if isinstance(error, AccessTokenError) and not _is_permission(error):
            raise error
        self.failures.setdefault(platform, error)
        self._fetcher.drop(platform)

    def _remember_folder(self, current: ListOf, state: str) -> None:
        self._learnt(current.platform).setdefault("folders", {})[current.folder] = state

    def _learnt(self, platform: str) -> dict[str, Any]:
        return self._page.learnt.setdefault(platform, {})

    # -- single threads ------------------------------------------------------------------------------------
    def _add_debts(self, platform: str) -> bool:
        """The next of the threads that earlier runs could not read; whether there were any."""
        debts, histories = self._debts[platform], self._histories[platform]
        if platform in self.failures or debts.unanswered >= SILENCE:
            return False
        owed = self._page.threads.filter(
            platform=platform, state=Thread.State.OWED, pk__gt=self._last_debt[platform]
        )
        found = owed.select_related("conversation").order_by("pk")[:DEBTS]
        threads = self._store.read(lambda: list(found.all()))
        if not threads:
            return False
        self._last_debt[platform] = threads[-1].pk
        unseen = [thread for thread in threads if not self._store.tally.has(thread.pk)]
        begun = [thread for thread in unseen if thread.reading and thread.conversation]
        others = [thread for thread in unseen if not (thread.reading and thread.conversation)]
        readings = [Reading.of(thread) for thread in begun]
        self._store.follow(readings)
        self._fetcher.tell(lambda: histories.add(readings))
        self._fetcher.tell(lambda: debts.waiting.extend(others))
        return True

    def _take_debt(self, call: DebtCall) -> None:
        assert call.thread is not None  # noqa: S101 - take() gave it
        if isinstance(call.value, Conversation):
            platform = call.thread.platform
            readings = self._store.save_threads([call.value], platform)
            self._fetcher.tell(lambda: self._histories[platform].add(readings))
        else:
            error = self._troubled(call)
            if error.stops:
                self._fail(call.thread.platform, error)
            else:
                self._store.give_up(call.thread, error)

    def _take_history(self, call: HistoryCall) -> None:
        reading = call.reading
        assert reading is not None  # noqa: S101 - take() gave it
        if isinstance(call.value, MessageBatch):
            self._store.save_history(reading, call.value, after=call.after, is_last=call.is_last)
        elif call.is_last:
            error = self._troubled(call)
            if error.stops:
                self._fail(reading.thread.platform, error)
            elif call.after and has_window(reading) and error.recovery is Recovery.SKIP_MESSAGE:
                self._store.save_history(reading, MessageBatch(), after=call.after, is_last=True, is_cut=True)
            else:
                self._store.leave(reading, error)

    def _troubled(self, call: Call) -> GraphError:
        if not isinstance(call.error, GraphError):
            raise call.error or TypeError(f"Graph's answer is a {type(call.value).__name__}.")
        return call.error

    def _unasked(self) -> list[int]:
        owed = self._page.threads.filter(state=Thread.State.OWED).values_list("pk", flat=True)
        return [pk for pk in self._store.read(lambda: list(owed.all())) if not self._store.tally.has(pk)]


def _goes_with(item: Call, call: ListCall) -> bool:
    """Whether it is to be stored and nothing more: another answer of the same list, no first or last one."""
    return (
        isinstance(item, ListCall)
        and item.source is call.source
        and item.window is not None
        and isinstance(item.value, ConversationBatch)
        and not any(each.is_top or each.awaits or each.ends_walk for each in (call, item))
    )


def _is_permission(error: GraphError) -> bool:
    """Whether a permission is missing, which another platform may have."""
    return error.code in (3, 10, *range(200, 300))


def _is_refusal(error: GraphError) -> bool:
    """Whether Facebook does not show this folder, now or later."""
    return not isinstance(error, TransientError | RateLimitError | CursorError)


def _newest(batch: ConversationBatch) -> datetime | None:
    """The newest time that may be a watermark: one in the future would hide what is written until then."""
    now = timezone.now()
    times = (record.updated_time for record in batch.conversations if record.updated_time)
    return max((time for time in times if time <= now), default=None)
