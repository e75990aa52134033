"""Send's answer, echo, webhook and sync are one event, whatever comes first, twice, or never."""

from itertools import permutations

import pytest

from conversations.models import Conversation, InteractionEvent, OutgoingMessage
from conversations.sandbox.data import media
from conversations.sending import attempts
from conversations.sending.outgoing_files import OutgoingFile
from conversations.sending.sent_events import record_sent
from conversations.sending.settlement import settle
from conversations.sync.service import sync_conversations
from tests.conversations.webhooks.deliveries import deliver, item
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = ["answer", "echo", "sync"]
ORDERS = [*permutations(STEPS), *permutations(STEPS, 2), *permutations(STEPS, 1)]
PNG = OutgoingFile("image", "boat.png", "image/png", b"\x89PNG\r\n\x1a\n")


@pytest.fixture
def thread(world, shop):
    return world.add_conversation(shop, "Ana", ["Is it red?"])


@pytest.fixture
def conversation(page, thread):
    sync_conversations(page)
    return Conversation.objects.get()


class Story:
    """One message that is at Facebook, and what tells us so."""

    def __init__(self, world, thread, page, message: OutgoingMessage, *, has_metadata: bool):
        self.page, self.thread, self.message, self.has_metadata = page, thread, message, has_metadata
        self.text = message.text
        fields = media.image(1) if message.file_kind else {}
        self.true = world.add_message(thread, message.text, from_page=True, **fields)
        taken = attempts.take(1)
        assert taken
        assert attempts.begin(taken, 1)
        self.taken = taken

    def answer(self) -> None:
        record_sent(self.taken, self.true.id)

    def lose(self) -> None:
        attempts.leave_uncertain(self.taken, 1, "No answer.")

    def echo(self) -> None:
        metadata = {"metadata": self.message.metadata, "app_id": 1} if self.has_metadata else {}
        files = [{"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/1.png"}}]
        content = {"attachments": files} if self.message.file_kind else {"text": self.text}
        echo = {"mid": self.true.id, "is_echo": True, **metadata, **content}
        ms = int(self.true.created_time * 1000)
        assert deliver(item("message", echo, ms=ms, from_page=True, person=self.thread.customer.id))

    def sync(self) -> None:
        sync_conversations(self.page, full=True)


@pytest.mark.parametrize("kind", ["text", "file"])
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_one_event_in_any_order(world, thread, conversation, page, write, agent, order, kind):
    message = write() if kind == "text" else write("", file=PNG)
    story = Story(world, thread, page, message, has_metadata=True)
    if "answer" not in order:
        story.lose()
    for step in order:
        getattr(story, step)()
        settle()
        assert InteractionEvent.objects.filter(kind="message_sent").count() == 1
    for step in order:  # once more
        getattr(story, step)()
        settle()
        check_one_event(message, story, agent)


def check_one_event(message, story, agent) -> None:
    event = InteractionEvent.objects.get(kind="message_sent")
    assert (event.graph_id, event.text, event.actor) == (story.true.id, story.text, agent)
    message.refresh_from_db()
    assert (message.state, message.graph_id, message.text) == ("sent", event.graph_id, "")


@pytest.mark.parametrize("order", [order for order in ORDERS if len(order) == 3], ids="-".join)
def test_the_rows_are_those_of_a_sync_and_a_webhook_alone(world, thread, conversation, page, write, order):
    story = Story(world, thread, page, write(), has_metadata=True)
    for step in order:
        getattr(story, step)()
    rows = content()
    assert rows == [("message_sent", story.true.id, "Hello", "1", None)]
    assert InteractionEvent.objects.get(kind="message_sent").occurred_at.timestamp() == pytest.approx(
        story.true.created_time, abs=1
    )
    assert sync_conversations(page, full=True).updated == 0


def content() -> list[tuple]:
    events = InteractionEvent.objects.filter(kind="message_sent")
    return [
        (
            event.kind,
            event.graph_id,
            event.text,
            str(event.data.get("app_id")),
            event.data.get("source") or event.data.get("time"),
        )
        for event in events
    ]


@pytest.mark.parametrize("step", ["echo", "sync"])
@pytest.mark.parametrize("kind", ["text", "file"])
def test_without_metadata_the_same_content_counts(
    world, thread, conversation, page, write, agent, kind, step
):
    message = write() if kind == "text" else write("", file=PNG)
    story = Story(world, thread, page, message, has_metadata=False)
    story.lose()
    getattr(story, step)()
    settle()
    check_one_event(message, story, agent)


def test_message_that_waits_for_its_answer_is_not_guessed(world, thread, conversation, page, write):
    """It may be somebody else's of the same text: the answer is still to come."""
    message = write()
    story = Story(world, thread, page, message, has_metadata=False)
    story.echo()
    settle()
    message.refresh_from_db()
    assert message.state == "sending"


@pytest.mark.parametrize("decision", ["retry", "discard"])
def test_echo_after_the_decision_of_a_person(world, thread, conversation, page, write, agent, decision):
    """It is sent, whatever they decided: it does not leave again."""
    from conversations.sending import outbox_decisions

    EventFactory(conversation=conversation, occurred_at=world_time(world))
    message = write()
    story = Story(world, thread, page, message, has_metadata=True)
    story.lose()
    message.refresh_from_db()
    getattr(outbox_decisions, decision)(message, actor=agent)
    story.echo()
    settle()
    message.refresh_from_db()
    assert message.state == "sent"
    assert attempts.take(1) is None


def world_time(world):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(world.clock.now(), UTC)


def test_reaction_before_the_answer(world, thread, conversation, page, write, agent):
    message = write()
    story = Story(world, thread, page, message, has_metadata=True)
    reaction = {"mid": story.true.id, "action": "react", "reaction": "love", "emoji": "❤"}
    ms = int(story.true.created_time * 1000) + 500
    deliver(item("reaction", reaction, ms=ms, person=thread.customer.id))
    story.answer()
    event = InteractionEvent.objects.get(graph_id=story.true.id)
    assert (event.kind, event.text) == ("message_sent", "Hello")
    assert event.data["reactions"][0]["actor"] == "customer"
    assert "stub" not in event.data


def test_message_that_was_unsent_before_the_answer_stays_empty(world, thread, conversation, page, write):
    story = Story(world, thread, page, write(), has_metadata=True)
    deletion = {"mid": story.true.id, "is_deleted": True, "is_echo": True}
    deliver(item("message", deletion, from_page=True, person=thread.customer.id))
    story.answer()
    event = InteractionEvent.objects.get(graph_id=story.true.id)
    assert (event.kind, event.text, event.data["deleted"]) == ("message_sent", "", True)


def test_conversation_that_was_joined_takes_its_outbox_along(page, conversation, write):
    from django.db import transaction

    from conversations.lib.locks import lock_rows
    from conversations.sync.load.joining import join

    message = write()
    other = Conversation.objects.create(page=page, sender_id="another")
    with transaction.atomic():
        lock_rows([page.pk])
        join(page, other, conversation)
    message.refresh_from_db()
    assert message.conversation_id == Conversation.objects.get().pk


def test_page_on_which_nobody_sends_costs_webhooks_nothing(
    page, conversation, thread, django_assert_max_num_queries
):
    """The number of statements of one webhook with a message, as it was before there was an outbox."""
    deliver(item("message", {"mid": "m_1", "text": "Hi"}, person=thread.customer.id))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        deliver(item("message", {"mid": "m_2", "text": "Hi"}, person=thread.customer.id))
        deliver(
            item(
                "message",
                {"mid": "m_3", "text": "Yes", "is_echo": True},
                from_page=True,
                person=thread.customer.id,
            )
        )
    assert not [
        each for each in captured.captured_queries if "outgoing" in each["sql"] or "outbox" in each["sql"]
    ]


def test_page_on_which_nobody_sends_costs_a_sync_nothing(page, conversation, world, thread):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    world.add_message(thread, "And blue?")
    with CaptureQueriesContext(connection) as captured:
        sync_conversations(page)
    assert not [
        each for each in captured.captured_queries if "outgoing" in each["sql"] or "outbox" in each["sql"]
    ]
