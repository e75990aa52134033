"""Settles messages of unknown fate by what webhooks and syncs have stored since.

The outbox asks for them; webhooks and syncs look for nothing. So a Page on which nobody sends costs nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models import OutgoingMessage
from conversations.sending.attempts import SETTLED_WITHIN
from conversations.sending.likeness import Candidate, Unsettled, match
from conversations.sending.sent_events import claim

STATEMENTS = read_statements(__file__)
State = OutgoingMessage.State
BEFORE = timedelta(minutes=10)  # the clocks may differ
MAX_ROWS = 200


def settle() -> int:
    """Mark the messages as sent that are stored by now. Return how many."""
    messages = unsettled()
    if not messages:
        return 0
    candidates = _candidates(messages)
    by_conversation: dict[int, list[OutgoingMessage]] = defaultdict(list)
    for message in messages:
        by_conversation[message.conversation_id].append(message)
    return sum(_settle_some(its, candidates[pk]) for pk, its in by_conversation.items())


def unsettled() -> list[OutgoingMessage]:
    """Return what may be at Facebook, whatever was decided about it since."""
    since = timezone.now() - SETTLED_WITHIN
    rows = OutgoingMessage.objects.filter(graph_id="", attempted_at__gt=since)
    return list(rows.select_related("conversation__page").order_by("-attempted_at")[:MAX_ROWS])


def _settle_some(messages: list[OutgoingMessage], candidates: list[Candidate]) -> int:
    by_id = {message.pk: message for message in messages}
    found = match(map(as_unsettled, messages), candidates, own_app=settings.FACEBOOK_APP_ID)
    return sum(claim(by_id[pk], graph_id) for pk, graph_id in found.items())


def as_unsettled(message: OutgoingMessage) -> Unsettled:
    return Unsettled(
        message.pk,
        message.metadata,
        message.text,
        message.file_kind,
        message.attempted_at or message.created_at,
        message.state == State.UNCERTAIN,
    )


def _candidates(messages: Iterable[OutgoingMessage]) -> dict[int, list[Candidate]]:
    """Return messages of the Page in these conversations that none of ours is linked with."""
    since = min(message.created_at for message in messages) - BEFORE
    found: dict[int, list[Candidate]] = defaultdict(list)
    with connection.cursor() as cursor:
        ids = list({message.conversation_id for message in messages})
        cursor.execute(STATEMENTS["candidates"], {"conversations": ids, "since": since})
        for conversation_id, graph_id, occurred_at, text, attachments, data in cursor.fetchall():
            candidate = Candidate(graph_id, occurred_at, text, json.loads(attachments), json.loads(data))
            found[conversation_id].append(candidate)
    return found
