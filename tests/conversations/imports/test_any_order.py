"""Imports, syncs and webhooks of the same messages: whatever comes first or twice, the rows are the same."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, ImportedThread, InteractionEvent, Page, Thread
from conversations.sandbox import World
from conversations.sandbox.data.facebook_page import Thread as ListedThread
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import START, counts_of, said, store, thread_of
from tests.conversations.webhooks.deliveries import deliver, item
from tests.conversations.webhooks.test_with_sync import ACCOUNT, link_account
from tests.seeds import MORE, SEED

ROUNDS = 24 * MORE
TWINS = ["ok", "ok", "Good morning", "Hello", ""]
KINDS = {True: "message_sent", False: "message_received"}


@dataclass
class Person:
    """A customer: the thread at Facebook, and what the archive says of it. `old` messages are only there."""

    name: str
    number: int
    platform: str
    thread: ListedThread
    said: list[tuple[float, str, bool]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    old: list[tuple[float, str, bool]] = field(default_factory=list)

    @property
    def sender_id(self) -> str:
        assert self.thread.customer
        return self.thread.customer.id

    def archive(self, until: int | None = None):
        lines = [*self.old, *self.said[:until]]
        made = [said(second, text, page=page) for second, text, page in lines]
        return thread_of(f"99{self.number}", *made, name=self.name, platform=self.platform)


class Story:
    """What people write, and the webhooks that are still on their way."""

    def __init__(self, draw: random.Random, world: World, shop, page):
        self.draw, self.world, self.shop, self.page = draw, world, shop, page
        self.webhooks: list[tuple[str, dict]] = []
        self.people: list[Person] = []
        self.second = 0.0
        for number in range(draw.randrange(1, 4)):
            self.add_person(number)

    def add_person(self, number: int) -> None:
        platform = self.draw.choice(["messenger", "messenger", "instagram"])
        name = self.draw.choice(["Ana", "Ben"])
        thread = self.world.add_conversation(self.shop, name, messages=[], platform=platform)
        person = Person(name, number, platform, thread)
        if platform == "messenger" and self.draw.random() < 0.5:
            person.old = [(-5000 + n, f"Long ago {number} {n}", n % 2 == 0) for n in range(3)]
        self.people.append(person)
        for n in range(2):  # what proves whose the thread is
            self.write(person, f"I am number {number}, {n}", page=False)

    def write(self, person: Person, text: str | None = None, *, page: bool | None = None) -> None:
        self.second = round(self.second + self.draw.choice([0, 0.05, 0.4, 1, 1, 7]), 3)
        text = self.draw.choice([*TWINS, f"No. {len(person.said)}"]) if text is None else text
        page = self.draw.random() < 0.4 if page is None else page
        mid = f"{'m_' if person.platform == 'messenger' else 'aWdf'}{person.number}x{len(person.ids)}"
        person.said.append((self.second, text, page))
        person.ids.append(mid)
        at = START + self.second
        picture: dict[str, Any] = {"attachments": [{"id": "1", "mime_type": "image/jpeg", "name": "a.jpg"}]}
        self.world.add_message(
            person.thread,
            text,
            from_page=page,
            created_time=at,
            id=mid,
            **({} if text else picture),
        )
        if self.draw.random() < 0.7:
            value = (
                {"mid": mid, "text": text}
                if text
                else {"mid": mid, "attachments": [{"type": "image", "payload": {}}]}
            )
            made = item("message", value, ms=round(1000 * at), from_page=page, person=person.sender_id)
            if person.platform == "instagram":
                made["sender" if page else "recipient"] = {"id": ACCOUNT}
            self.webhooks += [(person.platform, made)] * self.draw.choice([1, 1, 2])

    def deliver(self, number: int) -> None:
        self.draw.shuffle(self.webhooks)
        now, self.webhooks = self.webhooks[:number], self.webhooks[number:]
        for platform, made in now:
            entry = {"account": ACCOUNT, "kind": "instagram"} if platform == "instagram" else {}
            assert deliver(made, **entry).state == "done"

    def import_some(self) -> None:
        people = [one for one in self.people if self.draw.random() < 0.7]
        self.store(*(one.archive(self.draw.choice([None, None, -1])) for one in people))

    def store(self, *threads) -> None:
        store(self.page, *threads)

    def sync(self, *, full: bool) -> None:
        assert sync_conversations(Page.objects.get(pk=self.page.pk), full=full).status == "complete"

    def play(self) -> None:
        for _ in range(self.draw.randrange(3, 9)):
            act = self.draw.choice(["write", "write", "deliver", "import", "sync"])
            if act == "write":
                person = self.draw.choice(self.people)
                if len(person.said) < 16:  # Instagram shows 20
                    self.write(person)
            elif act == "deliver":
                self.deliver(self.draw.randrange(1, 4))
            elif act == "import":
                self.import_some()
            else:
                self.sync(full=self.draw.random() < 0.4)
        last: list[Callable[[], object]] = [
            lambda: self.deliver(100),
            lambda: self.sync(full=True),
            lambda: self.store(*self.archives()),
        ]
        self.draw.shuffle(last)
        for final in last:
            final()
        self.sync(full=True)

    def archives(self) -> list:
        return [one.archive() for one in self.people]

    def check(self) -> None:
        assert not Conversation.objects.filter(sender_id__startswith="archive:").exists()
        assert set(ImportedThread.objects.values_list("state", flat=True)) == {"matched"}
        for person in self.people:
            row = Conversation.objects.get(sender_id=person.sender_id)
            assert row.can_reply
            events = row.events.filter(kind__startswith="message_").oldest_first()
            assert [one.graph_id for one in events] == [*(None for _ in person.old), *person.ids]
            assert [(one.text, one.kind) for one in events] == [
                (text, KINDS[page]) for _, text, page in [*person.old, *person.said]
            ]
            assert not events.filter(graph_id__isnull=False, data__source="archive").exists()
            assert row.last_message == person.said[-1][1] or person.said[-1][1] == ""
            held = {thread.graph_id: thread.held_count for thread in row.threads.all()}
            assert held == {person.thread.id: len(person.ids)}
        assert not Thread.objects.exclude(state="stored").exists()
        assert not Thread.objects.exclude(history="complete").exists()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_any_order_gives_the_same_rows(page, world, shop, number):
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    link_account(page, shop)
    story = Story(random.Random(f"{SEED}-imports-{number}"), world, shop, page)
    story.play()
    story.check()
    before = versions()
    assert counts_of(store(page, *story.archives()))[1][::2] == (0, 0)
    story.sync(full=True)
    assert versions() == before, "nothing is left to write"
    stored = InteractionEvent.objects.filter(kind__startswith="message_").count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(messages) FROM conversations_messagecount WHERE page_id = %s", [page.pk])
        assert cursor.fetchone() == (stored,)


def versions() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text, ctid::text FROM conversations_interactionevent ORDER BY id")
        return cursor.fetchall()


# -- Pages without imports ---------------------------------------------------------------------------------
def test_pages_without_imports_ask_nothing_of_archives(page, world, shop):
    thread = world.add_conversation(shop, "Ana", [{"message": "Hi", "id": f"m_{n}"} for n in range(40)])
    with CaptureQueriesContext(connection) as queries:
        sync_conversations(page)
        person = thread.customer.id
        deliver(item("message", {"mid": "m_new", "text": "More"}, person=person))
        sync_conversations(page, full=True)
    assert InteractionEvent.objects.count() == 41
    words = ("import", "archive_messages", "stored_texts", "normalize")
    asked = [query["sql"] for query in queries if any(word in query["sql"] for word in words)]
    known = ("has_imports", "conversations_archivedpart")  # columns that are read, or counted, with others
    assert [sql for sql in asked if not any(name in sql for name in known)] == []
