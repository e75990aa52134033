"""Removes from stored bodies what nobody is to read any more: unsent messages, and deleted people."""

from collections.abc import Collection, Iterable, Sequence

from conversations.graph.coercion import as_dict, as_id
from conversations.models import Page, WebhookDelivery
from conversations.sync.load.live.message_ids import canonical_id
from conversations.webhooks.entries import Unreadable, entries_of

BLANKED = "Its content was deleted."


def blank(delivery: WebhookDelivery) -> None:
    """Remove the content of a delivery. The caller saves it."""
    delivery.body, delivery.people = b"", []
    delivery.error = BLANKED


def blank_unsent(page: Page, people: Iterable[str], unsent: Collection[str]) -> None:
    """Remove the bodies of these people's deliveries that hold one of these messages."""
    rows = page.deliveries.filter(people__overlap=sorted(people))
    for delivery in rows.iterator(chunk_size=100):
        if _holds(bytes(delivery.body), unsent):
            blank(delivery)
            delivery.save(update_fields=["body", "people", "error"])


def blank_people(page: Page, ids: Sequence[str]) -> None:
    """Remove the bodies of deliveries that name these people. Pending ones are recognized later."""
    page.deliveries.filter(people__overlap=list(ids)).update(body=b"", people=[], error=BLANKED)


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
