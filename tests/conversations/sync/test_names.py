"""A known name of a customer stays when Facebook shows something else in its place."""

import itertools

import pytest
from django.test import Client

from conversations.models import Conversation
from conversations.sync.service import sync_conversations
from tests.factories import UserFactory

PLACEHOLDERS = ["Facebook User", "Instagram User", "Facebook-Nutzer", "", None, "7000000000000001", "\u3164"]


def show(thread, name) -> None:
    thread.customer.name = name


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_known_name_stays_and_is_found(page, world, shop, placeholder):
    thread = world.add_conversation(shop, "Ana Test")
    sync_conversations(page)
    show(thread, placeholder)
    world.add_message(thread, "Still here")
    sync_conversations(page)
    sync_conversations(page, full=True)
    conversation = Conversation.objects.get()
    assert (conversation.sender_name, conversation.last_message) == ("Ana Test", "Still here")
    client = Client()
    client.force_login(UserFactory(is_superuser=True))
    found = client.get("/api/conversations", {"search": "Ana"}).json()["conversations"]
    assert [row["sender_name"] for row in found] == ["Ana Test"]


@pytest.mark.parametrize("order", [*itertools.permutations(["", "Facebook User", "Ana Test"])])
def test_real_name_wins_in_any_order(page, world, shop, order):
    thread = world.add_conversation(shop, "")
    for name in order:
        show(thread, name)
        world.add_message(thread)
        sync_conversations(page)
    assert Conversation.objects.get().sender_name == "Ana Test"


def test_new_name_replaces_an_old_one(page, world, shop):
    thread = world.add_conversation(shop, "Ana Test")
    sync_conversations(page)
    show(thread, "Ana Married")
    world.add_message(thread)
    sync_conversations(page)
    assert Conversation.objects.get().sender_name == "Ana Married"


def test_person_without_any_name_is_shown_by_what_facebook_shows(page, world, shop):
    world.add_conversation(shop, "Facebook User")
    world.add_conversation(shop, "\u3164")
    sync_conversations(page)
    names = {str(row) for row in Conversation.objects.all()}
    assert "Facebook User" in names
    nameless = Conversation.objects.get(sender_name="\u3164")
    assert str(nameless) == f"No name ({nameless.sender_id})"
