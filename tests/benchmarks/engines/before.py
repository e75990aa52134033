"""The first version of the application that Inbox replaces.

50 conversations per batch: for each of them one upsert, then one insert of its messages. Each statement is a
transaction of its own, one after the other.
"""

from collections.abc import Callable
from typing import Any

from .replaced import Application

CONVERSATIONS_PER_BATCH = 50


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    application = Application(task)
    return lambda: sync(application)


def sync(application: Application) -> dict[str, Any]:
    events = 0
    for batch in application.batches(CONVERSATIONS_PER_BATCH):
        for conversation in batch:
            row = application.conversation_row(conversation)
            ids = application.upsert([row])
            rows = application.event_rows(conversation, ids[row[1]])
            if rows:
                application.insert_events(rows)
            events += len(rows)
    return {"events": events, "requests": application.requests}
