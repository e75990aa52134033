"""The queue of deliveries: several Pages in one, those of strangers, tests, and what is tried again."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.lib.locks import WEBHOOKS, SyncLock
from conversations.models import Conversation, InteractionEvent, Page, Thread, WebhookDelivery
from conversations.privacy.erase_page import erase, start_erasure
from conversations.privacy.forget_person import delete_person
from conversations.webhooks import drain as drain_module
from conversations.webhooks.drain import drain, retry
from tests.conversations.webhooks.deliveries import (
    ANA,
    NOON,
    PAGE_ID,
    body,
    deliver,
    deliver_body,
    item,
    message,
)

OTHER_ID = "900000000000002"


@pytest.fixture(autouse=True)
def page(db) -> Page:
    return Page.objects.create(facebook_page_id=PAGE_ID, name="Demo Shop", access_token="x")


def texts() -> set[str]:
    return set(InteractionEvent.objects.values_list("text", flat=True))


def entry(account: str, *items: dict) -> dict:
    return {"id": account, "time": NOON, "messaging": list(items)}


def test_delivery_of_several_pages_becomes_one_for_each():
    Page.objects.create(facebook_page_id=OTHER_ID, name="Other Shop", access_token="x")
    theirs = item("message", {"mid": "m_2", "text": "Two"})
    theirs["recipient"]["id"] = OTHER_ID
    parts = [entry(PAGE_ID, message("m_1", "One")), entry(OTHER_ID, theirs), entry("5", message("m_3"))]
    deliver_body(json.dumps({"object": "page", "entry": parts}).encode())
    found = {(row.page and row.page.facebook_page_id, row.state) for row in WebhookDelivery.objects.all()}
    assert found == {(PAGE_ID, "done"), (OTHER_ID, "done"), (None, "ignored")}
    assert texts() == {"One", "Two"}


@pytest.mark.parametrize(
    "content",
    [
        body(item("message", {"mid": "random_mid", "text": "random_text"}, person="12334"), account="0"),
        json.dumps(
            {
                "object": "instagram",
                "entry": [
                    {
                        "id": PAGE_ID,
                        "changes": [
                            {
                                "field": "messages",
                                "value": {
                                    "sender": {"id": "12334"},
                                    "recipient": {"id": "23245"},
                                    "timestamp": "1527459824",
                                    "message": {"mid": "random_mid", "text": "random_text"},
                                },
                            }
                        ],
                    }
                ],
            }
        ).encode(),
    ],
)
def test_tests_of_the_dashboard_are_shown_and_write_nothing(content):
    delivery = deliver_body(content)
    assert delivery.state == "ignored"
    assert "test" in delivery.error
    assert not Conversation.objects.exists()


def test_object_in_an_array_is_read():
    content = json.dumps([json.loads(body(message("m_1")))]).encode()
    assert deliver_body(content).state == "done"


def test_retry_takes_what_failed_and_pages_that_are_connected_now(command):
    unknown = deliver(item("new_kind", {}))
    theirs = deliver(message("m_9", "For another Page"), account=OTHER_ID)
    assert (unknown.state, theirs.state) == ("partial", "ignored")
    assert command("webhooks").stdout.count("\n") == 4
    failed = command("webhooks", "--retry")
    assert (failed.returncode, "1 deliveries still fail" in failed.stderr) == (1, True)
    unknown.delete()
    Page.objects.create(facebook_page_id=OTHER_ID, name="Other Shop", access_token="x")
    theirs.refresh_from_db()
    again = command("webhooks", "--retry")
    assert again.returncode == 0, again.stderr
    theirs.refresh_from_db()
    assert theirs.state == "partial" or theirs.state == "done"


def test_bodies_with_unsent_messages_and_deleted_people_are_blanked():
    first = deliver(message("m_1", "A secret"))
    unsent = deliver(item("message", {"mid": "m_1", "is_deleted": True}, ms=NOON + 1000))
    first.refresh_from_db()
    assert (bytes(first.body), unsent.state) == (b"", "done")
    late = deliver(message("m_1", "A secret"))  # it was on its way
    assert (bytes(late.body), texts()) == (b"", {""})

    second = deliver(message("m_2", "Another one"))
    delete_person(Conversation.objects.get(), actor=None)
    second.refresh_from_db()
    assert (bytes(second.body), second.people) == (b"", [])
    late = deliver(message("m_3", "After that"))
    assert (bytes(late.body), late.people, late.state) == (b"", [], "done")
    assert not Conversation.objects.exists()


def test_each_batch_is_small_and_oldest_first():
    for number in range(3):
        WebhookDelivery.objects.create(body=body(message(f"m_{number}", f"No. {number}", ms=NOON + number)))
    assert drain() == 3
    assert WebhookDelivery.objects.filter(state="done").count() == 3
    assert retry()["done"] == 0
    assert Conversation.objects.get(sender_id=ANA).last_message == "No. 2"


def test_bodies_from_before_the_page_was_connected_are_blanked_too():
    Page.objects.all().delete()
    early, label = deliver(message("m_1", "A secret")), {"user": {"id": ANA}, "action": "add"}
    Page.objects.create(facebook_page_id=PAGE_ID, name="Demo Shop", access_token="x")
    deliver(message("m_2", "Hello"))
    deliver(item("message", {"mid": "m_1", "is_deleted": True}))
    early.refresh_from_db()
    assert (bytes(early.body), early.state) == (b"", "ignored")

    unknown = deliver({"field": "inbox_labels", "value": label}, where="changes")
    delete_person(Conversation.objects.get(), actor=None)
    unknown.refresh_from_db()
    assert (bytes(unknown.body), unknown.state) == (b"", "partial")
    late = deliver({"field": "inbox_labels", "value": label}, where="changes")
    assert (bytes(late.body), late.state) == (b"", "partial")


@pytest.mark.django_db(transaction=True)
def test_deliveries_of_an_erased_page_are_not_kept_under_any_of_its_ids(page):
    page.instagram_account_id = "17841"
    page.save()
    erase(start_erasure(page, keep_page=False, actor=None))
    for account, kind in ((PAGE_ID, "page"), ("17841", "instagram")):
        late = deliver(message("m_9", "A secret"), account=account, kind=kind)
        assert (bytes(late.body), late.state) == (b"", "ignored")
    stranger = deliver(message("m_9", "Hello"), account="17842", kind="instagram")
    assert bytes(stranger.body)


@pytest.mark.django_db(transaction=True)
def test_retry_waits_for_the_process_that_works_on_the_page(page, monkeypatch):
    failing, other = deliver(item("new_kind", {})), SyncLock(page.pk, WEBHOOKS)
    assert other.acquire()
    assert drain() == 0
    monkeypatch.setattr(drain_module.time, "sleep", lambda seconds: other.release())
    assert retry()["partial"] == 1
    failing.refresh_from_db()
    assert failing.attempts == 2


def test_lock_of_the_page_is_held_for_few_statements_whatever_the_size_of_the_batch(page):
    """Staff who tag or answer wait for it: what can be asked before is asked before."""
    few, many = statements_with_lock(page, 1, "7"), statements_with_lock(page, 40, "8")
    assert few == many
    assert len(many) == 15


def statements_with_lock(page: Page, number: int, prefix: str) -> list[str]:
    """Return the statements of a batch of known customers who write, and see what the Page has written."""
    people = [f"{prefix}{place:04}" for place in range(number)]
    for person in people:
        row = Conversation.objects.create(page=page, sender_id=person, graph_id=f"t_{person}")
        Thread.objects.create(page=page, conversation=row, graph_id=row.graph_id)
        items = [
            item("message", {"mid": f"m_{person}", "text": "Hello"}, person=person),
            item("read", {"watermark": NOON}, person=person),
        ]
        WebhookDelivery.objects.create(body=body(*items))
    with CaptureQueriesContext(connection) as queries:
        drain()
    assert set(Thread.objects.filter(held_count=1).values_list("graph_id", flat=True)) >= {f"t_{people[-1]}"}
    statements = [" ".join(query["sql"].split()[:3]) for query in queries]
    [locked] = [
        place for place, sql in enumerate(statements) if sql.startswith("SELECT pg_advisory_xact_lock")
    ]
    ended = next(place for place, sql in enumerate(statements) if place > locked and "pg_notify" in sql)
    return [sql.split(' "s')[0].split("(")[0] for sql in statements[locked : ended + 1]]
