"""Duplicates are merged and nothing is lost."""

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from conversations.lib.locks import sync_lock
from conversations.models import (
    Conversation,
    ConversationTag,
    Export,
    InteractionEvent,
    Page,
    Thread,
    constraints,
)
from tests.conversations.sync.copies import row_versions
from tests.factories import (
    NOON,
    ConversationFactory,
    EventFactory,
    ExportFactory,
    PageFactory,
    TagFactory,
)
from tests.legacy_database import WITH_THE_OWNERS_INDEX, WITH_THE_OWNERS_KEY, WITHOUT_ANY_KEY, make_legacy

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(db) -> Page:
    return PageFactory()


def merge(*options: str) -> str:
    out = StringIO()
    call_command("mergeduplicates", *options, stdout=out)
    return out.getvalue()


def duplicates(page: Page, count: int = 2, **fields) -> list[Conversation]:
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
def test_missing_keys_are_created_and_wider_ones_dropped(page, statements):
    make_legacy(statements)
    if statements is WITHOUT_ANY_KEY:
        duplicates(page)
    output = merge()
    assert constraints.missing_keys() == []
    assert constraints.wider_indexes(constraints.KEYS[0]) == []
    assert ("Dropped the wider key owner_key." in output) == (statements is not WITHOUT_ANY_KEY)
    assert "Created the unique key on conversations_conversation (page_id, sender_id)." in output
    with pytest.raises(IntegrityError), transaction.atomic():
        duplicates(page)
    second_output = merge()
    assert (
        "0 duplicate conversations, 0 duplicate events, 0 duplicate threads, 0 duplicate tags merged."
        in second_output
    )
    assert "All unique keys exist." in second_output


def test_newest_state_wins_and_the_name_is_kept(page):
    make_legacy(WITHOUT_ANY_KEY)
    old, new = duplicates(page)
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


def test_tags_and_events_are_neither_lost_nor_duplicated(page):
    make_legacy(WITHOUT_ANY_KEY)
    first, second, third = duplicates(page, 3)
    vip, late, rare = TagFactory.create_batch(3)
    for conversation, assigned in ((first, vip), (second, vip), (second, late), (third, rare)):
        tag(conversation, assigned)
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


def test_threads_are_moved_and_only_the_newest_is_stored(page):
    make_legacy(WITHOUT_ANY_KEY)
    first, second = duplicates(page)
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
def test_status_is_kept_unless_the_customer_wrote_after_it(page, minutes, status):
    make_legacy(WITHOUT_ANY_KEY)
    first, second = duplicates(page, last_message_time=NOON)
    Conversation.objects.filter(pk=first.pk).update(conversation_status="done")
    EventFactory(conversation=second, occurred_at=NOON.replace(hour=12 + minutes // 60))
    merge()
    assert Conversation.objects.get().conversation_status == status


def test_dry_run_reports_the_same_and_changes_nothing(page):
    make_legacy(WITHOUT_ANY_KEY)
    first, second = duplicates(page)
    vip = TagFactory()
    for conversation in (first, second):
        tag(conversation, vip)
        EventFactory(conversation=conversation, graph_id="m_1")
    before = row_versions()
    counts = "1 duplicate conversation, 1 duplicate event, 0 duplicate threads, 1 duplicate tag"
    output = merge("--dry-run")
    assert f"{counts} would be merged." in output
    assert "The unique key on conversations_conversation (page_id, sender_id) would be created." in output
    assert row_versions() == before
    assert len(constraints.missing_keys()) == 3
    assert f"{counts} merged." in merge()


def test_page_with_a_running_sync_is_skipped_and_named(page):
    make_legacy(WITHOUT_ANY_KEY)
    duplicates(page)
    with sync_lock(page.pk), pytest.raises(CommandError, match=f"A sync is running: {page.name}"):
        merge()
    assert Conversation.objects.count() == 2


def test_same_sender_id_on_another_page_is_not_merged(page):
    make_legacy(WITHOUT_ANY_KEY)
    duplicates(page, 1)
    duplicates(PageFactory(), 1)
    merge()
    assert Conversation.objects.count() == 2


def test_files_with_a_merged_conversation_are_deleted(page):
    make_legacy(WITHOUT_ANY_KEY)
    first, second = duplicates(page)
    exports = [ExportFactory(page_ids=[page.pk]) for _ in range(2)]
    for export, row in zip(exports, (first, second), strict=True):
        export.parts.create(conversation_ids=[row.pk], is_written=True)
    merge()
    assert list(Export.objects.all()) == exports[:1]
