"""What a sync notices of webhooks that did not come: a silent Page, and what Instagram no longer shows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Page, Thread, WebhookDelivery
from conversations.sync.service import sync_conversations
from tests.conversations.webhooks.deliveries import deliver, deliver_body, message

ACCOUNT = "17841400000000001"


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", "Demo Shop", instagram_id=ACCOUNT, instagram_username="shop")


@pytest.fixture
def page(page) -> Page:
    """It is subscribed for an hour."""
    page.instagram_account_id, page.platforms = ACCOUNT, ["messenger", "instagram"]
    page.live_state = Page.LiveState.SUBSCRIBED
    page.subscribed_at = timezone.now() - timedelta(hours=1)
    page.save()
    return page


@pytest.fixture
def thread(world, shop, page):
    return world.add_conversation(shop, "Ana", ["Before"], updated_time=world.clock.now() - 7200)


def write(world, thread, minutes: float, text: str = "Hello"):
    return world.add_message(thread, text, created_time=world.clock.now() - 60 * minutes)


def state(page: Page) -> str:
    page.refresh_from_db()
    return page.live_state


def test_old_and_young_messages_say_nothing(page, world, thread):
    sync_conversations(page)
    assert state(page) == "subscribed"
    write(world, thread, 9)
    sync_conversations(page)
    assert state(page) == "subscribed"


def test_message_that_no_webhook_brought_makes_the_page_silent_until_one_comes(page, world, thread):
    write(world, thread, 11)
    sync_conversations(page)
    assert state(page) == "silent"
    assert "no webhook" in page.live_reason
    sync_conversations(page, full=True)
    deliver(message("m_new"))
    assert (state(page), page.live_reason) == ("subscribed", "")


def test_message_that_a_webhook_brought_does_not(page, world, thread):
    sent = write(world, thread, 11)
    assert thread.customer
    webhook = message(sent.id, "Hello", ms=round(sent.created_time * 1000))
    deliver(webhook | {"sender": {"id": thread.customer.id}})
    sync_conversations(page)
    assert state(page) == "subscribed"


@pytest.mark.parametrize("of_page", [True, False])
def test_message_whose_webhook_waits_or_failed_does_not(page, world, thread, of_page):
    write(world, thread, 11)
    known = {"page": page, "state": "failed"} if of_page else {"state": "pending"}
    WebhookDelivery.objects.create(body=b"?", **known)
    sync_conversations(page)
    assert state(page) == "subscribed"


@pytest.mark.parametrize("lost", ["off", "lost"])
def test_page_that_is_not_subscribed_is_not_silent(page, world, thread, lost):
    Page.objects.update(live_state=lost)
    page.refresh_from_db()
    write(world, thread, 11)
    sync_conversations(page)
    assert state(page) == lost


# -- Instagram ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("number", "is_lost"), [(19, False), (20, False), (21, True)])
def test_messages_that_instagram_no_longer_shows_are_said(page, world, shop, number, is_lost):
    start = world.clock.now() - 3000
    thread = world.add_conversation(shop, "ana", ["Before"], platform="instagram", updated_time=start)
    sync_conversations(page)
    for index in range(number):
        world.add_message(thread, f"No. {index}", created_time=start + 60 + index)
    result = sync_conversations(page)
    run = page.runs.get(pk=result.run)
    assert (run.ledger.get("gaps", 0), bool(run.notes)) == (int(is_lost), is_lost)
    stored = Thread.objects.get(platform="instagram")
    assert (stored.gap_at is not None) == is_lost
    if is_lost:
        assert "Messages are missing in Instagram threads, 1:" in run.notes[0]


def test_webhooks_close_the_gap_of_instagram(page, world, shop, sandbox):
    start = world.clock.now() - 3000
    thread = world.add_conversation(shop, "ana", ["Before"], platform="instagram", updated_time=start)
    sync_conversations(page)
    sandbox.webhooks.subscribe_app("unused")
    shop.subscribed_fields = ("messages",)
    sandbox.webhooks.post = accept
    for index in range(30):
        world.add_message(thread, f"No. {index}", created_time=start + 60 + index)
    sandbox.webhooks.send_due()
    result = sync_conversations(page)
    assert result.events_created == 0
    assert page.runs.get(pk=result.run).notes == []
    assert (state(page), page.conversations.get().message_count) == ("subscribed", 31)


def accept(address: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
    """Take a delivery as the door does, and work on it at once."""
    return 200 if deliver_body(body).state == "done" else 500
