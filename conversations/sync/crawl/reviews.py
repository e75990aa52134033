"""Reviews: a full run reads complete threads again from end to end, for newer states of older messages.

A list shows only the newest messages of a thread. All threads in one run would take many times as long as the
list, so a run reviews as many as a share of its calls allows, and the next full run goes on with the others.
"""

import math
from collections.abc import Iterable

from conversations.models import Platform, SyncRun, Thread
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.load.audits import MESSAGES_PER_CALL
from conversations.sync.load.backfill_state import BackfillState

SHARE = 0.2  # of the calls of the run
MIN_CALLS = 3  # small Pages are reviewed as a whole
SHOWN_MESSAGES = 25  # by the list: Instagram shows no others
MAX_THREADS = 1000  # looked at in one run


def start_reviews(context: CrawlContext) -> None:
    """Request the threads whose turn it is. `Page.reviewed_thread` is the last one, by primary key."""
    page, platform = context.page, Platform.MESSENGER.value
    is_first = page.last_synced_at is None
    if context.run.mode != SyncRun.Mode.FULL or is_first or platform in context.failures:
        return
    calls = max(MIN_CALLS, int(SHARE * context.run.requests))
    chosen = _affordable(context.writer.transaction.read(lambda: _next_threads(context)), calls)
    if chosen:
        page.reviewed_thread = chosen[-1].pk
        backfills = [BackfillState.review(thread) for thread in chosen]
        context.writer.backfills.add(backfills)
        context.add_backfills(platform, backfills)


def _next_threads(context: CrawlContext) -> list[Thread]:
    """Return the threads behind the last one that was reviewed, and then those before it."""
    complete = context.page.threads.filter(
        platform=Platform.MESSENGER,
        state__in=(Thread.State.STORED, Thread.State.MERGED),
        history=Thread.History.COMPLETE,
        held_count__gt=SHOWN_MESSAGES,
        conversation__isnull=False,
    ).order_by("pk")
    last = context.page.reviewed_thread
    behind = list(complete.filter(pk__gt=last)[:MAX_THREADS])
    return behind + list(complete.filter(pk__lte=last)[: MAX_THREADS - len(behind)])


def _affordable(threads: Iterable[Thread], calls: int) -> list[Thread]:
    """Return the first of these threads that take no more calls together. Longer ones are left out."""
    chosen = []
    for thread in threads:
        needed = math.ceil(thread.held_count / MESSAGES_PER_CALL)
        if needed <= calls:
            calls -= needed
            chosen.append(thread)
    return chosen
