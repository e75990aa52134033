"""The names of people whom only webhooks have shown."""

import pytest
from django.utils import timezone

from conversations.models import Conversation
from conversations.sandbox import faults
from conversations.sync.service import sync_conversations
from conversations.webhooks import person_names
from conversations.webhooks.person_names import name_people
from tests.conversations.webhooks.deliveries import deliver, item


@pytest.fixture
def ana(page, world, shop):
    """She has written, and only the webhook has come."""
    thread = world.add_conversation(shop, "Ana Test", ["Hello"])
    assert thread.customer
    deliver(item("message", {"mid": thread.history[0].id, "text": "Hello"}, person=thread.customer.id))
    return thread


def name() -> str:
    return Conversation.objects.get().sender_name


def asked(sandbox) -> int:
    return len(sandbox.call_log.matching(r"^/\d+\?fields"))


def test_name_is_asked_for_and_can_be_searched(ana, sandbox):
    assert name() == ""
    name_people()
    conversation = Conversation.objects.get()
    assert (conversation.sender_name, "ana test" in conversation.search) == ("Ana Test", True)
    name_people()
    assert asked(sandbox) == 1


@pytest.mark.parametrize("reason", ["public", "page"])
def test_name_of_a_page_or_of_a_hidden_profile_is_the_public_one(ana, sandbox, reason):
    sandbox.switches.profiles = "public" if reason == "public" else "shown"
    ana.customer.is_page = reason == "page"
    name_people()
    assert (name(), asked(sandbox)) == ("Ana Test", 2)


def test_person_without_a_profile_is_asked_for_once_a_day(ana, sandbox, page):
    sandbox.switches.profiles = "refused"
    name_people()
    name_people()
    assert (name(), asked(sandbox)) == ("", 2)
    Conversation.objects.update(name_asked_at=timezone.now() - person_names.AGAIN)
    sandbox.switches.profiles = "shown"
    name_people()
    assert name() == "Ana Test"


def test_outage_is_waited_for_an_hour(ana, sandbox):
    sandbox.faults.add(faults.unavailable(), times=5, path=r"first_name")
    name_people()
    name_people()
    assert (name(), asked(sandbox)) == ("", 5)
    Conversation.objects.update(name_asked_at=timezone.now() - person_names.AGAIN)
    name_people()
    assert name() == "Ana Test"


def test_page_that_must_pause_is_not_asked(ana, sandbox, monkeypatch):
    monkeypatch.setattr(person_names, "closed_seconds", lambda page_id, platform: 60)
    name_people()
    assert asked(sandbox) == 0


def test_name_of_a_sync_stays_and_one_that_nobody_shows_is_kept(ana, page, sandbox):
    name_people()
    ana.customer.name = "Ana Newname"
    sync_conversations(page)
    assert name() == "Ana Newname"
    person_names.save_name(page, Conversation.objects.get(), "Another")
    assert name() == "Ana Newname"


def test_placeholder_is_no_name(ana, page):
    ana.customer.hidden_as = "Facebook User"
    name_people()
    assert name() == ""
