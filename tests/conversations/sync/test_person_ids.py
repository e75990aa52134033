"""A stored thread keeps its person, in whatever order people are listed and whatever IDs they get."""

import itertools
import random

import pytest
from django.db.models import Count

from conversations.models import (
    Conversation,
    ConversationAlias,
    ConversationTag,
    InteractionEvent,
    Page,
    RemovedConversation,
    SyncRun,
    Thread,
)
from conversations.privacy.forget_person import delete_person
from conversations.sandbox import Person
from tests.conversations.sync.copies import row_versions
from tests.factories import TagFactory

pytestmark = pytest.mark.django_db

OLD, NEW = Person("7000000000000001", "Ana Test"), Person("7999999999999999", "Ana Test")
BEN = Person("7000000000000002", "Ben Test")


def rename(thread, person: Person) -> None:
    """Show the person of a thread under another ID, also in its messages."""
    for message in thread.history:
        if message.sender is thread.customer:
            message.sender = person
    thread.customer = person


def ids_of(conversation: Conversation) -> set[str]:
    return {conversation.sender_id, *conversation.aliases.values_list("sender_id", flat=True)}


# -- a new ID ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("full", [False, True])
def test_new_id_of_a_person_becomes_an_alias(sync, page, world, shop, full):
    thread = world.add_conversation(shop, OLD, 60)
    sync()
    row = Conversation.objects.get()
    row.tag_rows.create(tag=TagFactory(), page=page, act="12345678-1234-1234-1234-123456789012")
    Conversation.objects.update(conversation_status="done")
    rename(thread, NEW)
    world.add_message(thread, "News", from_page=True)
    result = sync(full=full)
    assert (result.status, result.updated, result.events_created) == ("complete", 1, 1)
    row = Conversation.objects.get()
    assert (row.events.count(), row.tag_rows.count(), row.conversation_status) == (61, 1, "done")
    assert (row.sender_id, ids_of(row)) == (OLD.id, {OLD.id, NEW.id})
    assert (page.threads.get().held_count, SyncRun.objects.latest("pk").ledger["messages"]["held"]) == (
        61,
        61,
    )
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


def test_other_threads_of_the_new_id_belong_to_the_person(sync, page, world, shop):
    thread = world.add_conversation(shop, OLD, 2)
    sync()
    rename(thread, NEW)
    other = world.add_conversation(shop, NEW, 2)
    world.add_message(thread, "News")
    result = sync()
    assert (result.status, result.inserted) == ("complete", 0)
    assert set(page.threads.values_list("graph_id", "conversation__sender_id")) == {
        (thread.id, OLD.id), (other.id, OLD.id),
    }  # fmt: skip
    assert ids_of(Conversation.objects.get()) == {OLD.id, NEW.id}


def test_order_of_people_does_not_change_the_person_of_a_thread(sync, page, world, shop):
    people = [{"id": shop.id, "name": shop.name}, {"id": OLD.id}, {"id": BEN.id}]
    thread = world.add_conversation(shop, BEN, 2, raw={"participants": {"data": people}})
    sync()
    owner = Conversation.objects.get().sender_id
    for order in itertools.permutations(people):
        thread.raw = {"participants": {"data": list(order)}}
        assert sync(full=True).status == "complete"
        assert Conversation.objects.get().sender_id == owner


def test_member_who_stays_in_a_group_is_no_alias_of_one_who_left(sync, page, world, shop):
    business = {"id": shop.id, "name": shop.name}
    thread = world.add_conversation(shop, OLD, 2)
    thread.raw = {"participants": {"data": [business, {"id": OLD.id}, {"id": BEN.id}]}}
    sync()
    thread.raw = {"participants": {"data": [business, {"id": BEN.id}]}}
    for text in ("One", "Two"):
        world.add_message(thread, text)
        sync(full=True)
    assert Conversation.objects.get().sender_id == OLD.id
    assert not ConversationAlias.objects.exists()


# -- two conversations of one person -----------------------------------------------------------------------
@pytest.fixture
def two(sync, page, world, shop):
    """Two threads of one person under two IDs, each with a tag; then both are shown under the new ID."""
    first, second = (world.add_conversation(shop, person, 30) for person in (OLD, NEW))
    sync()
    for number, row in enumerate(Conversation.objects.order_by("pk")):
        act = f"12345678-1234-1234-1234-12345678901{number}"
        row.tag_rows.create(tag=TagFactory(), page=page, act=act)
        row.events.create(kind="tag_added", occurred_at=row.last_message_time, data={"act": act})
    rename(first, NEW)
    return first, second


def test_two_conversations_of_one_person_are_joined(sync, page, two):
    assert Conversation.objects.count() == 2
    assert sync(full=True).status == "complete"
    row = Conversation.objects.get()
    assert ids_of(row) == {OLD.id, NEW.id}
    assert row.tag_rows.count() == 2
    assert row.events.filter(kind="tag_added").count() == 2
    assert row.events.filter(kind__startswith="message").count() == 60
    assert sorted(page.threads.values_list("state", "held_count")) == [("merged", 30), ("stored", 30)]
    assert [note for note in SyncRun.objects.latest("pk").notes if "joined: 1" in note]
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


def test_operator_separates_joined_conversations_for_good(sync, page, two, command):
    before = {
        row.sender_id: (row.pk, row.events.count(), row.tag_rows.get().tag_id, row.conversation_status)
        for row in Conversation.objects.all()
    }
    sync(full=True)
    record = RemovedConversation.objects.get()
    assert str(record.pk) in command("separateconversations").stdout
    assert command("separateconversations", str(record.pk)).returncode == 0
    after = {
        row.sender_id: (row.pk, row.events.count(), row.tag_rows.get().tag_id, row.conversation_status)
        for row in Conversation.objects.all()
    }
    assert after == before
    for _ in range(2):
        assert sync(full=True).status == "complete"
        assert Conversation.objects.count() == 2
    assert not ConversationAlias.objects.exists()
    again = command("separateconversations", str(record.pk))
    assert (again.returncode, "before" in again.stderr) == (1, True)
    assert command("separateconversations", "999999").returncode == 1
    assert command("separateconversations", "x").returncode == 2


# -- a database of an earlier version ----------------------------------------------------------------------
def test_full_run_joins_what_an_earlier_version_stored_twice(sync, page, world, shop, command):
    thread = world.add_conversation(shop, OLD, 60)
    sync()
    former = Conversation.objects.get()
    former.tag_rows.create(tag=TagFactory(), page=page, act="12345678-1234-1234-1234-123456789012")
    present = Conversation.objects.create(
        page=page, sender_id=NEW.id, sender_name=NEW.name, graph_id=thread.id,
        last_message_time=former.last_message_time,
    )  # fmt: skip
    for event in former.events.order_by("-occurred_at")[:25]:
        event.pk, event.conversation = None, present
        event.save()
    Thread.objects.update(conversation=present, held_count=85)
    rename(thread, NEW)
    world.add_message(thread, "News")
    assert sync(full=True).status == "complete"
    row = Conversation.objects.get()
    assert (row.pk, ids_of(row), row.events.count()) == (former.pk, {OLD.id, NEW.id}, 61)
    assert row.tag_rows.count() == 1
    assert page.threads.get().held_count == 61
    assert sync(full=True).events_created == 0
    assert Conversation.objects.count() == 1
    # Separated again, both have the messages that both had before.
    assert command("separateconversations", str(RemovedConversation.objects.get().pk)).returncode == 0
    counts = Conversation.objects.annotate(count=Count("events")).values_list("sender_id", "count")
    assert dict(counts.all()) == {OLD.id: 60, NEW.id: 26}
    assert sync(full=True).status == "complete"
    assert page.threads.get().conversation.sender_id == NEW.id
    assert dict(counts.all()) == {OLD.id: 60, NEW.id: 61}


@pytest.mark.parametrize("full", [False, True])
def test_person_whose_thread_has_a_new_id_too_keeps_the_conversation(sync, page, world, shop, full):
    thread = world.add_conversation(shop, OLD, 60)
    world.add_conversation(shop, Person("5", OLD.name), 1)
    sync()
    former = page.threads.get(graph_id=thread.id).conversation
    world.remove_conversation(thread)
    messages = [
        {"message": each.message, "id": each.id, "from_page": each.sender is not OLD}
        for each in thread.history
    ]
    world.add_conversation(shop, NEW, [*messages, "News"])
    assert sync(full=full).status == "complete"
    assert Conversation.objects.count() == 2
    former.refresh_from_db()
    assert ids_of(former) == {OLD.id, NEW.id}
    assert (former.events.count(), former.last_message) == (61, "News")


# -- deleted people ----------------------------------------------------------------------------------------
def test_deleted_person_is_forgotten_under_all_ids(sync, page, world, shop):
    thread = world.add_conversation(shop, OLD, 2)
    sync()
    rename(thread, NEW)
    sync(full=True)
    delete_person(Conversation.objects.get(), actor=None)
    assert not ConversationAlias.objects.exists()
    for person in (OLD, NEW):
        world.add_conversation(shop, person, 2)
    assert sync(full=True).inserted == 0
    assert not InteractionEvent.objects.exists()


def test_new_id_of_a_deleted_person_is_forgotten_too(sync, page, world, shop):
    thread = world.add_conversation(shop, OLD, 2)
    sync()
    delete_person(Conversation.objects.get(), actor=None)
    rename(thread, NEW)
    sync(full=True)
    world.add_conversation(shop, NEW, 2)
    assert sync(full=True).inserted == 0
    assert not Conversation.objects.exists()


# -- any order ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_runs_and_ids_gives_one_conversation_per_person(sync, page, world, shop, seed, sandbox):
    chance = random.Random(seed)
    people = [[Person(f"{7 + n}{number}", f"Customer {number}") for n in range(3)] for number in range(4)]
    threads = [(ids, world.add_conversation(shop, ids[0], 3)) for ids in people for _ in range(2)]
    sync()
    for _ in range(4):
        sandbox.switches.max_limit = chance.choice([1, 3, 100])
        for ids, thread in chance.sample(threads, 5):
            rename(thread, chance.choice(ids))
            world.add_message(thread, "News")
        assert sync(full=chance.random() < 0.5).status == "complete"
        rows = Conversation.objects.all()
        assert len(rows) == len(people)
        for row in rows:
            (ids,) = [ids for ids in people if row.sender_id in {person.id for person in ids}]
            assert ids_of(row) <= {person.id for person in ids}
            own = [thread for each, thread in threads if each is ids]
            assert row.events.count() == sum(len(thread.history) for thread in own)
            assert set(row.threads.values_list("graph_id", flat=True)) == {thread.id for thread in own}
    senders = Conversation.objects.values_list("sender_id", flat=True)
    assert not ConversationAlias.objects.filter(sender_id__in=senders).exists()
    assert Page.objects.get(pk=page.pk).business_aliases == {}
    assert not ConversationTag.objects.exists()
