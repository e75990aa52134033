"""One conversation asked for while somebody waits."""

import pytest

from conversations import refreshing
from conversations.asking import Refused, Why
from conversations.locks import sync_lock
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.refreshing import fresh_attachment, refresh, thread_link
from conversations.sandbox import faults, media
from conversations.sync.service import sync_conversations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(world, shop, page):
    """Of 40 messages, synced."""
    thread = world.add_conversation(shop, "Ana", messages=40)
    sync_conversations(page)
    return thread


def ours() -> Conversation:
    return Conversation.objects.get()


def held() -> list[str]:
    return sorted(event.graph_id or "" for event in InteractionEvent.objects.all())


def shown(thread) -> list[str]:
    """What Facebook has."""
    return sorted(message.id for message in thread.history.newest(0, len(thread.history)))


def refused(ask) -> Refused:
    with pytest.raises(Refused) as caught:
        ask()
    return caught.value


def test_new_messages_come_and_are_told(world, thread):
    for number in range(3):
        world.add_message(thread, f"new {number}")
    done = refresh(ours())
    assert (done.events_created, done.message) == (3, "3 new messages.")
    assert ours().last_message == "new 2"
    assert held() == shown(thread)


def test_nothing_new_is_one_call_and_writes_nothing(thread, sandbox):
    before, row = len(sandbox.ledger.calls), Conversation.objects.values().get()
    done = refresh(ours())
    assert (done.events_created, done.message) == (0, "Nothing new.")
    assert len(sandbox.ledger.calls) == before + 1
    assert Conversation.objects.values().get() == row


def test_what_changed_without_a_message_is_told(thread):
    thread.unread_count = 7
    assert refresh(ours()).message == "No new message; the rest is up to date now."
    assert ours().unread_count == 7


def test_a_long_absence_is_read_down_to_what_is_held(world, thread, page):
    for number in range(260):
        world.add_message(thread, f"new {number}")
    assert refresh(ours()).events_created == 260
    assert held() == shown(thread)
    assert Thread.objects.get().state == Thread.State.STORED
    assert sync_conversations(page).events_created == 0


def test_a_history_that_a_sync_left_open_is_read_to_its_beginning(world, shop, page, sandbox):
    thread = world.add_conversation(shop, "Ana", messages=300)
    sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    sync_conversations(page)
    assert Thread.objects.get().state == Thread.State.OWED
    sandbox.faults.clear()
    refresh(ours())
    assert held() == shown(thread)
    assert Thread.objects.get().history == Thread.History.COMPLETE


@pytest.fixture
def hurried(monkeypatch):
    """There is no time to read older messages."""
    monkeypatch.setattr(refreshing, "READING_SECONDS", 0)


def test_what_there_is_no_time_for_is_owed_to_the_next_sync(world, thread, page, hurried):
    for number in range(200):
        world.add_message(thread, f"new {number}")
    done = refresh(ours())
    assert done.message == "26 new messages so far. The next sync brings the older ones."
    assert Thread.objects.get().state == Thread.State.OWED
    sync_conversations(page)
    assert held() == shown(thread)
    assert Thread.objects.get().state == Thread.State.STORED


def test_a_place_that_a_sync_left_is_not_taken_for_that_of_the_newer_gap(world, shop, page, sandbox, hurried):
    thread = world.add_conversation(shop, "Ana", messages=300, updated_time=world.clock.now() - 3600)
    sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    sync_conversations(page)
    before = Thread.objects.get().reading
    sandbox.faults.clear()
    for number in range(200):
        world.add_message(thread, f"new {number}")
    refresh(ours())
    assert before
    assert Thread.objects.get().reading["newest"] > before["newest"]
    sync_conversations(page)
    assert held() == shown(thread)


def test_a_sync_is_no_obstacle_but_for_a_gap_that_it_could_take_for_closed(world, thread, page, hurried):
    with sync_lock(page.pk):
        world.add_message(thread, "new")
        assert refresh(ours()).events_created == 1
        for number in range(200):
            world.add_message(thread, f"more {number}")
        error = refused(lambda: refresh(ours()))
    assert (error.why, "a sync is bringing it" in str(error)) == (Why.FACEBOOK, True)
    assert len(held()) == 41


def test_a_newer_state_that_a_sync_stored_meanwhile_stays(world, thread, page):
    late = Thread.objects.get()
    Thread.objects.update(updated_time=late.updated_time.replace(year=2100), state=Thread.State.OWED)
    world.add_message(thread, "new")
    assert refresh(ours()).message == "A sync has just brought the newest state."
    assert Thread.objects.get().state == Thread.State.OWED
    assert len(held()) == 40


def test_instagram_is_read_as_far_as_it_shows(world, page, sandbox):
    shop = world.pages[page.facebook_page_id]
    shop.instagram_id = "17841400000000001"
    shop.__post_init__()
    Page.objects.update(instagram_account_id=shop.instagram_id)
    page.refresh_from_db()
    thread = world.add_conversation(shop, "Ana", messages=50, platform="instagram")
    sync_conversations(page)
    world.add_message(thread, "new")
    assert refresh(ours()).events_created == 1
    assert Thread.objects.get().history == Thread.History.TRUNCATED


# -- what goes wrong ---------------------------------------------------------------------------------------
def test_a_dead_token_is_noted_and_not_used_again(world, thread, page, sandbox):
    world.break_token(page.access_token, 460)
    error = refused(lambda: refresh(ours()))
    assert error.why == Why.RECONNECT
    assert "has a new password" in str(error)
    assert page.access_token not in str(error)
    page.refresh_from_db()
    assert page.connection[0] == Page.State.RECONNECT
    calls = len(sandbox.ledger.calls)
    assert refused(lambda: refresh(ours())).why == Why.RECONNECT
    assert len(sandbox.ledger.calls) == calls


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (faults.unavailable(), Why.FACEBOOK),
        (faults.html(), Why.FACEBOOK),
        (faults.reset(), Why.FACEBOOK),
        (faults.graph_error(613), Why.FACEBOOK),
        (faults.permission_error(), Why.RECONNECT),
        (faults.graph_error(100, 33), Why.GONE),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_failures_are_refused_by_what_can_be_done(thread, sandbox, fault, why):
    sandbox.faults.add(fault, times=None)
    assert refused(lambda: refresh(ours())).why == why
    assert len(held()) == 40


def test_nobody_waits_long_for_a_throttle(thread, sandbox, settings):
    settings.GRAPH_RETRY_SECONDS = 10
    sandbox.faults.add(faults.graph_error(613), times=None)
    error = refused(lambda: refresh(ours()))
    assert "makes us wait" in str(error)


# -- links -------------------------------------------------------------------------------------------------
@pytest.fixture
def invoice(world, shop, page):
    """A message with two pictures, a sticker and a link, synced; then Facebook gives other links."""
    fields = {**media.two_images(7), **media.sticker(7), **media.share(7)}
    thread = world.add_conversation(shop, "Ana", messages=[{"message": "", **fields}])
    sync_conversations(page)
    message = thread.history.newest(0, 1)[0]
    message.fields |= {**media.two_images(7), "sticker": "https://new.example/sticker.png"}
    for item in message.fields["attachments"]:
        item["image_data"]["url"] = f"https://new.example/{item['id']}.jpg"
    return message


def test_an_attachments_link_is_asked_anew_and_kept(invoice):
    event = InteractionEvent.objects.get()
    assert fresh_attachment(event, 1) == "https://new.example/8.jpg"
    assert fresh_attachment(event, 2) == "https://new.example/sticker.png"
    kept = InteractionEvent.objects.get()
    assert [item["image_data"]["url"] for item in kept.attachments] == [
        "https://new.example/7.jpg",
        "https://new.example/8.jpg",
    ]
    assert kept.data["sticker"] == "https://new.example/sticker.png"
    assert (kept.text, kept.kind, kept.graph_id) == (event.text, event.kind, event.graph_id)


def test_an_attachment_is_found_by_its_id_not_its_place(invoice):
    invoice.fields["attachments"].reverse()
    assert fresh_attachment(InteractionEvent.objects.get(), 0) == "https://new.example/7.jpg"


def test_a_link_that_lasts_is_asked_of_nobody(invoice, sandbox):
    calls = len(sandbox.ledger.calls)
    assert fresh_attachment(InteractionEvent.objects.get(), 3) == "https://shop.example/products/7"
    assert len(sandbox.ledger.calls) == calls


def test_what_is_gone_is_refused_and_the_names_stay(invoice):
    invoice.fields["attachments"] = []
    event = InteractionEvent.objects.get()
    assert refused(lambda: fresh_attachment(event, 0)).why == Why.GONE
    assert InteractionEvent.objects.get().attachments == event.attachments


@pytest.mark.parametrize("odd", ["javascript:alert(1)", "data:text/html,x", 7, None, "//x.example/y"])
def test_only_addresses_of_the_web_are_led_to(invoice, odd):
    for item in invoice.fields["attachments"]:
        item["image_data"]["url"] = odd
    assert refused(lambda: fresh_attachment(InteractionEvent.objects.get(), 0)).why == Why.GONE


def test_what_has_no_link_is_refused_without_a_call(invoice, sandbox):
    calls = len(sandbox.ledger.calls)
    assert refused(lambda: fresh_attachment(InteractionEvent.objects.get(), 99)).why == Why.NOTHING
    assert len(sandbox.ledger.calls) == calls


def test_the_thread_at_facebook_is_asked_for_when_wanted(thread):
    assert thread_link(ours()) == f"https://www.facebook.com/Demo-Shop-900000000000001/inbox/{thread.number}/"


@pytest.mark.parametrize(
    "link", ["https://evil.example/", "//evil.example/", "javascript:x", "http://[", 7, None]
)
def test_only_facebook_is_the_thread_at_facebook(thread, link):
    thread.raw = {"link": link}
    assert refused(lambda: thread_link(ours())).why == Why.NOTHING
