"""Messages while the processes that send are killed: none is sent twice, and none is called sent that is not.

The worker dies at any moment: while it starts, between the call and the answer, while the answer is stored,
or after that. The web process, which gets the echoes, dies, too.
"""

import os
import random
import signal
import threading
import time
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

from .forked_workers import ForkedWorker
from .processes import Database, wait_until

KILLS = int(os.environ.get("OUTBOX_KILLS", "6"))
PEOPLE = 4
MAX_WAITING = 30  # messages that are not sent yet
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
    """Kills the worker at a random moment of the next calls: most often before Facebook has answered."""

    def __init__(self, worker: ForkedWorker, draw: random.Random):
        self.worker, self.draw, self.is_armed, self.kills = worker, draw, False, 0

    def on_sent(self, *_) -> None:
        """Facebook has the message, and has not answered yet."""
        if not self.is_armed or self.draw.random() < 0.5:
            return
        self.is_armed = False
        if self.draw.random() < 0.6:
            self.kill()
        else:
            threading.Timer(self.draw.random() * 0.1, self.kill).start()

    def kill(self) -> None:
        self.worker.kill()
        self.kills += 1


def test_kills_neither_repeat_nor_invent_a_message(database, environment, sandbox):
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    draw = random.Random(SEED)
    world, shop = sandbox.world, sandbox.world.add_page()
    threads = [world.add_conversation(shop, f"Person {n}", ["Is it red?"]) for n in range(PEOPLE)]
    page = Page.objects.create(facebook_page_id=shop.id, access_token=shop.token)
    sync_conversations(page)
    author = UserFactory(username="agent")
    environment |= {"GRAPH_API_URL": sandbox.url}
    web, worker = Web(environment), ForkedWorker(environment)
    killer = Killer(worker, draw)
    sandbox.send_api.on_sent.append(killer.on_sent)
    texts: dict[str, int] = {}
    try:
        shop.subscribed_fields = PAGE_FIELDS
        sandbox.webhooks.subscribe_app(f"{web.url}/webhooks/facebook")
        sandbox.webhooks.options.retry_pauses, sandbox.webhooks.options.unsubscribe_minutes = (0.05,), 10**6
        sandbox.webhooks.start()
        while killer.kills < KILLS:
            if waiting().count() < MAX_WAITING:
                texts |= write(author, len(texts))
            killer.is_armed = True
            if draw.random() < 0.1:
                killer.kill()  # while it starts, or at work
            if draw.random() < 0.1:
                web.stop(signal.SIGKILL)
                web.start()
            wait_until(lambda: not worker.is_alive or is_settled(), "messages are sent")
            if not worker.is_alive:
                worker.start()
        killer.is_armed = False
        wait_until(is_settled, "everything is settled")
    finally:
        sandbox.webhooks.stop()
        worker.close()
        web.process.kill()
        web.process.wait()
    check(threads, texts)
    sync_conversations(page)  # an echo may be lost with the call that it belongs to
    settle()
    check(threads, texts, is_all_known=True)


def write(author, number: int) -> dict[str, int]:
    """Queue a message of its own text in each conversation. Return their IDs by their texts."""
    texts = {f"{number}.{row.pk}": row for row in Conversation.objects.all()}
    written = {
        text: queue_message(row, Content(text), author=author, client_id=uuid.uuid4(), now=True)[0].pk
        for text, row in texts.items()
    }
    OutgoingMessage.objects.update(created_at=timezone.now() - timedelta(minutes=2))  # no rate limit
    return written


def waiting():
    return OutgoingMessage.objects.filter(state__in=[State.QUEUED, State.SENDING])


def is_settled() -> bool:
    time.sleep(0.02)  # leave processor time to the processes
    unseen = OutgoingMessage.objects.filter(state=State.UNCERTAIN, looked_at=None)
    return not waiting().exists() and not unseen.exists()


def check(threads, texts: dict[str, int], *, is_all_known: bool = False) -> None:
    """Each message is at Facebook once at most, and exactly once if it is said to be sent.

    Each other one is named uncertain, with the reason that its reader gets. `is_all_known`: nothing that is
    at Facebook is uncertain, and each of its messages is one event, of the user who wrote it.
    """
    at_facebook = Counter(
        message.message
        for thread in threads
        for message in thread.history.newest(0, 10_000)
        if thread.is_business(message.sender)
    )
    rows = OutgoingMessage.objects.in_bulk(texts.values())
    states = {text: rows[pk].state for text, pk in texts.items()}
    sent = {text for text, state in states.items() if state == State.SENT}
    uncertain = [rows[pk] for text, pk in texts.items() if text not in sent]
    print(f"{len(sent)} sent, {len(uncertain)} uncertain, {len(at_facebook)} at Facebook")  # noqa: T201 - result
    assert [text for text, number in at_facebook.items() if number > 1] == [], "sent twice"
    assert at_facebook.keys() <= texts.keys(), "of nobody"
    assert sent <= at_facebook.keys(), "said to be sent"
    assert [row.state for row in uncertain if row.state != State.UNCERTAIN or not row.reason] == []
    events = InteractionEvent.objects.filter(kind="message_sent")
    stored = Counter(events.values_list("text", flat=True))
    assert stored <= at_facebook
    assert sent <= stored.keys()
    if is_all_known:
        assert sent == at_facebook.keys()
        assert stored == at_facebook
        assert not events.exclude(actor__username="agent").exists()
