"""Which files the archive is to keep: finds them in messages, of syncs and of webhooks, old and new."""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Max, Q
from django.utils import timezone

from conversations.media.parts import parts_to_keep
from conversations.models import ArchivedPart, ArchivePosition, InteractionEvent

CHUNK = 5000  # IDs of events
SECONDS = 10.0  # for each run of the job
SETTLED = timedelta(minutes=10)  # no transaction that writes messages takes so long
AGAIN = timedelta(days=7)  # then all messages are looked at again: some got their attachments later
HAS_FILES = ~Q(attachments=[]) | Q(data__has_any_keys=["sticker", "story", "shares"])


def queue_parts(events: Iterable[InteractionEvent]) -> None:
    """Let the archive keep the files of these messages, whose conversations are read along."""
    ArchivedPart.objects.bulk_create(
        [
            ArchivedPart(event_id=event.pk, index=index, part=part, page_id=event.conversation.page_id)
            for event in events
            for index, part in parts_to_keep(event)
        ],
        ignore_conflicts=True,
    )


def find_new(is_stopped: Callable[[], bool]) -> None:
    """Queue the files of messages since the last call, within SECONDS."""
    place, _ = ArchivePosition.objects.get_or_create(pk=1)
    now, until = timezone.now(), time.monotonic() + SECONDS
    if place.started_at < now - AGAIN:
        place.position, place.started_at = 0, now
    is_settled = place.seen_at < now - SETTLED
    newest = InteractionEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    position = place.position
    while position < newest and time.monotonic() < until and not is_stopped():
        end = min(position + CHUNK, newest)
        _queue_between(position, end)
        position = end
        if is_settled and end <= place.seen:
            place.position = end
    if not place.seen or (is_settled and position >= place.seen):
        place.seen, place.seen_at = newest, now
    place.save()


def _queue_between(after: int, end: int) -> None:
    events = InteractionEvent.objects.filter(
        HAS_FILES, pk__gt=after, pk__lte=end, kind__startswith="message_"
    )
    queue_parts(events.select_related("conversation").iterator(chunk_size=500))
