"""Chooses the threads that are read as a whole because Facebook counts more messages than it has shown."""

import math
from collections.abc import Collection

from conversations.models import Thread
from conversations.sync.load.batch_loader import ThreadResult
from conversations.sync.load.reconcile import HISTORY_PENDING
from conversations.sync.load.transform import Extent

MESSAGES_PER_CALL = 100
# An incremental run with k changed threads makes at most k/100 + 2 calls for each platform.
THREADS_PER_CALL = 100
SPARE_CALLS = 2


def choose_audits(outcomes: Collection[ThreadResult], *, is_full: bool, has_spare_calls: bool) -> None:
    """Clear `needs_audit` of the threads that this run does not read as a whole.

    A full run reads all of them. An incremental run that needed one call for its list (`has_spare_calls`)
    reads capped ones, as many as its number of calls allows. A thread that was never read to its end becomes
    pending, so that the next run reads it if this one is killed.
    """
    calls_left = math.inf if is_full else _spare_calls(outcomes) if has_spare_calls else 0
    pending = []
    for outcome in outcomes:
        if outcome.needs_audit:
            calls = max(math.ceil(outcome.thread.message_count / MESSAGES_PER_CALL), 1)
            is_due = is_full or outcome.shown.extent is Extent.CAPPED
            outcome.needs_audit = is_due and calls <= calls_left
            calls_left -= calls * outcome.needs_audit
            if outcome.needs_audit and outcome.thread.history == Thread.History.PARTIAL:
                pending.append(outcome.thread)
    _mark_pending(pending)


def _spare_calls(outcomes: Collection[ThreadResult]) -> int:
    changed = sum(outcome.result in ("inserted", "updated") for outcome in outcomes)
    return math.ceil(changed / THREADS_PER_CALL) + SPARE_CALLS - 1


def _mark_pending(threads: Collection[Thread]) -> None:
    for thread in threads:
        thread.state, thread.reason = Thread.State.OWED, HISTORY_PENDING
    if threads:
        Thread.objects.filter(pk__in=[thread.pk for thread in threads]).update(
            state=Thread.State.OWED, reason=HISTORY_PENDING
        )
