"""The optimized version of the application that Inbox replaces.

100 conversations per batch: one upsert for all of them, then all their messages in chunks of 500. Each
statement is a transaction of its own. The next batch is requested only after that.
"""

from collections.abc import Callable
from typing import Any

from .replaced import Application

CONVERSATIONS_PER_BATCH = 100
EVENTS_PER_CHUNK = 500


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    application = Application(task)
    return lambda: sync(application)


def sync(application: Application) -> dict[str, Any]:
    events = 0
    for batch in application.batches(CONVERSATIONS_PER_BATCH):
        rows = [application.conversation_row(conversation) for conversation in batch]
        ids = application.upsert(rows)
        all_events = []
        for conversation, row in zip(batch, rows, strict=True):
            all_events += application.event_rows(conversation, ids[row[1]])
        for start in range(0, len(all_events), EVENTS_PER_CHUNK):
            application.insert_events(all_events[start : start + EVENTS_PER_CHUNK])
        events += len(all_events)
    return {"events": events, "requests": application.requests}
