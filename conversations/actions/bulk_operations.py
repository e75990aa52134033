"""Changes more conversations than one transaction should: in slices, each with a Page's lock for a moment.

The conversations are chosen when the operation starts. Each slice is one transaction: it changes some of them
and takes them off the list of those to do. So an operation whose process ended goes on where it was, and the
result is that of one transaction at its start: what somebody else changed meanwhile stays.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import Error, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from conversations.actions.assigning import assign_conversations
from conversations.actions.reading import mark_read
from conversations.actions.snoozing import snooze
from conversations.actions.status import change_status
from conversations.actions.tagging import (
    TagChanged,
    change_tags,
    delete_tag,
    targets_with_tag,
)
from conversations.actions.targets import (
    Since,
    Targets,
    count_kinds,
    count_targets,
    events_of_operation_in,
    page_ids_of,
    targets_of_operation,
    targets_on_page,
)
from conversations.actions.undoing import undo, undo_events
from conversations.lib.locks import lock_creation_of_operations, lock_rows, operations_lock
from conversations.lib.log_ids import log_ids
from conversations.lib.notify import notify_changes, notify_conversations
from conversations.lib.request_scope import TooManyRequests
from conversations.lib.sql_files import read_statements
from conversations.lib.timeouts import TooSlow, lift_limit, time_limit
from conversations.models import BulkOperation, OperationChunk
from conversations.models.audit import Action, record
from conversations.search.sql import Sql, fetch_all, fetch_value, run
from tags.models import Tag

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
MAX_AT_ONCE = 10_000  # conversations that one transaction changes
MAX_ACTIVE = 5  # operations of one user
CHUNK = 2000  # conversations in a row of OperationChunk, and the most of one slice
FIRST_SLICE = 100
# A slice aims at less than half of what it may take. One that takes longer is repeated with fewer rows.
AIM_SECONDS, SLICE_SECONDS = 0.08, 0.15
LATE = timedelta(days=1)  # how old messages are at most that a sync brings while an operation is in progress

Kind, State = BulkOperation.Action, BulkOperation.State


class OperationEnded(Exception):
    """The operation has ended already, so nobody can cancel it."""


# -- start -------------------------------------------------------------------------------------------------
def start_tagging(
    verb: str, targets: Targets, tags: Iterable[Tag], *, actor, audited: dict | None = None
) -> BulkOperation:
    """Start to assign, remove or replace tags. `audited` are further details for the audit log."""
    return _start(Kind(verb), targets, {"tagIds": [tag.pk for tag in tags]}, actor, audited=audited)


def start_status(status: str, targets: Targets, *, actor, audited: dict | None = None) -> BulkOperation:
    """Start to set the status. `audited` are further details for the audit log."""
    return _start(Kind.STATUS, targets, {"status": status}, actor, audited=audited)


def start_assigning(
    assignee_id: int | None, targets: Targets, *, actor, audited: dict | None = None
) -> BulkOperation:
    """Start to assign conversations, to nobody for None."""
    return _start(Kind.ASSIGNEE, targets, {"userId": assignee_id}, actor, audited=audited)


def start_snooze(
    until: datetime | None, targets: Targets, *, actor, audited: dict | None = None
) -> BulkOperation:
    """Start to snooze conversations, or to end their snooze for None."""
    arguments = {"until": until and until.isoformat()}
    return _start(Kind.SNOOZE, targets, arguments, actor, audited=audited)


def start_marking(is_read: bool, targets: Targets, *, actor, audited: dict | None = None) -> BulkOperation:
    """Start to mark conversations as read or unread."""
    return _start(Kind.READ, targets, {"read": is_read}, actor, audited=audited)


def delete_tag_at_once_or_in_slices(tag: Tag, *, force: bool, actor) -> BulkOperation | None:
    """Delete a tag. If it must be removed from many conversations first, return the operation that does both.

    Raises TagInUse and TagChanged.
    """
    targets = targets_with_tag(tag)
    if force and count_targets(targets) > MAX_AT_ONCE:
        return _start(Kind.REMOVE, targets, {"tagIds": [tag.pk], "deletes": tag.name}, actor)
    delete_tag(tag, force=force, actor=actor)
    return None


@transaction.atomic
def _start(
    kind: BulkOperation.Action,
    targets: Targets,
    arguments: dict,
    actor,
    *,
    since=None,
    audited: dict | None = None,
) -> BulkOperation:
    """Choose the conversations and create the operation. A worker does the rest (bulk_tasks)."""
    lock_creation_of_operations()
    if BulkOperation.objects.active().filter(actor=actor).count() >= MAX_ACTIVE:
        message = gettext(
            "You have %(number)s bulk operations in progress already. Wait until one ends, or cancel one."
        ) % {"number": MAX_ACTIVE}
        raise TooManyRequests(message)
    operation = BulkOperation.objects.create(
        action=kind,
        arguments=arguments,
        actor=actor,
        page_ids=[],
        events_since=since or timezone.now() - LATE,
    )
    _choose(operation, targets)
    details = {"action": kind.value, "matched": operation.matched} | arguments | (audited or {})
    record(Action.BULK_STARTED, actor=actor, **(details | {"operation": operation.operation}))
    return operation


def _choose(operation: BulkOperation, targets: Targets) -> None:
    """Store the conversations that the operation is to change, beside those that it has changed."""
    operation.last_event_id = fetch_value(Sql(STATEMENTS["newest_event"]))  # before they are read
    run(Sql.compose(STATEMENTS["save_chunks"], operation=operation.pk, size=CHUNK, ids=targets.ids))
    [(pages, number)] = fetch_all(Sql.compose(STATEMENTS["sum_chunks"], operation=operation.pk))
    operation.page_ids = sorted({*operation.page_ids, *pages})
    operation.matched = operation.processed + number
    operation.save(update_fields=["page_ids", "matched", "last_event_id"])


# -- undo --------------------------------------------------------------------------------------------------
class Undone(NamedTuple):
    """An operation was undone in one transaction."""

    matched: int
    changed: int
    operation: uuid.UUID


@transaction.atomic
def pages_to_undo(operation: uuid.UUID) -> set[int]:
    """Return the Pages of the conversations that an operation has changed or still changes."""
    known = find_operation(operation)
    if known and known.is_active:
        return {*known.page_ids}
    return {*page_ids_of(_targets_to_undo(operation))}


def _targets_to_undo(operation: uuid.UUID) -> Targets:
    """Return what an operation has changed. Its Pages are those that it knows: to read them takes seconds.

    What was done can be undone, however long it takes to find it on a cold cache, so that has no limit.
    """
    lift_limit()
    known = find_operation(operation)
    return targets_of_operation(operation, page_ids=known.page_ids if known else None)


@transaction.atomic
def undo_at_once_or_in_slices(operation: uuid.UUID, *, actor) -> Undone | BulkOperation:
    """Undo what an operation has changed. One that is in progress is cancelled first."""
    active = BulkOperation.objects.active().filter(operation=operation).first()
    if active:
        with suppress(OperationEnded):  # meanwhile
            cancel_operation(active, actor=actor)
    targets = _targets_to_undo(operation)
    matched = count_targets(targets)
    if matched > MAX_AT_ONCE:
        return _start_undo(operation, targets, actor)
    changed, undo_operation = undo(operation, targets, actor=actor)
    return Undone(matched, len(changed), undo_operation)


def _start_undo(operation: uuid.UUID, targets: Targets, actor) -> BulkOperation:
    first = fetch_value(Sql.compose(STATEMENTS["first_event_time"], operation=str(operation)))
    arguments, audited = {"operation": str(operation)}, {"undo": operation}
    return _start(Kind.UNDO, targets, arguments, actor, since=first, audited=audited)


# -- progress and end --------------------------------------------------------------------------------------
def find_operation(operation: uuid.UUID) -> BulkOperation | None:
    return BulkOperation.objects.filter(operation=operation).first()


@transaction.atomic
def cancel_operation(operation: BulkOperation, *, actor) -> BulkOperation:
    """End an operation. What it has changed stays. Raises OperationEnded."""
    operation = _lock(operation.pk)
    if not operation.is_active:
        raise OperationEnded(gettext("The operation has already ended."))
    record(Action.BULK_CANCELLED, actor=actor, operation=operation.operation)
    _end(operation, State.CANCELLED)
    return operation


def _lock(operation_id: int) -> BulkOperation:
    """Read an operation, and keep others from working on it or ending it until the transaction ends."""
    lift_limit()  # of a request: a slice in progress ends soon
    return BulkOperation.objects.select_for_update().get(pk=operation_id)


def _end(operation: BulkOperation, state: str, error: str = "") -> None:
    operation.chunks.all().delete()
    operation.state, operation.error, operation.ended_at = state, error, timezone.now()
    operation.save(update_fields=["state", "error", "ended_at"])
    is_undo = operation.action == Kind.UNDO
    details = {"operation": operation.operation} | operation.arguments
    record(
        Action.BULK_UNDONE if is_undo else Action.BULK_CHANGED,
        actor=operation.actor,
        action=operation.action,
        matched=operation.matched,
        changed=operation.changed,
        state=state,
        **(details | {"act": operation.operation} if is_undo else details),
    )
    notify_changes(operation.page_ids)


# -- work --------------------------------------------------------------------------------------------------
def work(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Work on all operations until they are finished or the process must end; one process at a time."""
    with operations_lock() as lock:
        sizes: dict[int, int] = {}
        while lock.is_acquired and (ready := ready_operations()):
            for operation_id in ready:
                if is_stopped():
                    return
                sizes[operation_id] = _work_on(operation_id, sizes.get(operation_id, FIRST_SLICE))


def ready_operations() -> list[int]:
    """Return the operations that need not wait for an earlier one on the same Page."""
    ready, busy = [], set[int]()
    for pk, page_ids in BulkOperation.objects.active().order_by("pk").values_list("pk", "page_ids"):
        if busy.isdisjoint(page_ids):
            ready.append(pk)
        busy.update(page_ids)
    return ready


def _work_on(operation_id: int, size: int) -> int:
    """Do one slice of at most `size` conversations. Return the size of the next one."""
    with log_ids(operation=operation_id):
        return _work_slice_or_fail(operation_id, size)


def _work_slice_or_fail(operation_id: int, size: int) -> int:
    try:
        seconds = work_slice(operation_id, size)
    except TooSlow:
        return max(1, size // 4)
    except TagChanged:  # repeat the end
        return size
    except (OperationalError, InterfaceError):  # the database is away: the next job continues
        raise
    except Error as error:
        logger.exception("The bulk operation %s failed", operation_id)
        _fail(operation_id, type(error).__name__)
        return size
    return next_size(size, seconds)


def next_size(size: int, seconds: float) -> int:
    """Return how many conversations the next slice takes, after one of `size` that took these seconds."""
    return max(1, min(CHUNK, int(size * min(2.0, AIM_SECONDS / max(seconds, 0.001)))))


@transaction.atomic
def _fail(operation_id: int, reason: str) -> None:
    operation = _lock(operation_id)
    if operation.is_active:
        error = f"The database refused a change ({reason}); the log of the worker says more."
        _end(operation, State.FAILED, error)


def work_slice(operation_id: int, size: int) -> float:
    """Change the next conversations. Return for how many seconds that kept others from writing.

    The commit does not wait for the disk, which may take longer than the change. After a crash of the
    database the last slices are missing together with their progress, so they are done again.
    """
    started = None
    with transaction.atomic():
        run(Sql("SET LOCAL synchronous_commit = off"))
        operation = _lock(operation_id)
        chunk = operation.chunks.order_by("pk").first()
        if chunk is not None and operation.is_active:  # or it was cancelled meanwhile
            lock_rows([chunk.page_id])
            started = time.monotonic()
            _work_on_chunk(operation, chunk, size)
        elif operation.is_active:
            _complete(operation)
    return time.monotonic() - started if started else 0.0


def _complete(operation: BulkOperation) -> None:
    """End an operation that has nothing left to do. One that deletes a tag does so now."""
    if "deletes" in operation.arguments:
        for tag in Tag.objects.filter(pk__in=operation.arguments["tagIds"]):  # unless somebody else has
            if count_targets(targets_with_tag(tag)) > MAX_AT_ONCE:
                _choose(operation, targets_with_tag(tag))  # they got it meanwhile
                return
            delete_tag(tag, force=True, actor=operation.actor, operation=operation.operation)
    _end(operation, State.COMPLETE)


def _work_on_chunk(operation: BulkOperation, chunk: OperationChunk, size: int) -> None:
    ids, rest = chunk.conversation_ids[:size], chunk.conversation_ids[size:]
    with (
        time_limit(SLICE_SECONDS) if len(ids) > 1 else nullcontext()
    ):  # one has to be done, however long it takes
        changed = _change(operation, chunk.page_id, ids)
        _save_progress(operation, chunk, rest, done=len(ids), changed=len(changed))


def _save_progress(
    operation: BulkOperation, chunk: OperationChunk, rest: list[int], *, done: int, changed: int
) -> None:
    if rest:
        chunk.conversation_ids = rest
        chunk.save(update_fields=["conversation_ids"])
    else:
        chunk.delete()
    operation.processed += done
    operation.changed += changed
    operation.state = State.RUNNING
    operation.save(update_fields=["processed", "changed", "state"])


def _change(operation: BulkOperation, page_id: int, ids: list[int]) -> set[int]:
    arguments, actor = operation.arguments, operation.actor
    if operation.action == Kind.UNDO:
        undone = uuid.UUID(arguments["operation"])
        events = events_of_operation_in(undone, ids, time=operation.events_since)
        numbers = count_kinds(events)
        changed = undo_events(events, numbers, actor=actor, undo_operation=operation.operation)
        if changed:
            notify_conversations(page_id, changed)
        return changed
    targets = targets_on_page(ids, page_id)
    if operation.action == Kind.READ:
        return mark_read(arguments["read"], targets)
    since = Since(operation.last_event_id, operation.events_since, _earlier(operation))
    details: dict[str, Any] = {"actor": actor, "operation": operation.operation, "since": since}
    if operation.action == Kind.STATUS:
        return change_status(arguments["status"], targets, **details)
    if operation.action == Kind.ASSIGNEE:
        return assign_conversations(_existing_user(arguments["userId"]), targets, **details)
    if operation.action == Kind.SNOOZE:
        return _snooze(arguments["until"], targets, details)
    tags = Tag.objects.filter(pk__in=arguments["tagIds"])  # without those that were deleted meanwhile
    return change_tags(operation.action, targets, tags, **details)


def _existing_user(user_id: int | None) -> int | None:
    """Return the user, or None if this one was deleted meanwhile, as their conversations have nobody then."""
    exists = user_id is not None and get_user_model().objects.filter(pk=user_id).exists()
    return user_id if exists else None


def _snooze(until: str | None, targets: Targets, details: dict[str, Any]) -> set[int]:
    """Snooze the conversations, unless the time has passed meanwhile."""
    time = datetime.fromisoformat(until) if until else None
    return set() if time and time <= timezone.now() else snooze(time, targets, **details)


def _earlier(operation: BulkOperation) -> list[str]:
    """Return the operations before which this one did not begin: their changes are not later ones."""
    earlier = BulkOperation.objects.filter(pk__lt=operation.pk, page_ids__overlap=operation.page_ids)
    waited_for = earlier.filter(ended_at__gte=operation.created_at)
    return [str(act) for act in waited_for.values_list("operation", flat=True)]
