"""Reading one conversation from Facebook while a user waits."""

import pytest

from conversations.actions.refresh import current_attachment_url, facebook_url, refresh
from conversations.connections.interactive import FacebookRefused, RefusalReason
from conversations.connections.probe import probe_page
from conversations.lib.locks import sync_lock
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.sandbox import Endless, faults
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(world, shop, page):
    """A synced thread of 40 messages."""
    thread = world.add_conversation(shop, "Ana", messages=40)
    sync_conversations(page)
    return thread


def stored_conversation() -> Conversation:
    return Conversation.objects.get()


def stored_message_ids() -> list[str]:
    return sorted(event.graph_id or "" for event in InteractionEvent.objects.all())


def facebook_message_ids(thread) -> list[str]:
    """IDs of the messages at Facebook."""
    return sorted(message.id for message in thread.history.newest(0, len(thread.history)))


def refused(ask) -> FacebookRefused:
    with pytest.raises(FacebookRefused) as caught:
        ask()
    return caught.value


def test_refresh_stores_new_messages_and_reports_them(world, thread):
    for number in range(3):
        world.add_message(thread, f"new {number}")
    result = refresh(stored_conversation())
    assert (result.events_created, result.message) == (3, "3 new messages.")
    assert stored_conversation().last_message == "new 2"
    assert stored_message_ids() == facebook_message_ids(thread)


def test_refresh_without_changes_is_one_call_and_writes_nothing(thread, sandbox):
    before, row = len(sandbox.call_log.calls), Conversation.objects.values().get()
    result = refresh(stored_conversation())
    assert (result.events_created, result.message) == (0, "No changes.")
    assert len(sandbox.call_log.calls) == before + 1
    assert Conversation.objects.values().get() == row


def test_refresh_reports_changes_without_a_message(thread):
    thread.unread_count = 7
    assert refresh(stored_conversation()).message == "No new messages; other changes were saved."
    assert stored_conversation().unread_count == 7


def test_refresh_reads_back_to_the_stored_messages(world, thread, page):
    for number in range(260):
        world.add_message(thread, f"new {number}")
    assert refresh(stored_conversation()).events_created == 260
    assert stored_message_ids() == facebook_message_ids(thread)
    assert Thread.objects.get().state == Thread.State.STORED
    assert sync_conversations(page).events_created == 0


def test_refresh_completes_a_history_that_a_sync_left_incomplete(world, shop, page, sandbox):
    thread = world.add_conversation(shop, "Ana", messages=300)
    sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    sync_conversations(page)
    assert Thread.objects.get().state == Thread.State.OWED
    sandbox.faults.clear()
    refresh(stored_conversation())
    assert stored_message_ids() == facebook_message_ids(thread)
    assert Thread.objects.get().history == Thread.History.COMPLETE


@pytest.fixture
def no_time(monkeypatch):
    """No time is left to read older messages."""
    monkeypatch.setattr("conversations.actions.refresh.MAX_READ_SECONDS", 0)


def test_messages_beyond_the_time_limit_are_left_to_the_next_sync(world, thread, page, no_time):
    for number in range(200):
        world.add_message(thread, f"new {number}")
    result = refresh(stored_conversation())
    assert result.message == "26 new messages so far. The next sync reads the older ones."
    assert Thread.objects.get().state == Thread.State.OWED
    sync_conversations(page)
    assert stored_message_ids() == facebook_message_ids(thread)
    assert Thread.objects.get().state == Thread.State.STORED


def test_backfill_state_of_a_sync_is_replaced_for_a_newer_gap(world, shop, page, sandbox, no_time):
    thread = world.add_conversation(shop, "Ana", messages=300, updated_time=world.clock.now() - 3600)
    sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    sync_conversations(page)
    before = Thread.objects.get().backfill
    sandbox.faults.clear()
    for number in range(200):
        world.add_message(thread, f"new {number}")
    refresh(stored_conversation())
    assert before
    assert Thread.objects.get().backfill["newest"] > before["newest"]
    sync_conversations(page)
    assert stored_message_ids() == facebook_message_ids(thread)


def test_refresh_during_a_sync_is_refused_only_if_it_would_leave_a_gap(world, thread, page, no_time):
    with sync_lock(page.pk):
        world.add_message(thread, "new")
        assert refresh(stored_conversation()).events_created == 1
        for number in range(200):
            world.add_message(thread, f"more {number}")
        error = refused(lambda: refresh(stored_conversation()))
    assert (error.reason, "a running sync is reading them" in str(error)) == (RefusalReason.FACEBOOK, True)
    assert len(stored_message_ids()) == 41


def test_newer_state_stored_by_a_sync_is_not_overwritten(world, thread, page):
    thread_row = Thread.objects.get()
    Thread.objects.update(updated_time=thread_row.updated_time.replace(year=2100), state=Thread.State.OWED)
    world.add_message(thread, "new")
    assert refresh(stored_conversation()).message == "A sync has just updated this conversation."
    assert Thread.objects.get().state == Thread.State.OWED
    assert len(stored_message_ids()) == 40


def test_refresh_of_an_endless_thread_is_refused_after_twenty_calls(world, shop, page, sandbox):
    thread = world.add_conversation(shop, "Ana", messages=40)
    thread.endless = Endless("none", "new")
    sync_conversations(page)
    sandbox.call_log.clear()
    refusal = refused(lambda: refresh(stored_conversation()))
    assert refusal.reason is RefusalReason.FACEBOOK
    assert "never ends" in str(refusal)
    assert len(sandbox.call_log) == 1 + 1 + 20
    assert stored_message_ids() == facebook_message_ids(thread)


def test_instagram_is_read_as_far_as_facebook_shows_it(world, page, sandbox):
    shop = world.pages[page.facebook_page_id]
    shop.instagram_id = "17841400000000001"
    shop.__post_init__()
    Page.objects.update(instagram_account_id=shop.instagram_id)
    page.refresh_from_db()
    thread = world.add_conversation(shop, "Ana", messages=50, platform="instagram")
    sync_conversations(page)
    world.add_message(thread, "new")
    assert refresh(stored_conversation()).events_created == 1
    assert Thread.objects.get().history == Thread.History.TRUNCATED


# -- what goes wrong ---------------------------------------------------------------------------------------
def test_invalid_token_is_refused_and_a_job_asks_facebook_again(world, thread, page):
    world.break_token(page.access_token, 460)
    error = refused(lambda: refresh(stored_conversation()))
    assert error.reason == RefusalReason.RECONNECT
    assert "has a new password" in str(error)
    assert page.access_token not in str(error)
    page.refresh_from_db()
    assert page.connection == (Page.State.CONNECTED, "")
    assert page.probe_at is not None
    probe_page(page)
    page.refresh_from_db()
    assert page.state == Page.State.RECONNECT
    assert "has a new password" in page.state_reason


def test_page_that_needs_a_reconnect_is_not_called(thread, page, sandbox):
    page.reconnect("The access token has expired.")
    calls = len(sandbox.call_log.calls)
    assert refused(lambda: refresh(stored_conversation())).reason == RefusalReason.RECONNECT
    assert len(sandbox.call_log.calls) == calls


def test_permission_that_is_missing_for_one_thread_changes_no_state(thread, page, sandbox):
    sandbox.faults.add(faults.permission_error(), times=None, path=f"/{thread.id}")
    assert refused(lambda: refresh(stored_conversation())).reason == RefusalReason.RECONNECT
    page.refresh_from_db()
    probe_page(page)
    page.refresh_from_db()
    assert (page.state, page.probe_at) == (Page.State.CONNECTED, None)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (faults.unavailable(), RefusalReason.FACEBOOK),
        (faults.html(), RefusalReason.FACEBOOK),
        (faults.reset(), RefusalReason.FACEBOOK),
        (faults.graph_error(613), RefusalReason.FACEBOOK),
        (faults.permission_error(), RefusalReason.RECONNECT),
        (faults.graph_error(100, 33), RefusalReason.GONE),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_failures_map_to_refusal_reasons(thread, sandbox, fault, why):
    sandbox.faults.add(fault, times=None)
    assert refused(lambda: refresh(stored_conversation())).reason == why
    assert len(stored_message_ids()) == 40


def test_refresh_does_not_wait_for_a_long_rate_limit(thread, sandbox, settings):
    settings.GRAPH_RETRY_SECONDS = 10
    sandbox.faults.add(faults.graph_error(613), times=None)
    error = refused(lambda: refresh(stored_conversation()))
    assert "is limiting our requests" in str(error)


# -- links -------------------------------------------------------------------------------------------------
@pytest.fixture
def invoice(world, shop, page):
    """A synced message with two images, a sticker and a link; afterwards Facebook returns other links."""
    fields = {**media.two_images(7), **media.sticker(7), **media.share(7)}
    thread = world.add_conversation(shop, "Ana", messages=[{"message": "", **fields}])
    sync_conversations(page)
    message = thread.history.newest(0, 1)[0]
    message.fields |= {**media.two_images(7), "sticker": "https://new.example/sticker.png"}
    for item in message.fields["attachments"]:
        item["image_data"]["url"] = f"https://new.example/{item['id']}.jpg"
    return message


def test_expired_attachment_link_is_renewed_and_stored(invoice):
    event = InteractionEvent.objects.get()
    assert current_attachment_url(event, 1) == "https://new.example/8.jpg"
    assert current_attachment_url(event, 2) == "https://new.example/sticker.png"
    stored = InteractionEvent.objects.get()
    assert [item["image_data"]["url"] for item in stored.attachments] == [
        "https://new.example/7.jpg",
        "https://new.example/8.jpg",
    ]
    assert stored.data["sticker"] == "https://new.example/sticker.png"
    assert (stored.text, stored.kind, stored.graph_id) == (event.text, event.kind, event.graph_id)


def test_attachment_is_found_by_its_id_not_its_position(invoice):
    invoice.fields["attachments"].reverse()
    assert current_attachment_url(InteractionEvent.objects.get(), 0) == "https://new.example/7.jpg"


def test_permanent_link_needs_no_call(invoice, sandbox):
    calls = len(sandbox.call_log.calls)
    assert current_attachment_url(InteractionEvent.objects.get(), 3) == "https://shop.example/products/7"
    assert len(sandbox.call_log.calls) == calls


def test_deleted_attachment_is_refused_and_the_stored_one_stays(invoice):
    invoice.fields["attachments"] = []
    event = InteractionEvent.objects.get()
    assert refused(lambda: current_attachment_url(event, 0)).reason == RefusalReason.GONE
    assert InteractionEvent.objects.get().attachments == event.attachments


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", 7, None, "//x.example/y"])
def test_only_web_addresses_are_returned(invoice, address):
    for item in invoice.fields["attachments"]:
        item["image_data"]["url"] = address
    assert (
        refused(lambda: current_attachment_url(InteractionEvent.objects.get(), 0)).reason
        == RefusalReason.GONE
    )


def test_attachment_without_a_link_is_refused_without_a_call(invoice, sandbox):
    calls = len(sandbox.call_log.calls)
    assert (
        refused(lambda: current_attachment_url(InteractionEvent.objects.get(), 99)).reason
        == RefusalReason.NOTHING
    )
    assert len(sandbox.call_log.calls) == calls


def test_facebook_url_is_read_from_facebook(thread):
    assert (
        facebook_url(stored_conversation())
        == f"https://www.facebook.com/Demo-Shop-900000000000001/inbox/{thread.number}/"
    )


@pytest.mark.parametrize(
    "link", ["https://evil.example/", "//evil.example/", "javascript:x", "http://[", 7, None]
)
def test_facebook_url_must_be_an_address_of_facebook(thread, link):
    thread.raw = {"link": link}
    assert refused(lambda: facebook_url(stored_conversation())).reason == RefusalReason.NOTHING
