"""How long a Page is usually without a message, from the sums of its messages of the last week."""

from datetime import datetime, timedelta
from itertools import pairwise

from conversations.models import Page
from conversations.models.insight import SLOT_SECONDS, MessageBucket

OBSERVED = timedelta(days=7)
LEAST, FACTOR = timedelta(hours=1), 1.5
MIN_SLOTS = 10  # with messages: fewer tell no rhythm


def is_unusually_quiet(page: Page, now: datetime, *, looked_at: datetime) -> bool:
    """Whether no webhook has come for longer than ever in the last week, and nobody has looked since then."""
    if page.live_state != Page.LiveState.SUBSCRIBED or page.subscribed_at is None:
        return False
    last = max(filter(None, [page.last_delivery_at, page.subscribed_at]))
    if now - last < LEAST:
        return False
    pause = longest_pause(page, now)
    return pause is not None and looked_at < last + max(LEAST, FACTOR * pause) <= now


def longest_pause(page: Page, now: datetime) -> timedelta | None:
    """Return the longest time without a message; None if there are too few to tell."""
    slots = slots_with_messages(page, now)
    if len(slots) < MIN_SLOTS:
        return None
    return timedelta(seconds=SLOT_SECONDS * max(after - before for before, after in pairwise(slots)))


def slots_with_messages(page: Page, now: datetime) -> list[int]:
    first = int((now - OBSERVED).timestamp()) // SLOT_SECONDS
    rows = MessageBucket.objects.filter(page=page, slot__gte=first).exclude(received=0, sent=0)
    return sorted(rows.values_list("slot", flat=True))
