"""A conversation whose customer has just written, and what Facebook says to the messages of the Page."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import OutgoingMessage
from conversations.sending.outbox import Content, queue_message
from conversations.sending.outbox_worker import OutboxWorker
from tests.factories import ConversationFactory, EventFactory, member

ANA = "7000000000000001"


@pytest.fixture
def conversation(page):
    conversation = ConversationFactory(page=page, sender_id=ANA, last_message_time=None, message_count=0)
    EventFactory(conversation=conversation, occurred_at=timezone.now() - timedelta(hours=1))
    return conversation


@pytest.fixture
def agent(page):
    return member(page, "agent")


@pytest.fixture
def write(conversation, agent):
    """Queue a message that is due at once."""

    def queue(text: str = "Hello", **more) -> OutgoingMessage:
        content = Content(text, **more)
        message, _ = queue_message(conversation, content, author=agent, client_id=uuid.uuid4(), now=True)
        return message

    return queue


@pytest.fixture
def send():
    """Send everything that is due, as one process, until nothing is left to do."""
    worker = OutboxWorker()

    def work() -> None:
        for _ in range(20):
            worker.start_due()
            worker.wait(30)
            due = OutgoingMessage.objects.filter(state="queued", due_at__lte=timezone.now())
            if not due.exists():
                return

    yield work
    worker.close()
