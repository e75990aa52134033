"""Where Send's answer, echo, webhook and sync meet: one event of the conversation, whatever their order.

The Facebook ID of the message is the key. A message that a webhook or a sync has brought is only linked; else
the answer makes the event, by the same code as a webhook, and they fill it. Everything here holds
`locks.lock_rows()`.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations
from conversations.lib.sql_files import read_statements
from conversations.models import OutgoingMessage, Page
from conversations.models.outbox import wake_senders
from conversations.sync.load.live.change_writer import Received, save_changes
from conversations.sync.load.live.changes import Sent
from conversations.sync.load.live.message_ids import canonical_id

STATEMENTS = read_statements(__file__)
State = OutgoingMessage.State


@transaction.atomic
def record_sent(message: OutgoingMessage, graph_id: str, *, at: datetime | None = None) -> None:
    """Store that Facebook has the message, with this ID. `at`: its time, if Facebook told that.

    Nothing is stored if the person was deleted in the meantime.
    """
    lock_rows([message.conversation.page_id])
    row = _locked(message)
    if row is not None:
        graph_id = canonical_id(graph_id, row.conversation.platform)
        row.text = row.text or message.text  # it may be discarded by now
        _store_event(row, graph_id, at or message.attempted_at or timezone.now())
        _link(row, graph_id)
        if row.conversation.page.sending_blocked_at:
            Page.objects.filter(pk=row.conversation.page_id).update(sending_blocked_at=None)


@transaction.atomic
def claim(message: OutgoingMessage, graph_id: str) -> bool:
    """Store that a stored message is this one. Return False if that is known, or it is another's."""
    lock_rows([message.conversation.page_id])
    row = _locked(message)
    if row is None or row.graph_id or row.conversation.outgoing.filter(graph_id=graph_id).exists():
        return False
    _link(row, graph_id)
    return True


def _locked(message: OutgoingMessage) -> OutgoingMessage | None:
    rows = OutgoingMessage.objects.select_related("conversation__page")
    return rows.select_for_update(of=("self",)).filter(pk=message.pk).first()


def _store_event(row: OutgoingMessage, graph_id: str, at: datetime) -> None:
    conversation = row.conversation
    sent = Sent(
        graph_id=graph_id,
        person=conversation.sender_id,
        platform=conversation.platform,
        is_sent=True,
        time=at,
        text=row.text,
        attachments=[_attachment(row)] if row.file_kind else [],
        data={"metadata": row.metadata, **({"reply_to": row.reply_to} if row.reply_to else {})},
    )
    save_changes(conversation.page, [Received(sent, at)])


def _attachment(row: OutgoingMessage) -> dict[str, Any]:
    """Facebook's answer tells no link: until it shows the message, the file is that of the outbox."""
    name = {"title": row.file_name} if row.file_kind == "file" else {}
    return {"type": row.file_kind, "payload": {}, "kept": True, **name}


def _link(row: OutgoingMessage, graph_id: str) -> None:
    """Say on the event who wrote it. The text is there now, and nowhere else."""
    with connection.cursor() as cursor:
        keys: dict[str, Any] = {
            "conversation": row.conversation_id,
            "graph_id": graph_id,
            "author": row.author_id,
        }
        cursor.execute(STATEMENTS["set_author"], keys)
    row.state, row.reason, row.text, row.sender = State.SENT, "", "", None
    row.graph_id = row.graph_id or graph_id  # a person may have sent it twice
    row.save(update_fields=["state", "reason", "text", "sender", "graph_id"])
    notify_conversations(row.conversation.page_id, [row.conversation_id])
    wake_senders()
