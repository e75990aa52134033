"""Webhooks while the web process and the worker are killed: none is lost, and none has its effect twice."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings

from conversations.models import Conversation, InteractionEvent, Page, WebhookDelivery
from conversations.sandbox import SandboxServer, Thread, World
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sync.service import sync_conversations
from tests.live.process import Web
from tests.seeds import SEED

from .processes import Database, wait_until

KILLS = int(os.environ.get("WEBHOOK_KILLS", "4"))
ACCOUNT = "17841400000000001"
PEOPLE, CHANGES = 6, 40


class Worker:
    """`manage.py procrastinate worker`, beside a web process that does not work on jobs."""

    def __init__(self, environment: dict[str, str]):
        self._environment = environment
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "procrastinate", "worker"]
        self.process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self, number: int) -> None:
        process = self.process  # another thread may start the next one meanwhile
        process.send_signal(number)
        process.wait(60)


class Story:
    """What is written, edited, unsent and reacted to, and what must be stored of it."""

    def __init__(self, world: World, shop, draw: random.Random):
        self.world, self.draw = world, draw
        platforms = ["messenger", "instagram"]
        self.threads = [
            world.add_conversation(shop, f"Person {number}", 0, platform=platforms[number % 2])
            for number in range(PEOPLE)
        ]
        self.texts: dict[Thread, dict[str, str | None]] = {thread: {} for thread in self.threads}

    def happen(self) -> None:
        thread = self.draw.choice(self.threads)
        texts = self.texts[thread]
        alive = [mid for mid, text in texts.items() if text is not None]
        act = self.draw.choice(["write", "write", "write", "edit", "unsend", "react"]) if alive else "write"
        mid = self.draw.choice(alive) if alive else ""
        if act == "write":
            text = f"No. {len(texts)}"
            texts[self.world.add_message(thread, text, from_page=self.draw.random() < 0.4).id] = text
        elif act == "edit":
            text = f"{texts[mid]}, edited"
            texts[mid] = text
            self.world.edit_message(thread, mid, text)
        elif act == "unsend":
            texts[mid] = None
            self.world.remove_message(thread, mid)
        else:
            self.world.react(thread, mid, self.draw.choice(["love", "haha", None]))

    def check(self, *, counts: bool) -> None:
        for thread, texts in self.texts.items():
            assert thread.customer
            events = InteractionEvent.objects.filter(conversation__sender_id=thread.customer.id)
            stored = [(event.graph_id, event.text) for event in events.filter(kind__startswith="message_")]
            assert sorted(stored) == sorted((mid, text or "") for mid, text in texts.items())
            if texts and counts:
                conversation = Conversation.objects.get(sender_id=thread.customer.id)
                assert conversation.message_count == len(texts), "an effect is lost, or came twice"


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
def sandbox(settings) -> Iterator[SandboxServer]:
    with SandboxServer(World()) as server:
        settings.GRAPH_API_URL = server.url
        yield server


def test_kills_neither_lose_nor_repeat_a_webhook(database, environment, sandbox):
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    draw = random.Random(SEED)
    shop = sandbox.world.add_page(instagram_id=ACCOUNT, instagram_username="demoshop")
    page = Page.objects.create(
        facebook_page_id=shop.id,
        access_token=shop.token,
        instagram_account_id=ACCOUNT,
        platforms=["messenger", "instagram"],
    )
    environment |= {"GRAPH_API_URL": sandbox.url}
    web, worker = Web(environment), Worker(environment)
    try:
        story = Story(sandbox.world, shop, draw)
        sender = sandbox.webhooks
        shop.subscribed_fields = PAGE_FIELDS
        sender.subscribe_app(f"{web.url}/webhooks/facebook")
        options = sender.options
        options.retry_pauses, options.unsubscribe_minutes = (0.05,), 10**6
        options.duplicate_items, options.duplicate_posts, options.shuffle, options.mid_form = (
            5,
            7,
            True,
            "mixed",
        )
        sender.start()
        for _ in range(KILLS):
            options.batch = draw.choice([1, 1, 3, 20])
            for _ in range(CHANGES):
                story.happen()
            seen = len(sender.attempts) + draw.randrange(1, 4)
            wait_until(lambda seen=seen: len(sender.attempts) >= seen, "webhooks are sent")
            victim = draw.choice([web, worker])
            victim.stop(signal.SIGKILL)
            for _ in range(5):
                story.happen()
            victim.start()
        wait_until(lambda: sender.is_idle, "all webhooks are accepted")
        pending = WebhookDelivery.objects.filter(state="pending")
        wait_until(lambda: not pending.exists(), "all deliveries are worked on")
    finally:
        sandbox.webhooks.stop()
        for process in (web, worker):
            process.process.kill()
            process.process.wait()
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}
    story.check(counts=True)
    result = sync_conversations(page)
    assert (result.status, result.events_created) == ("complete", 0)
    story.check(counts=False)  # Facebook does not count what was unsent
