"""Duplicates are merged and nothing is lost by it."""

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from conversations.locks import sync_lock
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.sync import takeover
from tests.conversations.sync.copies import row_versions
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory
from tests.takeovers import WITH_THE_OWNERS_INDEX, WITH_THE_OWNERS_KEY, WITHOUT_ANY_KEY, take_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(db) -> Page:
    return PageFactory()


def merge(*options: str) -> str:
    out = StringIO()
    call_command("mergeduplicates", *options, stdout=out)
    return out.getvalue()


def twins(page: Page, count: int = 2, **fields) -> list[Conversation]:
    return ConversationFactory.create_batch(count, page=page, sender_id="7", **fields)


def tag(conversation: Conversation, tag) -> None:
    ConversationTag.objects.create(
        conversation=conversation,
        tag=tag,
        page_id=conversation.page_id,
        last_message_time=conversation.last_message_time,
        act=uuid.uuid4(),
    )


@pytest.mark.parametrize("statements", [WITHOUT_ANY_KEY, WITH_THE_OWNERS_KEY, WITH_THE_OWNERS_INDEX])
def test_keys_are_made_and_wider_ones_dropped(page, statements):
    take_over(statements)
    if statements is WITHOUT_ANY_KEY:
        twins(page)
    said = merge()
    assert takeover.missing_keys() == []
    assert takeover.wider_keys(takeover.KEYS[0]) == []
    assert ("Dropped the wider key owner_key." in said) == (statements is not WITHOUT_ANY_KEY)
    assert "Made the unique key on conversations_conversation (page_id, sender_id)." in said
    with pytest.raises(IntegrityError), transaction.atomic():
        twins(page)
    again = merge()
    assert "0 duplicate conversations, 0 double events, 0 double threads, 0 double tags merged." in again
    assert "Every unique key is there." in again


def test_newest_state_wins_and_a_name_is_not_lost(page):
    take_over(WITHOUT_ANY_KEY)
    old, new = twins(page)
    Conversation.objects.filter(pk=new.pk).update(
        sender_name="", last_message="Newest", graph_id="t_new", unread_count=4
    )
    Conversation.objects.filter(pk=old.pk).update(sender_name="Zoë")
    other = ConversationFactory(page=page)
    merge()
    row = Conversation.objects.get(sender_id="7")
    assert (row.pk, row.sender_name, row.last_message, row.graph_id) == (old.pk, "Zoë", "Newest", "t_new")
    assert (row.unread_count, row.last_message_time, row.search) == (4, new.last_message_time, "zoe\nnewest")
    assert row.created_at == old.created_at
    assert Conversation.objects.filter(pk=other.pk).exists()


def test_no_tag_and_no_event_is_lost_and_none_doubled(page):
    take_over(WITHOUT_ANY_KEY)
    first, second, third = twins(page, 3)
    vip, late, rare = TagFactory.create_batch(3)
    for conversation, given in ((first, vip), (second, vip), (second, late), (third, rare)):
        tag(conversation, given)
        EventFactory(conversation=conversation, graph_id=None, kind="tag_added")
    for conversation, text in ((first, "Old"), (second, "New"), (second, "Newest")):
        EventFactory(conversation=conversation, graph_id="m_same", text=text)
    EventFactory(conversation=third, graph_id="m_third")
    merge()
    row = Conversation.objects.get()
    assert row.pk == first.pk
    assert {tag_row.tag for tag_row in row.tag_rows.all()} == {vip, late, rare}
    assert {tag_row.last_message_time for tag_row in row.tag_rows.all()} == {third.last_message_time}
    assert row.tag_rows.count() == ConversationTag.objects.count() == 3
    assert sorted(row.events.exclude(graph_id=None).values_list("graph_id", "text")) == [
        ("m_same", "Newest"),
        ("m_third", "Hello"),
    ]
    assert InteractionEvent.objects.filter(graph_id=None).count() == 4


def test_threads_follow_and_only_the_newest_is_the_stored_one(page):
    take_over(WITHOUT_ANY_KEY)
    first, second = twins(page)
    for conversation in (first, second):
        Thread.objects.create(page=page, graph_id=conversation.graph_id, conversation=conversation)
    Thread.objects.create(
        page=page, graph_id=second.graph_id, conversation=second, updated_time=NOON, held_count=3
    )
    merge()
    assert set(Thread.objects.values_list("graph_id", "state", "conversation", "held_count")) == {
        (first.graph_id, "merged", first.pk, 0),
        (second.graph_id, "stored", first.pk, 3),
    }


@pytest.mark.parametrize(("minutes", "status"), [(0, "done"), (90, "active")])
def test_what_staff_said_stays_unless_the_customer_wrote_after_it(page, minutes, status):
    take_over(WITHOUT_ANY_KEY)
    first, second = twins(page, last_message_time=NOON)
    Conversation.objects.filter(pk=first.pk).update(conversation_status="done")
    EventFactory(conversation=second, occurred_at=NOON.replace(hour=12 + minutes // 60))
    merge()
    assert Conversation.objects.get().conversation_status == status


def test_dry_run_says_the_same_and_changes_nothing(page):
    take_over(WITHOUT_ANY_KEY)
    first, second = twins(page)
    vip = TagFactory()
    for conversation in (first, second):
        tag(conversation, vip)
        EventFactory(conversation=conversation, graph_id="m_1")
    before = row_versions()
    counts = "1 duplicate conversation, 1 double event, 0 double threads, 1 double tag"
    said = merge("--dry-run")
    assert f"{counts} would be merged." in said
    assert "The unique key on conversations_conversation (page_id, sender_id) would be made." in said
    assert row_versions() == before
    assert len(takeover.missing_keys()) == 3
    assert f"{counts} merged." in merge()


def test_page_that_is_being_synced_is_left_alone_and_named(page):
    take_over(WITHOUT_ANY_KEY)
    twins(page)
    with sync_lock(page.pk), pytest.raises(CommandError, match=f"Being synced just now: {page.name}"):
        merge()
    assert Conversation.objects.count() == 2


def test_same_sender_on_another_page_is_somebody_else(page):
    take_over(WITHOUT_ANY_KEY)
    twins(page, 1)
    twins(PageFactory(), 1)
    merge()
    assert Conversation.objects.count() == 2
