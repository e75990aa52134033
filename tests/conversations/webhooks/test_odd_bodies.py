"""Bodies whose form nobody has foreseen: each of them ends, and none keeps the others waiting."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conversations.models import InteractionEvent, Page, WebhookDelivery
from conversations.webhooks import delivering
from conversations.webhooks.drain import drain
from tests.conversations.webhooks.deliveries import NOON, PAGE_ID, body, item, message

HERE = "here"
PLACES = [
    message("m_bad", attachments=[{"type": "x", "payload": HERE}]),
    message("m_bad", quick_reply=HERE),
    message("m_bad") | {"sender": {"id": HERE}},
    message("m_bad") | {"recipient": {"id": HERE}},
    item("new_kind", {"user": {"id": HERE}}) | {"sender": {"id": HERE}},
    item("postback", {"title": HERE, "payload": HERE}),
    item("referral", {"ref": HERE, "ad_id": HERE, "ads_context_data": HERE}),
    item("reaction", {"mid": HERE, "reaction": HERE, "emoji": HERE}),
    item("read", {"mid": HERE, "watermark": HERE}),
    item("message_edit", {"mid": "m_bad", "text": HERE, "num_edit": HERE}),
    message("m_bad") | {"timestamp": HERE},
]
TEXTS = ["\x00", "\ud83d", "7\x00", "x" * 10**5]
TIMES = [10**400, -1, 1e308, True, 253402300800000, "x", "١٧٩٥٠٨٩٦٠٠"]
LISTS: list[dict[str, Any]] = [
    {"messaging": {"x": 1}},
    {"messaging": "x"},
    {"standby": 7},
    {"changes": [None, 7, {"value": 7}]},
]
WHOLE = [b"", b"\xff", b"[]", b"{}", b"7", b"null", b'{"entry": 7}', b'{"entry": [7, null]}']


def filled(place: dict, value: bytes) -> bytes:
    return body(place).replace(json.dumps(HERE).encode(), value)


def odd_bodies() -> Iterator[bytes]:
    values = [b"[" * levels + b"]" * levels for levels in (800, 1010, 5000)]
    values += [json.dumps(value).encode() for value in [*TEXTS, *TIMES]]
    for value in values:
        yield from (filled(place, value) for place in PLACES)
        yield body(message("m_bad")).replace(json.dumps(PAGE_ID).encode(), value)  # the account
    for lists in LISTS:
        yield json.dumps({"object": "page", "entry": [{"id": PAGE_ID, **lists}]}).encode()
    yield from WHOLE


@pytest.fixture(autouse=True)
def page(db) -> Page:
    return Page.objects.create(facebook_page_id=PAGE_ID, name="Demo Shop", access_token="x")


def work_on(*bodies: bytes) -> None:
    """Work on these bodies, and on one of a message that arrives after them."""
    WebhookDelivery.objects.bulk_create(WebhookDelivery(body=each) for each in bodies)
    WebhookDelivery.objects.create(body=body(message("m_1", ms=NOON + 5000)))
    drain()
    assert not WebhookDelivery.objects.filter(state="pending").exists()
    assert InteractionEvent.objects.filter(graph_id="m_1").exists()


def test_no_body_keeps_the_others_waiting():
    work_on(*odd_bodies())


def test_items_that_are_no_list_are_not_left_out():
    work_on(body(message("m_2")).replace(b'"messaging": [', b'"messaging": ').replace(b"]}]}", b"}]}"))
    assert InteractionEvent.objects.filter(graph_id="m_2").exists()


def test_fault_of_ours_costs_only_its_delivery(monkeypatch):
    read = delivering.read_delivery

    def broken(page, delivery, suppressed):
        if b"m_bad" in bytes(delivery.body):
            raise ZeroDivisionError("quotes the item")
        return read(page, delivery, suppressed)

    monkeypatch.setattr(delivering, "read_delivery", broken)
    work_on(body(message("m_bad")))
    failed = WebhookDelivery.objects.get(state="failed")
    assert (failed.error, failed.attempts) == ("It could not be read (ZeroDivisionError).", 1)
