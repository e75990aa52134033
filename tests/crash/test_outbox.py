"""Messages while the processes that send are killed: none is sent twice, and none is called sent that is not.

The victim dies at any moment: before Facebook is called, between the call and the answer, before the answer
is stored, or after it.
"""

import os
import random
import signal
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Conversation, InteractionEvent, OutgoingMessage, Page
from conversations.sandbox import SandboxServer, World
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sending.outbox import Content, queue_message
from conversations.sending.settlement import settle
from conversations.sync.service import sync_conversations
from tests.factories import UserFactory
from tests.live.process import Web
from tests.seeds import SEED

from .processes import Database, wait_until
from .test_webhooks import Worker

KILLS = int(os.environ.get("OUTBOX_KILLS", "6"))
PEOPLE, MESSAGES = 4, 3
State = OutgoingMessage.State


@pytest.fixture
def environment(database: Database, settings) -> dict[str, str]:
    settings.GRAPH_CALLS_PER_SECOND = 0
    return os.environ | {
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
        "GRAPH_CALLS_PER_SECOND": "0",
        "SYNC_EVERY_MINUTES": "0",
        "FACEBOOK_WEBHOOK_SECRETS": "sandbox-secret",
        "EMBEDDED_WORKER": "0",
    }


@pytest.fixture
def sandbox(settings):
    with SandboxServer(World()) as server:
        settings.GRAPH_API_URL = server.url
        yield server


class Killer:
    """Kills the worker at a random moment of the next calls."""

    def __init__(self, worker: Worker, draw: random.Random):
        self.worker, self.draw, self.is_armed = worker, draw, False

    def arm(self) -> None:
        self.is_armed = True

    def on_sent(self, *_) -> None:
        """Facebook has the message, and has not answered yet."""
        if self.is_armed and self.draw.random() < 0.5:
            self.is_armed = False
            self.worker.stop(signal.SIGKILL)


def test_kills_neither_repeat_nor_invent_a_message(database, environment, sandbox):
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    draw = random.Random(SEED)
    world, shop = sandbox.world, sandbox.world.add_page()
    threads = [world.add_conversation(shop, f"Person {n}", ["Is it red?"]) for n in range(PEOPLE)]
    page = Page.objects.create(facebook_page_id=shop.id, access_token=shop.token)
    sync_conversations(page)
    author = UserFactory(username="agent")
    environment |= {"GRAPH_API_URL": sandbox.url}
    web, worker = Web(environment), Worker(environment)
    killer = Killer(worker, draw)
    sandbox.send_api.on_sent.append(killer.on_sent)
    texts: dict[str, int] = {}
    try:
        shop.subscribed_fields = PAGE_FIELDS
        sandbox.webhooks.subscribe_app(f"{web.url}/webhooks/facebook")
        sandbox.webhooks.start()
        for kill in range(KILLS):
            killer.arm()
            for conversation in Conversation.objects.all():
                for number in range(MESSAGES):
                    text = f"{kill}.{conversation.pk}.{number}"
                    message, _ = queue_message(
                        conversation, Content(text), author=author, client_id=uuid.uuid4(), now=True
                    )
                    texts[text] = message.pk
            OutgoingMessage.objects.update(created_at=timezone.now() - timedelta(minutes=2))  # no rate limit
            if draw.random() < 0.3:  # at another moment than that of a call
                worker.stop(signal.SIGKILL)
            wait_until(lambda: worker.process.poll() is not None or is_settled(), "messages are sent")
            if worker.process.poll() is not None:
                worker.start()
        killer.is_armed = False
        wait_until(is_settled, "everything is settled")
    finally:
        sandbox.webhooks.stop()
        for process in (web, worker):
            process.process.kill()
            process.process.wait()
    check(threads, texts)
    sync_conversations(page)  # an echo may be lost with the call that it belongs to
    settle()
    check(threads, texts, is_all_known=True)


def is_settled() -> bool:
    open_states = [State.QUEUED, State.SENDING]
    unsettled = OutgoingMessage.objects.filter(state__in=open_states)
    waits = OutgoingMessage.objects.filter(state=State.UNCERTAIN, looked_at=None)
    return not unsettled.exists() and not waits.exists()


def check(threads, texts: dict[str, int], *, is_all_known: bool = False) -> None:
    """Each message is at Facebook once at most, and exactly once if it is said to be sent."""
    at_facebook = Counter(
        message.message
        for thread in threads
        for message in thread.history.newest(0, 10_000)
        if thread.is_business(message.sender)
    )
    rows = OutgoingMessage.objects.in_bulk(texts.values())
    states = {text: rows[pk].state for text, pk in texts.items()}
    assert [text for text, number in at_facebook.items() if number > 1] == [], "sent twice"
    sent = {text for text, state in states.items() if state == State.SENT}
    assert sent <= at_facebook.keys(), "said to be sent"
    assert set(states.values()) <= {State.SENT, State.UNCERTAIN}
    events = InteractionEvent.objects.filter(kind="message_sent")
    stored = Counter(events.values_list("text", flat=True))
    assert stored <= at_facebook
    if is_all_known:
        assert sent == at_facebook.keys()
        assert stored == at_facebook
        assert not events.filter(actor=None).exists()
