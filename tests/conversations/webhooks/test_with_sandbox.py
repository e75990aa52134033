"""The webhooks of the sandbox's world and a sync of the same world: one state, in whatever form they come."""

import json

import pytest

from conversations.lib.attachments import attachments_of
from conversations.models import Conversation, InteractionEvent
from conversations.sandbox import Thread, World
from conversations.sandbox.data import media
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sandbox.webhooks.payloads import OBJECTS, others
from conversations.sync.service import sync_conversations
from tests.conversations.webhooks.deliveries import deliver_body

ACCOUNT = "17841400000000001"
FORMS = {
    "as usual": {},
    "bare ids of messages": {"mid_form": "bare"},
    "numbers and an array": {"numeric_ids": True, "as_array": True, "escape_unicode": False},
    "seconds": {"time_unit": "seconds"},
    "text": {"time_unit": "text"},
    "one batch, mixed": {"batch": 1000, "shuffle": True, "duplicate_items": 2, "mid_form": "mixed"},
    "twice": {"duplicate_posts": 1, "batch": 3},
    "after a failure": {},
}
KINDS = [
    media.image,
    media.gif,
    media.video,
    media.audio,
    media.file,
    media.template,
    media.sticker,
    media.share,
]


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", "Demo Shop", instagram_id=ACCOUNT, instagram_username="shop")


@pytest.fixture
def page(page):
    page.instagram_account_id, page.platforms = ACCOUNT, ["messenger", "instagram"]
    page.save()
    return page


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
@pytest.mark.parametrize("form", FORMS)
def test_webhooks_and_sync_store_the_same(page, shop, world, sandbox, form, platform):
    sender = sandbox.webhooks
    statuses = [500, 503] if form == "after a failure" else []
    sender.post = lambda address, body, headers, timeout: statuses.pop() if statuses else accept(body)
    sender.subscribe_app("unused")
    shop.subscribed_fields = PAGE_FIELDS
    for name, value in FORMS[form].items():
        setattr(sender.options, name, value)
    thread = tell(world, world.add_conversation(shop, "Ana", 0, platform=platform))
    sender.send_due()
    assert {attempt.status for attempt in sender.attempts} <= {200, 500, 503}
    by_webhooks = rows()
    assert [row[:2] for row in by_webhooks if not row[2]] == [
        (message.id, message.message) for message in reversed(thread.history.newest(0, 1000))
    ]
    result = sync_conversations(page, full=True)
    assert result.events_created == 0
    assert rows() == by_webhooks
    assert sync_conversations(page, full=True).updated == 0


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_items_of_further_kinds_and_odd_forms_cost_only_themselves(page, shop, platform):
    account = shop.id if platform == "messenger" else ACCOUNT
    states = {}
    for name, odd in others("7000000000000009", account, 1_795_089_600_000).items():
        content = {"object": OBJECTS[platform], "entry": [{"id": account, "messaging": [odd]}]}
        states[name] = deliver_body(json.dumps(content).encode()).state
    unknown = {"unknown kind", "without sender", "sender without id", "empty"}
    assert {name for name, state in states.items() if state != "done"} == unknown
    assert {states[name] for name in unknown} == {"partial"}
    shown = {kind for row in rows() for kind in row[4]}
    assert shown == {"Attachment", "Card", "Link", "Sticker", "Story", "Unavailable"}
    assert Conversation.objects.get().referral == {"source": "ADS", "ad_id": "238", "ad_title": "Sale"}


def tell(world: World, thread: Thread) -> Thread:
    """Let everything happen that both a list and webhooks tell."""
    world.clock.fix(int(world.clock.now()) - 3600)
    world.has_old_ids = True
    world.add_message(thread, "From the old days")
    world.has_old_ids = False
    for number, kind in enumerate(KINDS):
        world.clock.advance(1.25)
        fields = kind(100 + number)
        text = "" if kind in media.WORDLESS else f"Look {number}"
        world.add_message(thread, text, from_page=bool(number % 2), **fields)
    world.clock.advance(1)
    question = world.add_message(thread, "Grüße aus Köln 👍🏽")
    world.clock.advance(1)
    answer = world.add_message(thread, "Hello", from_page=True, reply_to={"mid": question.id})
    world.clock.advance(1)
    world.edit_message(thread, question.id, "Grüße aus Bonn")
    world.react(thread, answer.id, "love")
    slip = world.add_message(thread, "A slip")
    world.clock.advance(1)
    world.remove_message(thread, slip.id)
    world.tap_button(thread, "Track my order", "TRACK")
    world.mark_delivered(thread)
    world.mark_read(thread)
    return thread


def accept(body: bytes) -> int:
    """Take a delivery as the door does, and work on it at once."""
    delivery = deliver_body(body)
    assert delivery.state == "done", delivery.error
    return 200


def rows() -> list[tuple]:
    """Return (ID, text, whether it is unsent, side, attachments) of the messages in their order."""
    messages = InteractionEvent.objects.filter(kind__startswith="message_")
    return [
        (
            event.graph_id,
            event.text,
            "deleted" in event.data,
            event.kind,
            [each.kind for each in attachments_of(event.attachments, event.data, event.text)],
        )
        for event in messages.order_by("occurred_at", "rank", "id")
    ]
