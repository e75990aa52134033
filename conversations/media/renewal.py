"""Renews the links of attachments, which work for hours or days: those of a whole screen in few calls.

Facebook shows fresh links whenever it shows a message. One request for the newest messages of a thread renews
what a screen shows; older messages are requested by their IDs. All users share what was renewed, and what
Facebook refused is not asked for again for a while.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from conversations.connections.interactive import (
    FacebookRefused,
    RefusalReason,
    asking_facebook,
    interactive_client,
)
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, InvalidRequestError, NotFoundError
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.graph.records import Message
from conversations.lib.attachments import attachments_of
from conversations.lib.locks import lock_rows
from conversations.lib.request_scope import release_connection
from conversations.lib.text import clean_json
from conversations.media.links import is_of_facebook, may_work
from conversations.models import Conversation, InteractionEvent, LinkRenewal, Page, Platform

SCREEN = 50  # messages on each side of the requested one, whose links are looked at
NEWEST = 100  # messages in one answer of Facebook
MAX_IDS = 10  # messages requested by ID: Facebook may count each as a call
MAX_CALLS = 6
RENEWED_FOR = timedelta(minutes=10)  # a link that fails so soon after its renewal is not renewed again
GONE_FOR = timedelta(days=1)  # until Facebook is asked again about a message that it no longer shows
REFUSED_FOR = timedelta(minutes=1)  # likewise after any other refusal
WAIT_SECONDS = 45.0  # for the renewal of the same conversation by another request
LINK_FIELDS = ("sticker", "shares", "story")  # in the `data` of a message, with links of files
GONE = "This attachment is no longer available at Facebook: it was deleted or hidden."


def renew(event: InteractionEvent, user) -> InteractionEvent:
    """Return the message with links that Facebook has just shown, as it is stored now.

    Renews those of the messages around it, too. Raises FacebookRefused and TooManyRequests.
    """
    if not _is_recent(_renewal_of(event)):
        with _one_at_a_time(event.conversation_id) as is_first:
            if is_first:
                with asking_facebook(user):
                    renew_around(event)
    renewal = _renewal_of(event)
    _raise_refusal(renewal)
    if not _is_recent(renewal):
        raise FacebookRefused("Facebook did not answer in time.", RefusalReason.FACEBOOK)
    return InteractionEvent.objects.select_related("conversation").get(pk=event.pk)


def _renewal_of(event: InteractionEvent) -> LinkRenewal | None:
    """Return what is known; raises FacebookRefused while Facebook is not to be asked again."""
    renewal = LinkRenewal.objects.filter(pk=event.pk).first()
    _raise_refusal(renewal)
    return renewal


def _raise_refusal(renewal: LinkRenewal | None) -> None:
    if renewal and renewal.refused_until and renewal.refused_until > timezone.now():
        raise FacebookRefused(renewal.message, RefusalReason(renewal.reason))


def _is_recent(renewal: LinkRenewal | None) -> bool:
    return bool(renewal and renewal.renewed_at and renewal.renewed_at > timezone.now() - RENEWED_FOR)


# -- one renewal for many requests -------------------------------------------------------------------------
_running: dict[int, threading.Event] = {}
_running_lock = threading.Lock()


@contextmanager
def _one_at_a_time(conversation_id: int) -> Iterator[bool]:
    """Yield True to the first request of this process for a conversation; others wait until it is done."""
    with _running_lock:
        done = _running.get(conversation_id)
        is_first = done is None
        if done is None:
            done = _running[conversation_id] = threading.Event()
    try:
        if not is_first:
            release_connection()
            done.wait(WAIT_SECONDS)
        yield is_first
    finally:
        if is_first:
            with _running_lock:
                del _running[conversation_id]
            done.set()


# -- reading -----------------------------------------------------------------------------------------------
def renew_around(event: InteractionEvent) -> None:
    """Renew the links of a message and of those around it that need it. What happened is stored."""
    events = [event, *_others_in_need(event)]
    page = Page.objects.get(pk=event.conversation.page_id)
    try:
        with interactive_client(page, event.conversation.platform) as client:
            shown = _read(client, event.conversation, events)
    except FacebookRefused as refused:
        _remember_refusals(dict.fromkeys((one.pk for one in events), refused))
        return
    save(page, events, shown)


def save(page: Page, events: list[InteractionEvent], shown: dict[str, Message | FacebookRefused]) -> None:
    """Store what Facebook shows of these messages; of those that it was not asked about, nothing."""
    now, refusals = timezone.now(), {}
    for event in events:
        match shown.get(event.graph_id or ""):
            case Message() as message:
                update_links(page, event, message)
                _remember(event.pk, renewed_at=now, refused_until=None, reason="", message="")
            case FacebookRefused() as refused:
                refusals[event.pk] = refused
    _remember_refusals(refusals)


def _others_in_need(event: InteractionEvent) -> list[InteractionEvent]:
    """Return messages of the same screen whose links have expired, the nearest ones first."""
    of_same = InteractionEvent.objects.filter(conversation=event.conversation_id, kind__startswith="message_")
    older = of_same.filter(occurred_at__lte=event.occurred_at).newest_first()[:SCREEN]
    newer = of_same.filter(occurred_at__gt=event.occurred_at).order_by("occurred_at", "rank", "id")[:SCREEN]
    near = sorted([*older, *newer], key=lambda one: abs(one.occurred_at - event.occurred_at))
    near = [one for one in near if one.pk != event.pk and one.graph_id and has_expired_links(one)]
    known = LinkRenewal.objects.in_bulk([one.pk for one in near])
    now = timezone.now()
    return [one for one in near if _is_open(known.get(one.pk), now)]


def _is_open(renewal: LinkRenewal | None, now: datetime) -> bool:
    """Whether Facebook may be asked about this message."""
    return not _is_recent(renewal) and not (renewal and renewal.refused_until and renewal.refused_until > now)


def has_expired_links(event: InteractionEvent) -> bool:
    found = attachments_of(event.attachments, event.data, event.text)
    links = {link for one in found for link in (one.address if one.has_file else "", one.picture) if link}
    return any(is_of_facebook(link) and not may_work(link) for link in links)


def _read(
    client: GraphClient, conversation: Conversation, events: list[InteractionEvent]
) -> dict[str, Message | FacebookRefused]:
    """Return by ID the messages that Facebook shows, and why it does not show the others."""
    shown: dict[str, Message | FacebookRefused] = {}
    if conversation.graph_id and _is_among_newest(conversation, events[0]):
        shown |= _read_newest(client, conversation)
    missing = [one.graph_id or "" for one in events if one.graph_id not in shown]
    if events[0].graph_id in missing:
        shown |= read_by_id(client, missing[:MAX_IDS])
    return shown


def _is_among_newest(conversation: Conversation, event: InteractionEvent) -> bool:
    newest = INSTAGRAM_WINDOW if conversation.platform == Platform.INSTAGRAM else NEWEST
    newer = conversation.events.filter(kind__startswith="message_", occurred_at__gt=event.occurred_at)
    return newer.order_by("-occurred_at")[:newest].count() < newest


def _read_newest(client: GraphClient, conversation: Conversation) -> dict[str, Message | FacebookRefused]:
    """Return the newest messages of the thread; none if only they cannot be had."""
    release_connection()
    try:
        batch = client.message_batch(conversation.graph_id)
    except (NotFoundError, InvalidRequestError):
        return {}
    return {message.id: message for message in batch.messages}


def read_by_id(client: GraphClient, graph_ids: list[str]) -> dict[str, Message | FacebookRefused]:
    """Return these messages; the first one is wanted most. One that is gone fails a request for several.

    Then the first is requested alone, and the others in halves, up to MAX_CALLS requests.
    """
    release_connection()
    shown: dict[str, Message | FacebookRefused] = {}
    waiting = [graph_ids]
    for _ in range(MAX_CALLS):
        if not waiting:
            break
        group = waiting.pop(0)
        try:
            found = client.messages_by_id(group)
        except GraphError as error:
            if error.is_retried or not _is_about_one(error):
                raise
            if len(group) == 1:
                shown[group[0]] = FacebookRefused(GONE, RefusalReason.GONE)
            else:
                waiting = [*_parts(group), *waiting]
        else:
            shown |= {one: found.get(one) or FacebookRefused(GONE, RefusalReason.GONE) for one in group}
    return shown


def _is_about_one(error: GraphError) -> bool:
    return isinstance(error, NotFoundError | InvalidRequestError) or "deleted" in str(error).casefold()


def _parts(group: list[str]) -> list[list[str]]:
    first, rest = group[:1], group[1:]
    middle = len(rest) // 2
    return [part for part in (first, rest[:middle], rest[middle:]) if part]


# -- storing -----------------------------------------------------------------------------------------------
@transaction.atomic
def update_links(page: Page, event: InteractionEvent, shown: Message) -> None:
    """Store the links that Facebook shows. The rest of the message is left to syncs and webhooks."""
    lock_rows([page.pk])
    stored = InteractionEvent.objects.filter(pk=event.pk).first()
    if stored is None or stored.data.get("deleted"):
        return
    fresh = clean_json({name: shown.rest[name] for name in LINK_FIELDS if name in shown.rest})
    if stored.attachments and not _have_ids(stored.attachments) and (shown.attachments or fresh):
        # As webhooks show it: a sticker is an attachment there.
        attachments, data = clean_json(shown.attachments), stored.data | fresh
    else:
        attachments = with_fresh_links(stored.attachments, clean_json(shown.attachments))
        data = stored.data | {name: value for name, value in fresh.items() if stored.data.get(name)}
    if (attachments, data) != (stored.attachments, stored.data):
        # Without a fingerprint: the next list that shows the message compares its content.
        InteractionEvent.objects.filter(pk=stored.pk).update(
            attachments=attachments, data=data, fingerprint=None
        )


def with_fresh_links(stored: list, shown: list) -> list:
    """Return the stored attachments in their order, each as Facebook shows it now, then new ones.

    Those that Facebook no longer shows stay. If the IDs do not tell them apart, Facebook's order is taken.
    """
    fresh = {one["id"]: one for one in shown} if _have_ids(shown) else {}
    if len(fresh) < len(shown):  # what Facebook hides has the same ID everywhere
        return shown
    return [*(fresh.pop(one["id"], one) for one in stored), *fresh.values()]


def _have_ids(attachments: list) -> bool:
    return all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in attachments)


def _remember(event_id: int, **values) -> None:
    LinkRenewal.objects.update_or_create(pk=event_id, defaults=values)


def _remember_refusals(refusals: dict[int, FacebookRefused]) -> None:
    now = timezone.now()
    for event_id, refused in refusals.items():
        until = now + (GONE_FOR if refused.reason is RefusalReason.GONE else REFUSED_FOR)
        _remember(event_id, refused_until=until, reason=refused.reason.value, message=str(refused))
