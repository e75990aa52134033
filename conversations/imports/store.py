"""Stores the threads of an archive: `import_threads()`. docs/importing.md tells how they are matched.

Everything is stored in batches, each a transaction of its own that knows what was imported before. So an
import that was stopped is repeated, and goes on where it was.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils.translation import gettext

from conversations.imports import archive_files, staged_rows
from conversations.imports.archives.threads import ArchiveMessage, ArchiveOverview, ArchiveThread
from conversations.imports.erased_people import ErasedPeople
from conversations.imports.own_conversations import Pair, give_own, show_newest
from conversations.lib.days import kept_from
from conversations.lib.locks import SyncLock, lock_rows, sync_lock
from conversations.lib.log_ids import log_ids
from conversations.lib.notify import notify_changes
from conversations.lib.text import clean
from conversations.models import ImportedThread, Page
from conversations.models.audit import Action, record
from conversations.sync.load.imported.matching import Decision, decide, save_suggestions
from conversations.sync.load.imported.months import count_months
from conversations.sync.load.imported.pairing import pair_messages
from conversations.sync.load.imported.settling import attach_decided, update_histories
from conversations.sync.load.imported.staging import analyze_messages, clear_messages, stage_texts, staging

MESSAGES, THREADS = 20_000, 1000  # of one batch; a longer thread is one of its own
WAIT_SECONDS, PAUSE_SECONDS = 60.0, 0.5  # for a sync of the Page to end
GROUP, ERASED, NO_TIME, TOO_OLD = "group", "person_deleted", "no_time", "too_old"  # why it is skipped
State = ImportedThread.State


class ImportRefused(Exception):
    """The import cannot begin, or go on. The text tells the user why."""


class Archive(Protocol):
    """What is read. See conversations.imports.archives."""

    overview: ArchiveOverview

    def threads(self, business_names: Collection[str]) -> Iterator[ArchiveThread]: ...
    def open_media(self, key: str) -> archive_files.Stream: ...


@dataclass
class ImportResult:
    """What became of an archive: its threads by what their conversation is, and its messages.

    `known` were imported before, `adopted` are messages that Facebook shows, too, and that are stored.
    """

    threads: Counter[str] = field(default_factory=Counter)
    added: int = 0
    known: int = 0
    adopted: int = 0
    files: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return {
            "conversations": {
                "matched": self.threads[State.MATCHED],
                "suggested": self.threads[State.SUGGESTED],
                "new": self.threads[State.OWN],
            },
            "messages": {
                "added": self.added,
                "known": self.known,
                "adopted": self.adopted,
                "skipped": dict(self.skipped),
            },
        }


@log_ids(importing="archive")
def import_threads(
    page: Page,
    archive: Archive,
    names: Collection[str],
    *,
    dry_run: bool,
    progress: Callable[[int, int], object],
    actor: Any = None,
) -> ImportResult:
    """Store all threads of the archive. `names` are those of the business in it.

    `dry_run`: store nothing, and return what would be stored. `progress` is called after each batch with the
    number of threads that are done, and of all. Raises ImportRefused. No sync of the Page runs meanwhile.
    """
    with sync_lock(page.pk) as lock:
        _wait_for(lock, page)
        page.refresh_from_db()
        with staging():
            stage_texts(page.pk)
            result = _Import(page, archive, dry_run=dry_run).run(names, lock, progress)
    if not dry_run:
        _count(page)
        record(Action.ARCHIVE_IMPORTED, actor=actor, target=page, **result.as_json())
    return result


@transaction.atomic
def _count(page: Page) -> None:
    lock_rows([page.pk])  # somebody may be deleted meanwhile
    count_months(page)


def _wait_for(lock: SyncLock, page: Page) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not lock.is_acquired and not lock.acquire():
        if time.monotonic() > deadline:
            message = gettext("%(page)s is being synced. Import the archive when that has ended.")
            raise ImportRefused(message % {"page": page})
        time.sleep(PAUSE_SECONDS)


class _Import:
    def __init__(self, page: Page, archive: Archive, *, dry_run: bool):
        self._page, self._archive, self._dry_run = page, archive, dry_run
        self._erased = ErasedPeople(page)
        self._done = 0
        self.result = ImportResult()

    def run(
        self, names: Collection[str], lock: SyncLock, progress: Callable[[int, int], object]
    ) -> ImportResult:
        for batch in _batches(self._archive.threads(names)):
            if not lock.ensure_acquired():
                raise ImportRefused(gettext("Another process syncs the Page now. Repeat the import later."))
            pairs = self._save(batch)
            if not self._dry_run:
                self.result.files += archive_files.keep_files(self._page, self._archive, pairs)
            self._done += len(batch)
            progress(self._done, max(self._done, self._archive.overview.threads))
        return self.result

    @transaction.atomic
    def _save(self, batch: list[ArchiveThread]) -> list[Pair]:
        """Store a batch. Return its threads."""
        self._erased.lock_and_load()
        if not self._page.has_imports:
            Page.objects.filter(pk=self._page.pk).update(has_imports=True)
            self._page.has_imports = not self._dry_run
        pairs = self._rows([thread for thread in batch if self._is_wanted(thread)])
        fresh = [pair for pair in pairs if pair.row.digest != pair.digest]
        self.result.known += sum(len(pair.keys) for pair in pairs if pair.row.digest == pair.digest)
        if fresh:
            self._store(fresh)
        rows = ImportedThread.objects.filter(pk__in=[pair.row.pk for pair in pairs])
        self.result.threads.update(rows.values_list("state", flat=True))
        notify_changes([self._page.pk])
        if self._dry_run:
            transaction.set_rollback(True)
        return pairs

    def _is_wanted(self, thread: ArchiveThread) -> bool:
        """Whether any message of the thread is stored. Others are removed, and counted."""
        self._keep(thread, staged_rows.has_time, NO_TIME)
        if thread.is_group:
            self._keep(thread, _none, GROUP)
        elif self._erased.has(thread):
            self._keep(thread, _none, ERASED)
        if since := kept_from():
            self._keep(thread, lambda message: staged_rows.time_of(message) >= since, TOO_OLD)
        return bool(thread.messages)

    def _keep(self, thread: ArchiveThread, is_wanted: Callable[[ArchiveMessage], bool], reason: str) -> None:
        """Leave these messages in the thread, and count the others."""
        kept = [message for message in thread.messages if is_wanted(message)]
        if number := len(thread.messages) - len(kept):
            self.result.skipped[reason] += number
        thread.messages[:] = kept

    def _rows(self, threads: list[ArchiveThread]) -> list[Pair]:
        """Return the threads with their rows, which are created if they do not exist."""
        by_id: dict[str, ArchiveThread] = {}
        for thread in threads:
            key = clean(thread.thread_id)
            by_id[key] = merged(by_id[key], thread) if key in by_id else thread
        stored = set(self._stored(by_id).values_list("thread_id", flat=True))
        new = [self._row(key, thread) for key, thread in by_id.items() if key not in stored]
        ImportedThread.objects.bulk_create(new, batch_size=1000)
        rows = {row.thread_id: row for row in self._stored(by_id)}
        return [pair_of(rows[key], thread) for key, thread in by_id.items()]

    def _stored(self, thread_ids: Iterable[str]):
        return self._page.imported_threads.filter(thread_id__in=list(thread_ids))

    def _row(self, thread_id: str, thread: ArchiveThread) -> ImportedThread:
        return ImportedThread(
            page=self._page,
            thread_id=thread_id,
            platform=thread.platform,
            customer_name=clean(thread.customer_name),
        )

    def _store(self, pairs: list[Pair]) -> None:
        """Store threads of which something is new. Their conversations are decided first."""
        clear_messages()
        staged_rows.stage((pair.row.pk, zip(pair.keys, pair.thread.messages, strict=True)) for pair in pairs)
        analyze_messages()
        decisions = decide()
        empty = self._give_conversations(pairs, decisions)
        for pair in pairs:
            _describe(pair)
        staged_rows.save_threads(pair.row for pair in pairs)
        for group in _by_conversation(pairs):
            pair_messages([pair.row.pk for pair in group if pair.row.pk not in empty])
            staged_rows.insert([pair.row.pk for pair in group])
        counts = staged_rows.count()
        self.result.known += counts.known
        self.result.adopted += counts.stored
        self.result.added += counts.new
        show_newest(pairs)
        save_suggestions(decisions)
        attach_decided(self._page, decisions)
        update_histories({pair.row.conversation_id for pair in pairs if pair.row.conversation_id})

    def _give_conversations(self, pairs: list[Pair], decisions: dict[int, Decision]) -> set[int]:
        """Give new threads their conversation: the one that is proved, or one of their own.

        Return the latter: the threads whose conversation has no message yet. The caller saves the rows.
        """
        new = [pair for pair in pairs if pair.row.conversation_id is None]
        for row, *_ in new:
            if row.pk in decisions and decisions[row.pk].conversation:
                row.conversation_id, row.state = decisions[row.pk].conversation, State.MATCHED
        others = [pair for pair in new if pair.row.conversation_id is None]
        give_own(self._page, others)
        return {pair.row.pk for pair in others}


def _none(message: ArchiveMessage) -> bool:
    return False


def pair_of(row: ImportedThread, thread: ArchiveThread) -> Pair:
    """Return both with a digest of all messages: a thread with the same one was imported as a whole."""
    keys = [message.import_key for message in thread.messages]
    digest = hashlib.blake2b("".join(keys).encode(), digest_size=16)
    return Pair(row, thread, keys, digest.hexdigest())


def merged(one: ArchiveThread, other: ArchiveThread) -> ArchiveThread:
    """Return the messages of two threads with the same ID: its folder has got another name."""
    messages = {message.import_key: message for message in (*one.messages, *other.messages)}
    ordered = sorted(messages.values(), key=lambda message: message.time_ms)
    return replace(other, messages=ordered, gaps=(*one.gaps, *other.gaps))


def _describe(pair: Pair) -> None:
    """Note in the row what the archive has of the thread."""
    row, thread = pair.row, pair.thread
    times = [staged_rows.time_of(thread.messages[at]) for at in (0, -1)]
    row.first_at, row.last_at = _extended(row, times)
    row.message_count = max(row.message_count, len(thread.messages))
    row.has_gaps, row.digest = bool(thread.gaps), pair.digest
    row.customer_name = clean(thread.customer_name) or row.customer_name


def _extended(row: ImportedThread, times: list[datetime]) -> tuple[datetime, datetime]:
    known = [time for time in (row.first_at, row.last_at) if time]
    return min([*known, *times]), max([*known, *times])


def _by_conversation(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Return groups that have each conversation once: a second thread finds what the first has stored."""
    groups: list[list[Pair]] = []
    counts: Counter[int] = Counter()
    for pair in pairs:
        owner = pair.row.conversation_id or 0
        if counts[owner] == len(groups):
            groups.append([])
        groups[counts[owner]].append(pair)
        counts[owner] += 1
    return groups


def _batches(threads: Iterable[ArchiveThread]) -> Iterator[list[ArchiveThread]]:
    batch: list[ArchiveThread] = []
    size = 0
    for thread in threads:
        if batch and (size + len(thread.messages) > MESSAGES or len(batch) >= THREADS):
            yield batch
            batch, size = [], 0
        batch.append(thread)
        size += len(thread.messages)
    if batch:
        yield batch
