"""Bodies as Facebook sends them, and what their items do when they are worked on."""

import json
from typing import Any

from conversations.models import WebhookDelivery
from conversations.webhooks.drain import drain

PAGE_ID, ANA = "900000000000001", "7000000000000001"
NOON = 1_795_089_600_000  # 2026-11-19 12:00:00 UTC, in milliseconds


def item(kind: str, value: Any, *, ms: int | None = NOON, from_page: bool = False, person: str = ANA) -> dict:
    sides = (PAGE_ID, person) if from_page else (person, PAGE_ID)
    time = {} if ms is None else {"timestamp": ms}
    return {"sender": {"id": sides[0]}, "recipient": {"id": sides[1]}, **time, kind: value}


def message(mid: str, text: str = "Hello", *, ms: int = NOON, from_page: bool = False, **more: Any) -> dict:
    return item("message", {"mid": mid, "text": text, **more}, ms=ms, from_page=from_page)


def body(*items: Any, account: str = PAGE_ID, kind: str = "page", where: str = "messaging") -> bytes:
    return json.dumps({"object": kind, "entry": [{"id": account, "time": NOON, where: list(items)}]}).encode()


def deliver(*items: Any, **entry: str) -> WebhookDelivery:
    """Store a body with these items, work on it, and return what became of it."""
    return deliver_body(body(*items, **entry))


def deliver_body(content: bytes) -> WebhookDelivery:
    delivery = WebhookDelivery.objects.create(body=content)
    drain()
    delivery.refresh_from_db()
    return delivery
