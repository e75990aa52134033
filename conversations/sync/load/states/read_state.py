"""The unread count that users see, beside Facebook's own.

Until a user marks the conversation it is Facebook's. After that it is the number of the customer's messages
that we hold and that are newer than the mark, at least 1 where Facebook's count has risen since. It falls
to 0 when Facebook's own count falls to 0 between two states that we saw: somebody has read the conversation
there.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, Thread
from conversations.sync.load.transform import ThreadRows

STATEMENTS = read_statements(__file__)
Version = tuple[datetime, str]


class GraphNews(NamedTuple):
    """What a newer state shows of Facebook's count: that it rose, or until when all is read there."""

    has_risen: bool = False
    read_until: datetime | None = None

    def after(self, earlier: "GraphNews | None") -> "GraphNews":
        return self._replace(read_until=self.read_until or (earlier and earlier.read_until))


NO_NEWS = GraphNews()


def unread_count(current: Conversation, graph_count: int, *, before: Version, version: Version | None) -> int:
    """Return the count of a conversation that shows this count of Facebook's now.

    `before` and `version` are those of the states that told the stored and the received count; None: no count
    was received. A mark of a user counts in `save_unread_counts()`.
    """
    is_same = version == before and graph_count == current.graph_unread_count
    if current.read_until is not None or version is None or version < before or is_same:
        return current.unread_count  # of an equal state we may know more: webhooks bring messages first
    return graph_count


def news_of(
    current: Conversation, state: Conversation, row: ThreadRows, *, current_thread: Thread | None
) -> GraphNews | None:
    """Return what a state shows of a conversation that a user has marked; None: nothing new.

    `current` is what was known before, `state` what is known now.
    """
    before, after = current.graph_unread_count, state.graph_unread_count
    if current.read_until is None or before == after or row.conversation is None:
        return None
    times = (row.thread.updated_time, row.conversation.last_message_time)
    time = max(filter(None, times), default=current.last_message_time)
    if after == 0:
        return GraphNews(read_until=time)
    is_same_state = current_thread is not None and current_thread.updated_time == row.thread.updated_time
    return GraphNews(has_risen=after > before and (is_same_state or _may_lack_messages(current, row, time)))


def _may_lack_messages(current: Conversation, row: ThreadRows, time: datetime | None) -> bool:
    """Whether messages newer than the mark may be missing here. Others have made the count rise before it."""
    if current.read_until is None or time is None or time <= current.read_until:
        return False
    return row.shown.oldest is None or row.shown.oldest > current.read_until


def save_unread_counts(news: Mapping[int, GraphNews]) -> None:
    """Count the unread messages of these conversations again, as far as a user has marked them."""
    if not news:
        return
    rows = [[pk, each.has_risen, each.read_until and str(each.read_until)] for pk, each in news.items()]
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["save_unread_counts"], {"news": as_json(rows)})


def recount(conversation_ids: Collection[int]) -> None:
    """Count again after messages were stored, changed or moved."""
    save_unread_counts(dict.fromkeys(conversation_ids, NO_NEWS))
