"""The newest message of a conversation that its sender has not taken back.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from conversations.lib.attachments import attachments_of
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, ConversationTag
from conversations.sync.load.transform import search_text

STATEMENTS = read_statements(__file__)


class LastMessage(NamedTuple):
    """What is shown of it. `newest_at` is the time of the newest of all, also if it was taken back."""

    text: str
    kind: str
    occurred_at: datetime | None
    newest_at: datetime | None


def read_last_messages(conversation_ids: Collection[int]) -> dict[int, LastMessage]:
    """Return the newest message of each conversation. Without a text, its attachments are named."""
    if not conversation_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["newest_messages"], {"ids": list(conversation_ids)})
        return {
            pk: LastMessage(text or _names(attachments, data), kind or "", occurred_at, newest_at)
            for pk, text, kind, attachments, data, occurred_at, newest_at in cursor.fetchall()
        }


def _names(attachments: str | None, data: str | None) -> str:
    if attachments is None or data is None:  # there is no message
        return ""
    found = attachments_of(json.loads(attachments), json.loads(data), "")
    return ", ".join(dict.fromkeys(one.kind for one in found))


def show_last_messages(rows: Iterable[Conversation]) -> None:
    """Save the newest message of these conversations in their rows."""
    by_pk = {row.pk: row for row in rows}
    for pk, message in read_last_messages(by_pk).items():
        row = by_pk[pk]
        row.last_message, row.last_message_kind = message.text, message.kind
        row.search, row.updated_at = search_text(row), timezone.now()
        fields = ("last_message", "last_message_kind", "search", "updated_at")
        Conversation.objects.filter(pk=pk).update(**{name: getattr(row, name) for name in fields})


def move_tag_rows(
    senders: Iterable[str], before: dict[str, Conversation], changed: dict[str, Conversation]
) -> None:
    """Update the copies of `last_message_time` in the rows of the tags."""
    moved = [
        before[sender].pk
        for sender in senders
        if before[sender].last_message_time != changed[sender].last_message_time
    ]
    if moved:
        times = Conversation.objects.filter(pk=OuterRef("conversation_id")).values("last_message_time")
        ConversationTag.objects.filter(conversation_id__in=moved).update(last_message_time=Subquery(times))
