"""The counters and copies that triggers maintain are always equal to a fresh count."""

import random
import time
from collections import Counter

import pytest
from django.db import transaction

from conversations.actions.tagging import delete_tag, replace_tags, tag_conversations
from conversations.models import Conversation, ConversationTag, Page
from conversations.models.facets import Facet
from conversations.models.search import MessageIndexChunk, PageCount, TagCount, Untagged
from tags.models import Tag
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory

pytestmark = pytest.mark.django_db(transaction=True)


def assert_counters_exact():
    rows = Conversation.objects.values_list("page", "facets")
    counters = PageCount.objects.exclude(conversations=0).values_list("page", "facets", "conversations")
    assert {(page, facets): number for page, facets, number in counters} == Counter(rows)
    untagged = Conversation.objects.filter(tag_rows=None)
    tags = Counter(ConversationTag.objects.values_list("page", "tag"))
    tags.update((page, None) for page in untagged.values_list("page", flat=True))
    counters = TagCount.objects.exclude(conversations=0).values_list("page", "tag", "conversations")
    assert {(page, tag): number for page, tag, number in counters} == tags
    columns = ["pk", "page", "last_message_time"]
    assert set(Untagged.objects.values_list(*columns)) == set(untagged.values_list(*columns))


def facets_of(row: Conversation) -> int:
    is_done = row.conversation_status == "done"
    facets = {
        Facet.DONE: is_done,
        Facet.INSTAGRAM: row.platform == "instagram",
        Facet.UNREAD: row.unread_count > 0,
        Facet.UNANSWERED: row.last_message_kind == "message_received" and not is_done,
    }
    return sum(facet for facet, is_set in facets.items() if is_set)


def change_something(generator, pages, tags) -> None:
    ids = list(Conversation.objects.values_list("pk", flat=True))
    some = generator.sample(ids, min(len(ids), generator.randint(0, 5)))
    rows = Conversation.objects.filter(pk__in=some)
    status, unread = generator.choice(["done", "active"]), generator.randint(0, 1)
    changes = [
        lambda: ConversationFactory.create_batch(3, page=generator.choice(pages), unread_count=unread),
        lambda: tag_conversations(some, generator.sample(tags, 2), actor=None),
        lambda: replace_tags(some, generator.sample(tags, unread), actor=None),
        lambda: rows.update(conversation_status=status, unread_count=unread),
        lambda: rows.update(last_message_kind=generator.choice(["message_received", "message_sent", ""])),
        lambda: rows.update(platform="instagram", last_message_time=generator.choice([NOON, None])),
        lambda: rows.delete(),
    ]
    generator.choice(changes)()


def test_counters_and_copies_are_exact_after_random_changes():
    seed = time.time_ns() % 10**6
    print(f"seed {seed}")  # noqa: T201 - shown if the test fails
    generator = random.Random(seed)
    pages, tags = [PageFactory(), PageFactory()], TagFactory.create_batch(3)
    for _ in range(60):
        change_something(generator, pages, tags)
        assert_counters_exact()
    assert all(row.facets == facets_of(row) for row in Conversation.objects.all())


def test_upsert_changes_the_counters_for_inserts_and_updates():
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
        assert_counters_exact()


def test_rolled_back_rows_are_not_counted():
    page = PageFactory()
    with transaction.atomic():
        ConversationFactory.create_batch(3, page=page)
        transaction.set_rollback(True)
    assert_counters_exact()


def test_deleted_pages_and_tags_leave_no_rows():
    page, tag = PageFactory(), TagFactory()
    row, other = ConversationFactory(page=page), ConversationFactory()
    EventFactory(conversation=row)
    tag_conversations([row.pk, other.pk], [tag], actor=None)
    delete_tag(Tag.objects.get(), force=True, actor=None)
    assert_counters_exact()
    tag_conversations([row.pk], [TagFactory()], actor=None)
    Page.objects.get(pk=page.pk).delete()
    assert_counters_exact()
    assert set(PageCount.objects.values_list("page", flat=True)) == {other.page_id}
    assert set(TagCount.objects.values_list("page", flat=True)) == {other.page_id}
    assert not MessageIndexChunk.objects.exists()
