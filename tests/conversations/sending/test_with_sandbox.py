"""Against Facebook as the sandbox plays it: what is there, what we say of it, and the one event of both."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations.alerts.watch import watch
from conversations.models import Alert, AuditEntry, Conversation, InteractionEvent, OutgoingMessage, Page
from conversations.sandbox import faults
from conversations.sandbox.send_api import send_faults
from conversations.sandbox.send_api.send_refusals import REFUSALS
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sending.outgoing_files import OutgoingFile
from conversations.sending.settlement import settle
from conversations.sync.service import sync_conversations
from tests.conversations.webhooks.deliveries import deliver_body
from tests.factories import api

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT = "17841400000000001"
PNG = OutgoingFile("image", "boat.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 1000)
RETRIED = {"rate", "instagram rate", "bothersome"}
UNCERTAIN = {"blocked by 2", "invalid JSON reply", "temporary"}
INSTAGRAM = {name for name in REFUSALS if name.startswith("instagram")}


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", "Demo Shop", instagram_id=ACCOUNT, instagram_username="shop")


@pytest.fixture
def page(page):
    page.instagram_account_id, page.platforms = ACCOUNT, ["messenger", "instagram"]
    page.save()
    return page


@pytest.fixture(params=["messenger", "instagram"])
def platform(request) -> str:
    return request.param


@pytest.fixture
def thread(world, shop, platform):
    return world.add_conversation(shop, "Ana", ["Is it red?"], platform=platform)


@pytest.fixture
def conversation(page, thread, webhooks):
    sync_conversations(page)
    return Conversation.objects.get()


@pytest.fixture
def webhooks(sandbox, shop):
    """Webhooks that are worked on at once, when the test lets them come."""
    sender = sandbox.webhooks
    sender.post = lambda address, body, headers, timeout: accept(body)
    shop.subscribed_fields = PAGE_FIELDS
    sender.subscribe_app("unused")
    return sender


def accept(body: bytes) -> int:
    """Work on a delivery at once, also in a thread of the sandbox."""
    assert deliver_body(body).state == "done"
    if threading.current_thread() is not threading.main_thread():
        connection.close()
    return 200


def at_facebook(thread) -> list[str]:
    messages = thread.history.newest(0, 100)
    return [each.id for each in messages if thread.is_business(each.sender)]


def check(message: OutgoingMessage, thread, state: str) -> None:
    message.refresh_from_db()
    assert message.state == state, message.reason
    events = InteractionEvent.objects.filter(kind="message_sent")
    if state == "sent":
        [event] = events
        assert at_facebook(thread) == [event.graph_id]
        assert event.actor == message.author


@pytest.mark.parametrize("echo", ["before", "after", "never"])
@pytest.mark.parametrize("kind", ["text", "file"])
def test_message_arrives_once_whenever_its_echo_comes(
    sandbox, thread, conversation, page, write, send, webhooks, echo, kind
):
    sandbox.send.echo = echo
    message = write("Yes, it is.") if kind == "text" else write("", file=PNG)
    send()
    check(message, thread, "sent")
    webhooks.send_due()
    check(message, thread, "sent")
    assert sync_conversations(page, full=True).events_created == 0
    check(message, thread, "sent")
    event = InteractionEvent.objects.get(kind="message_sent")
    assert event.text == ("Yes, it is." if kind == "text" else "")
    assert len(event.attachments) == (kind == "file")
    assert sync_conversations(page, full=True).updated == 0


LOST = {
    "answer lost": send_faults.answer_lost(),
    "error although sent": send_faults.error_although_sent(),
    "gateway": send_faults.sent_nevertheless(faults.html(504)),
    "no ID": send_faults.without_message_id(),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("by", ["echo", "sync", "look"])
def test_message_of_which_facebook_says_nothing_is_found(
    sandbox, thread, conversation, page, write, send, webhooks, settings, fault, by
):
    sandbox.faults.add(fault, path="/messages")
    message = write("Yes, it is.")
    send()
    check(message, thread, "uncertain")
    if by == "echo":
        webhooks.send_due()
        settle()
    elif by == "sync":
        sync_conversations(page, full=True)
        settle()
    else:
        settings.LOOK_AFTER_SECONDS = 0
        send()
    check(message, thread, "sent")


def test_message_that_was_not_sent_is_left_to_a_person(
    sandbox, thread, conversation, page, write, send, webhooks, settings
):
    sandbox.faults.add(send_faults.not_sent(), path="/messages")
    message = write("Yes, it is.")
    send()
    check(message, thread, "uncertain")
    settings.LOOK_AFTER_SECONDS = 0
    send()
    sync_conversations(page, full=True)
    send()
    check(message, thread, "uncertain")
    assert "not in the thread" in message.reason
    assert message.looked_at
    assert not at_facebook(thread)


@pytest.mark.parametrize("platform", ["messenger"])
@pytest.mark.parametrize("name", sorted(REFUSALS.keys() - INSTAGRAM))
def test_refusals_in_the_words_of_the_owner(
    sandbox, thread, conversation, page, write, send, webhooks, name, platform
):
    sandbox.faults.add(send_faults.refused(name), path="/messages")
    message = write()
    send()
    message.refresh_from_db()
    expected = "queued" if name in RETRIED else "uncertain" if name in UNCERTAIN else "failed"
    assert (message.state, bool(message.reason)) == (expected, True)
    assert Page.objects.get().state == "connected"
    assert not at_facebook(thread)


@pytest.mark.parametrize("platform", ["instagram"])
@pytest.mark.parametrize("name", sorted(INSTAGRAM))
def test_refusals_of_instagram(sandbox, thread, conversation, page, write, send, webhooks, name, platform):
    sandbox.faults.add(send_faults.refused(name), path="/messages")
    message = write()
    send()
    message.refresh_from_db()
    assert (message.state, bool(message.reason)) == ("queued" if name in RETRIED else "failed", True)
    assert Page.objects.get().state == "connected"


def test_facebook_closes_the_window_a_minute_after_us(
    sandbox, world, thread, conversation, write, send, webhooks
):
    event = conversation.events.get()
    since = timezone.now() - event.occurred_at
    early = timedelta(hours=24) - since - timedelta(seconds=90)
    InteractionEvent.objects.update(occurred_at=event.occurred_at - early)
    world.clock.advance(early.total_seconds())
    message = write()
    send()
    check(message, thread, "sent")


@pytest.mark.parametrize("is_approved", [True, False])
def test_answer_of_a_person_after_a_day(
    sandbox, world, thread, conversation, write, send, webhooks, settings, is_approved
):
    settings.FACEBOOK_HUMAN_AGENT, sandbox.send.human_agent = True, is_approved
    InteractionEvent.objects.update(occurred_at=timezone.now() - timedelta(days=2))
    world.clock.advance(2 * 86400)
    message = write()
    send()
    message.refresh_from_db()
    assert message.state == ("sent" if is_approved else "failed")
    assert is_approved or "Human Agent" in message.reason


def test_quote(sandbox, thread, conversation, page, write, send, webhooks):
    [question] = thread.history.newest(0, 1)
    message = write("This one", reply_to=question.id)
    send()
    check(message, thread, "sent")
    sync_conversations(page, full=True)
    event = InteractionEvent.objects.get(kind="message_sent")
    assert event.data["reply_to"] == question.id


def test_bare_id_in_the_answer_is_the_same_message(
    sandbox, thread, conversation, page, write, send, webhooks
):
    sandbox.send.message_id_form = "bare"
    message = write()
    send()
    webhooks.send_due()
    sync_conversations(page, full=True)
    check(message, thread, "sent")


def test_blocked_sending_is_an_alert_until_a_message_is_sent(
    sandbox, thread, conversation, page, write, send, webhooks
):
    def causes() -> list[str]:
        watch()
        return list(Alert.objects.filter(closed_at=None).values_list("cause", flat=True))

    sandbox.faults.add(send_faults.refused("policy"), path="/messages")
    message = write()
    send()
    check(message, thread, "failed")
    assert causes() == ["sending"]
    other = write("Again")
    send()
    other.refresh_from_db()
    assert (other.state, causes()) == ("sent", [])


@pytest.mark.parametrize("platform", ["messenger"])
def test_customer_who_blocked_the_page(sandbox, thread, conversation, write, send, webhooks, platform):
    thread.unreachable = "blocked"
    message = write()
    send()
    check(message, thread, "failed")
    assert "cannot be reached" in message.reason


def test_conversation_of_another_application_is_taken_over_by_a_person(
    sandbox, thread, conversation, write, send, webhooks
):
    thread.owner_app_id = "5"
    message = write()
    send()
    check(message, thread, "failed")
    client = api(message.author)
    assert client.get(f"/api/messages/{message.pk}").json()["message"]["canTakeOver"]
    sandbox.send.take_control = "refused"
    answer = client.post(f"/api/messages/{message.pk}/retry", {"takeOver": True}, format="json")
    assert (answer.status_code, "control of this thread" in answer.json()["error"]) == (409, True)
    check(message, thread, "failed")
    sandbox.send.take_control = "allowed"
    answer = client.post(f"/api/messages/{message.pk}/retry", {"takeOver": True}, format="json")
    assert not answer.json()["message"]["canTakeOver"]
    entry = AuditEntry.objects.get(action="message_retried")
    assert (entry.details, thread.owner_app_id) == (
        {"message": message.pk, "took_over": True},
        sandbox.switches.app_id,
    )
    OutgoingMessage.objects.update(due_at=timezone.now())
    send()
    check(message, thread, "sent")
