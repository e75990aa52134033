"""What the database keeps is at any time what counting would say."""

import random
import time
from collections import Counter

import pytest
from django.db import transaction

from conversations.models import Conversation, ConversationTag, Page
from conversations.reading.tables import MessagePart, PageCount, TagCount, Untagged
from conversations.tagging import delete_tag, replace_tags, tag_conversations
from tags.models import Tag
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory

pytestmark = pytest.mark.django_db(transaction=True)


def assert_kept():
    rows = Conversation.objects.values_list("page", "facets")
    kept = PageCount.objects.exclude(conversations=0).values_list("page", "facets", "conversations")
    assert {(page, facets): number for page, facets, number in kept} == Counter(rows)
    untagged = Conversation.objects.filter(tag_rows=None)
    tags = Counter(ConversationTag.objects.values_list("page", "tag"))
    tags.update((page, None) for page in untagged.values_list("page", flat=True))
    kept = TagCount.objects.exclude(conversations=0).values_list("page", "tag", "conversations")
    assert {(page, tag): number for page, tag, number in kept} == tags
    columns = ["pk", "page", "last_message_time"]
    assert set(Untagged.objects.values_list(*columns)) == set(untagged.values_list(*columns))


def facets_of(row: Conversation) -> int:
    is_done = row.conversation_status == "done"
    waits = row.last_message_kind == "message_received" and not is_done
    return is_done + 2 * (row.platform == "instagram") + 4 * (row.unread_count > 0) + 8 * waits


def something_happens(dice, pages, tags) -> None:
    ids = list(Conversation.objects.values_list("pk", flat=True))
    some = dice.sample(ids, min(len(ids), dice.randint(0, 5)))
    rows = Conversation.objects.filter(pk__in=some)
    status, unread = dice.choice(["done", "active"]), dice.randint(0, 1)
    happens = [
        lambda: ConversationFactory.create_batch(3, page=dice.choice(pages), unread_count=unread),
        lambda: tag_conversations(some, dice.sample(tags, 2), actor=None),
        lambda: replace_tags(some, dice.sample(tags, unread), actor=None),
        lambda: rows.update(conversation_status=status, unread_count=unread),
        lambda: rows.update(last_message_kind=dice.choice(["message_received", "message_sent", ""])),
        lambda: rows.update(platform="instagram", last_message_time=dice.choice([NOON, None])),
        lambda: rows.delete(),
    ]
    dice.choice(happens)()


def test_counters_and_copies_are_exact_after_whatever_happens():
    seed = time.time_ns() % 10**6
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    dice = random.Random(seed)
    pages, tags = [PageFactory(), PageFactory()], TagFactory.create_batch(3)
    for _ in range(60):
        something_happens(dice, pages, tags)
        assert_kept()
    assert all(row.facets == facets_of(row) for row in Conversation.objects.all())


def test_upsert_counts_what_it_inserts_and_moves_what_it_updates():
    page = PageFactory()
    for unread in (0, 3):
        Conversation.objects.bulk_create(
            [
                Conversation(page=page, sender_id=str(n), unread_count=unread, last_message_time=NOON)
                for n in range(5)
            ],
            update_conflicts=True,
            unique_fields=["page", "sender_id"],
            update_fields=["unread_count", "last_message_time"],
        )
        assert_kept()


def test_what_is_rolled_back_was_not_counted():
    page = PageFactory()
    with transaction.atomic():
        ConversationFactory.create_batch(3, page=page)
        transaction.set_rollback(True)
    assert_kept()


def test_nothing_is_left_of_a_page_or_a_tag_that_is_deleted():
    page, tag = PageFactory(), TagFactory()
    row, other = ConversationFactory(page=page), ConversationFactory()
    EventFactory(conversation=row)
    tag_conversations([row.pk, other.pk], [tag], actor=None)
    delete_tag(Tag.objects.get(), force=True, actor=None)
    assert_kept()
    tag_conversations([row.pk], [TagFactory()], actor=None)
    Page.objects.get(pk=page.pk).delete()
    assert_kept()
    assert set(PageCount.objects.values_list("page", flat=True)) == {other.page_id}
    assert set(TagCount.objects.values_list("page", flat=True)) == {other.page_id}
    assert not MessagePart.objects.exists()
