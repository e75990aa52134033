"""Looks once into the thread at Facebook for a message of unknown fate, of which no echo has come."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from conversations.connections.client import open_client
from conversations.connections.interactive import LIMITS, FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.graph.coercion import as_dict, as_edge, as_id, as_text, as_time
from conversations.graph.errors import GraphError
from conversations.lib.log_ids import log_ids
from conversations.lib.notify import notify_conversations
from conversations.models import OutgoingMessage, Page
from conversations.models.outbox import wake_senders
from conversations.sending.likeness import Candidate, match
from conversations.sending.sent_events import record_sent
from conversations.sending.settlement import as_unsettled
from conversations.sync.load.live.message_ids import canonical_id

logger = logging.getLogger(__name__)

MAX_LOOKS = 3
PATIENCE_SECONDS = 30.0
FIELDS = "messages.limit(10){id,from,created_time,message,attachments}"
NOT_THERE = gettext_noop(
    "Facebook did not say whether it sent the message, and it is not in the thread there. Look at the "
    "conversation at Facebook, then send it again or discard it."
)
NOT_SEEN = gettext_noop(
    "Facebook did not say whether it sent the message, and the thread could not be read. Look at the "
    "conversation at Facebook, then send it again or discard it."
)
State = OutgoingMessage.State


def take_due() -> OutgoingMessage | None:
    """Return a message to look for, which is this process's then."""
    now, pause = timezone.now(), timedelta(seconds=settings.LOOK_AFTER_SECONDS)
    rows = OutgoingMessage.objects.filter(state=State.UNCERTAIN, graph_id="", looked_at=None, sender=None)
    for row in rows.filter(attempted_at__lt=now - pause).select_related("conversation__page"):
        is_due = now >= (row.attempted_at or now) + pause * (row.looks + 1)
        own = OutgoingMessage.objects.filter(pk=row.pk, looks=row.looks, looked_at=None)
        if is_due and own.update(looks=F("looks") + 1):
            row.looks += 1
            return row
    return None


def look(message: OutgoingMessage) -> None:
    """Look for the message. If it is there it is sent; else a person must decide."""
    with log_ids(message=message.pk):
        _look(message)


def _look(message: OutgoingMessage) -> None:
    conversation, page = message.conversation, message.conversation.page
    try:
        candidates = _read(page, conversation.platform, conversation.sender_id)
    except (GraphError, FacebookRefused) as error:
        logger.info("[page %s] no look at a thread: %s", page.pk, type(error).__name__)
        if message.looks >= MAX_LOOKS:
            _end(message, NOT_SEEN)
        return
    taken = set(conversation.outgoing.exclude(graph_id="").values_list("graph_id", flat=True))
    free = [each for each in candidates if each.graph_id not in taken]
    found = match([as_unsettled(message)], free, own_app=settings.FACEBOOK_APP_ID)
    if graph_id := found.get(message.pk):
        [own] = [each for each in free if each.graph_id == graph_id]
        record_sent(message, graph_id, at=own.occurred_at)
    else:
        _end(message, NOT_THERE)


def _end(message: OutgoingMessage, reason: str) -> None:
    rows = OutgoingMessage.objects.filter(pk=message.pk, state=State.UNCERTAIN, attempt=message.attempt)
    if rows.update(looked_at=timezone.now(), reason=reason):
        notify_conversations(message.conversation.page_id, [message.conversation_id])
        wake_senders()  # what waited for this one may go


def _read(page: Page, platform: str, person: str) -> list[Candidate]:
    """Return the newest messages of the Page to this person. Raises GraphError and FacebookRefused."""
    patience = Patience(PATIENCE_SECONDS, give_up)
    with open_client(
        page.facebook_page_id, page.access_token, patience, platform=platform, limits=LIMITS
    ) as client:
        answer = client.get(
            f"{page.facebook_page_id}/conversations", platform=platform, user_id=person, fields=FIELDS
        )
    messages = [one for thread in as_edge(answer) for one in as_edge(as_dict(thread).get("messages"))]
    found = (_candidate(one, platform) for one in map(as_dict, messages) if _is_sent(one, page))
    return [candidate for candidate in found if candidate]


def _is_sent(message: dict[str, Any], page: Page) -> bool:
    return as_id(as_dict(message.get("from")).get("id")) in page.business_ids


def _candidate(message: dict[str, Any], platform: str) -> Candidate | None:
    graph_id, time = as_id(message.get("id")), as_time(message.get("created_time"))
    if not graph_id or time is None:
        return None
    attachments = as_edge(message.get("attachments"))
    text = as_text(message.get("message"))
    return Candidate(canonical_id(graph_id, platform), time, text, attachments, {})
