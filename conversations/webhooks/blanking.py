"""Removes from stored bodies what nobody is to read any more: unsent messages, and deleted people."""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from django.db.models import Q, QuerySet

from conversations.graph.coercion import as_dict, as_id
from conversations.models import Page, WebhookDelivery
from conversations.sync.load.live.message_ids import canonical_id
from conversations.webhooks.entries import Unreadable, entries_of

State = WebhookDelivery.State
BLANKED = "Its content was deleted."


def blank(delivery: WebhookDelivery) -> None:
    """Remove the content of a delivery. The caller saves it."""
    delivery.body, delivery.people = b"", []
    delivery.error = BLANKED


def blank_rows(rows: QuerySet[WebhookDelivery]) -> None:
    rows.update(body=b"", people=[], error=BLANKED)


def blank_unsent(page: Page, people: Iterable[str], unsent: Collection[str]) -> None:
    """Remove the bodies of these people's deliveries that hold one of these messages."""
    for delivery in _naming(page, people).iterator(chunk_size=100):
        if _holds(bytes(delivery.body), unsent):
            blank(delivery)
            delivery.save(update_fields=["body", "people", "error"])


def blank_people(page: Page, ids: Sequence[str]) -> None:
    """Remove the bodies of deliveries that name these people. Pending ones are recognized later."""
    blank_rows(_naming(page, ids))


def _naming(page: Page, people: Iterable[str]) -> QuerySet[WebhookDelivery]:
    """Return the deliveries that name one of these people, also those from before the Page was connected."""
    rows = WebhookDelivery.objects.filter(Q(page=page) | Q(page=None), people__overlap=sorted(people))
    return rows.exclude(people=[])  # as the index says


def blank_page(page: Page, limit: int) -> int:
    """Remove the bodies of at most this many deliveries of the Page, also of pending ones. Return how many.

    Also those that nobody has assigned yet, or that came while the Page was not connected.
    """
    rows = list(page.deliveries.exclude(body=b"").order_by("pk")[:limit]) or _unassigned(page, limit)
    for row in rows:
        blank(row)
        row.state = State.IGNORED if row.state == State.PENDING else row.state
    WebhookDelivery.objects.bulk_update(rows, ["body", "people", "error", "state"])
    return len(rows)


def _unassigned(page: Page, limit: int) -> list[WebhookDelivery]:
    rows = WebhookDelivery.objects.filter(page=None).exclude(body=b"").order_by("pk")
    return list(islice((row for row in rows.iterator(chunk_size=100) if _names(row, page)), limit))


def _names(row: WebhookDelivery, page: Page) -> bool:
    try:
        return any(entry.account_id in page.business_ids for entry in entries_of(bytes(row.body)))
    except Unreadable:
        return False


def _holds(body: bytes, messages: Collection[str]) -> bool:
    """Whether the body has the text of one of these messages, or an edit of it."""
    try:
        found = entries_of(body)
    except Unreadable:
        return False
    for entry in found:
        for item in map(as_dict, entry.items):
            for kind in ("message", "message_edit", "postback"):
                mid = as_id(as_dict(item.get(kind)).get("mid"))
                if mid and {mid, canonical_id(mid, "messenger")} & set(messages):
                    return True
    return False
