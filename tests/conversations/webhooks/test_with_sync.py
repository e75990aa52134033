"""Webhooks and syncs of the same messages: whatever comes first or twice, the rows are the same."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import Conversation, InteractionEvent, Thread, WebhookDelivery
from conversations.privacy.forget_person import delete_person
from conversations.sandbox import Person, World
from conversations.sync.service import sync_conversations
from tests.conversations.webhooks.deliveries import deliver, item
from tests.seeds import MORE, SEED

START = 1_795_089_600  # seconds
ROUNDS, ROUNDS_OF_DELETED = 40 * MORE, 8 * MORE
INSTAGRAM_EVERY = 4  # round
ACCOUNT = "17841400000000001"
NO_TIME = timedelta(0)


@dataclass
class Sent:
    """A message of the story, and whether its webhook is delivered."""

    id: str
    at: float
    from_page: bool
    text: str
    is_lost: bool
    edits: int = 0
    is_unsent: bool = False

    @property
    def ms(self) -> int:
        return round(self.at * 1000)


class Story:
    """What happens in one conversation at Facebook, and the webhooks that are still on their way."""

    def __init__(self, draw: random.Random, world: World, shop, number: int, platform: str):
        self.draw, self.world, self.platform = draw, world, platform
        self.thread = world.add_conversation(shop, f"Ana {number}", messages=[], platform=platform)
        assert self.thread.customer
        self.person = self.thread.customer.id
        self.messages: list[Sent] = []
        self.referrals: list[str] = []
        self.seen_until: datetime | None = None
        self.webhooks: list[dict] = []

    def happen(self) -> None:
        alive = [each for each in self.messages if not each.is_unsent]
        act = self.draw.choice(["write", "write", "write", "edit", "unsend", "react", "refer", "read"])
        if alive and act in ("refer", "read"):
            getattr(self, act)()
        elif act == "write" or not alive:
            self.write()
        else:
            getattr(self, act)(self.draw.choice(alive))

    def write(self) -> None:
        last = self.messages[-1].at if self.messages else START
        at = round(last + self.draw.choice([0, 0.05, 0.3, 1, 7]), 3)
        number = len(self.messages)
        sent = Sent(
            f"{'m_' if self.platform == 'messenger' else 'aWdf'}{self.person}{number}",
            at,
            self.draw.random() < 0.4,
            f"No. {number}",
            self.draw.random() < 0.2,
        )
        self.messages.append(sent)
        self.world.add_message(
            self.thread, sent.text, from_page=sent.from_page, created_time=sent.at, id=sent.id
        )
        if sent.is_lost:
            return
        if not sent.from_page and self.draw.random() < 0.2:
            self.send("postback", {"mid": sent.id, "title": sent.text, "payload": "X"}, sent)
        else:
            self.send("message", {"mid": sent.id, "text": sent.text}, sent)

    def edit(self, sent: Sent) -> None:
        sent.edits += 1
        sent.text = f"{sent.text}, {sent.edits}"
        self.world.edit_message(self.thread, sent.id, sent.text)
        edit = {"mid": sent.id, "text": sent.text, "num_edit": sent.edits}
        self.send("message_edit", edit, sent, ms=sent.ms + 1000 * sent.edits)

    def unsend(self, sent: Sent) -> None:
        sent.is_unsent = True
        self.world.remove_message(self.thread, sent.id)
        self.send("message", {"mid": sent.id, "is_deleted": True}, sent)

    def react(self, sent: Sent) -> None:
        fields = {"reaction": "love", "users": [{"id": self.person}]}
        self.world.edit_message(self.thread, sent.id, sent.text, reactions=[fields])
        love = {"mid": sent.id, "action": "react", "reaction": "love", "emoji": "❤"}
        self.webhooks.append(self.item("reaction", love, ms=sent.ms + 500))

    def refer(self) -> None:
        self.referrals.append(f"link {len(self.referrals)}")
        value = {"ref": self.referrals[-1], "source": "SHORTLINK", "type": "OPEN_THREAD"}
        webhook = self.item("referral", value, ms=1000 * START + 400 * len(self.referrals))
        self.webhooks += [webhook] * self.draw.choice([1, 2])

    def read(self) -> None:
        """The customer sees everything. Of a conversation that is not stored yet nobody notes that."""
        if Conversation.objects.filter(sender_id=self.person).exists():
            ms = self.messages[-1].ms
            self.seen_until = datetime.fromtimestamp(ms / 1000, UTC)
            self.webhooks.append(self.item("read", {"watermark": ms}, ms=ms))

    def send(self, kind: str, value: dict, sent: Sent, ms: int = 0) -> None:
        webhook = self.item(kind, value, ms=ms or sent.ms, from_page=sent.from_page)
        self.webhooks += [webhook] * self.draw.choice([1, 1, 1, 2])

    def item(self, kind: str, value: dict, *, ms: int, from_page: bool = False) -> dict:
        made = item(kind, value, ms=ms, from_page=from_page, person=self.person)
        if self.platform == "instagram":
            made["sender" if from_page else "recipient"] = {"id": ACCOUNT}
        return made

    def deliver(self, number: int) -> None:
        """Deliver some of the webhooks that are on their way, in any order."""
        self.draw.shuffle(self.webhooks)
        now, self.webhooks = self.webhooks[:number], self.webhooks[number:]
        of_account = {"account": ACCOUNT, "kind": "instagram"} if self.platform == "instagram" else {}
        if now:
            assert deliver(*now, **of_account).state == "done"

    def play(self, page) -> None:
        """Let several things happen, with webhooks and syncs between them."""
        for _ in range(self.draw.randrange(2, 10)):
            self.happen()
            if self.draw.random() < 0.5:
                self.deliver(self.draw.randrange(4))
            if self.draw.random() < 0.3:
                sync_conversations(page, full=self.draw.random() < 0.3)

    def check(self) -> None:
        """Compare the rows with what has happened."""
        stored = InteractionEvent.objects.filter(kind__startswith="message_")
        rows = list(stored.filter(conversation__sender_id=self.person).order_by("occurred_at", "rank", "id"))
        names = [row.graph_id for row in rows]
        told = [each for each in self.messages if each.id in names]
        alive = [each for each in told if not each.is_unsent]
        # Lists say nothing of the place of an unsent message within its second.
        assert [row.graph_id for row in rows if "deleted" not in row.data] == [each.id for each in alive]
        assert all(each.is_unsent for each in self.messages if each.id not in names)
        by_id = {row.graph_id: row for row in rows}
        for each in told:
            row = by_id[each.id]
            assert row.kind == ("message_sent" if each.from_page else "message_received")
            assert (row.text, row.data.get("deleted", False)) == (
                "" if each.is_unsent else each.text,
                each.is_unsent,
            )
            if not (each.is_lost or each.is_unsent):
                assert row.occurred_at == datetime.fromtimestamp(each.at, UTC)
            if not (each.is_lost and each.is_unsent):
                assert int(row.occurred_at.timestamp()) == int(each.at)
        conversation = Conversation.objects.get(sender_id=self.person)
        assert conversation.last_message == (alive[-1].text if alive else "")
        assert conversation.seen_until == self.seen_until
        assert (conversation.referral or {}).get("ref") == (self.referrals[-1] if self.referrals else None)
        referred = conversation.events.filter(kind="referral_received")
        assert referred.count() == len(self.referrals)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_any_interleaving_gives_the_same_rows(page, world, shop, number, monkeypatch):
    monkeypatch.setattr("conversations.sync.load.states.event_states.READ_BEFORE", NO_TIME)
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    platform = "messenger" if number % INSTAGRAM_EVERY else "instagram"
    if platform == "instagram":
        link_account(page, shop)
    story = Story(random.Random(f"{SEED}-{number}"), world, shop, number, platform)
    story.play(page)
    if story.draw.random() < 0.5:
        story.deliver(100)
        sync_conversations(page, full=True)
    else:
        sync_conversations(page, full=True)
        story.deliver(100)
        sync_conversations(page, full=True)
    story.check()
    before = rows()
    sync_conversations(page, full=True)
    assert rows() == before, "another sync must write nothing"
    assert not Thread.objects.exclude(state="stored").exists()


@pytest.mark.parametrize("number", range(ROUNDS_OF_DELETED))
def test_nothing_brings_a_deleted_person_back(page, world, shop, number):
    print(f"SEED={SEED}")  # noqa: T201 - to repeat it
    story = Story(random.Random(f"{SEED}-deleted-{number}"), world, shop, number, "messenger")
    story.play(page)
    sync_conversations(page)
    delete_person(Conversation.objects.get(), actor=None)
    story.play(page)
    story.deliver(100)
    sync_conversations(page, full=True)
    assert not Conversation.objects.exists()
    assert not InteractionEvent.objects.exists()
    assert all(story.person.encode() not in bytes(row.body) for row in WebhookDelivery.objects.all())


def link_account(page, shop) -> None:
    shop.instagram_id, shop.identities["instagram"] = ACCOUNT, Person(ACCOUNT, username="demoshop")
    page.instagram_account_id, page.platforms = ACCOUNT, ["messenger", "instagram"]
    page.save()


def rows() -> list[tuple]:
    return list(
        InteractionEvent.objects.order_by("pk").values_list("pk", "text", "occurred_at", "rank", "data")
    )


@pytest.mark.parametrize("is_stored", [True, False], ids=["after the message", "before the message"])
def test_list_that_still_shows_an_unsent_message_does_not_bring_it_back(page, world, shop, is_stored):
    texts = [{"message": "Before", "id": "m_1"}, {"message": "A secret", "id": "m_2"}]
    thread = world.add_conversation(shop, "Ana", texts)
    assert thread.customer
    if is_stored:
        sync_conversations(page)
    ms = round(thread.updated_time * 1000)
    deliver(item("message", {"mid": "m_2", "is_deleted": True}, ms=ms, person=thread.customer.id))
    for _ in range(2):
        sync_conversations(page, full=True)
        unsent = InteractionEvent.objects.get(graph_id="m_2")
        assert (unsent.text, unsent.data["deleted"]) == ("", True)
        assert Conversation.objects.get().last_message == "Before"


def test_sync_shows_a_message_that_was_edited_after_a_newer_one_was_unsent(page, world, shop):
    texts = [{"message": "Before", "id": "m_1"}, {"message": "A secret", "id": "m_2"}]
    thread = world.add_conversation(shop, "Ana", texts)
    assert thread.customer
    sync_conversations(page)
    ms = round(thread.updated_time * 1000)
    deliver(item("message", {"mid": "m_2", "is_deleted": True}, ms=ms, person=thread.customer.id))
    world.remove_message(thread, "m_2")
    world.edit_message(thread, "m_1", "Better")
    sync_conversations(page, full=True)
    conversation = Conversation.objects.get()
    assert (conversation.last_message, conversation.search) == ("Better", "ana\nbetter")


def test_unsent_message_that_no_list_has_shown_moves_no_other(page, world, shop):
    thread = world.add_conversation(shop, "Ana", messages=[])
    assert thread.customer
    person, at = thread.customer.id, 1000 * START
    world.add_message(thread, "One", id="m_1", created_time=START)
    sync_conversations(page)
    third: dict = {"ms": at + 650, "person": person}
    deliver(item("message", {"mid": "m_3", "text": "Three"}, **third))
    deliver(item("message", {"mid": "m_3", "is_deleted": True}, **third))
    world.add_message(thread, "Two", id="m_2", created_time=START)
    sync_conversations(page, full=True)
    deliver(item("message", {"mid": "m_2", "text": "Two"}, ms=at + 350, person=person))
    events = InteractionEvent.objects.filter(graph_id__isnull=False).order_by("occurred_at", "rank")
    placed = [(event.graph_id, event.occurred_at.microsecond // 1000) for event in events]
    assert placed == [("m_1", 0), ("m_2", 350), ("m_3", 650)]
