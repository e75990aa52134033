"""What an import writes, on our tables: counters, search, history, and nothing the second time."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from conversations.actions.tagging import untag_conversations
from conversations.imports.legacy import planning, writing
from conversations.imports.legacy.importer import ImportResult, import_legacy
from conversations.imports.legacy.live_database import LiveDatabase
from conversations.imports.legacy.page_mapping import UnknownTarget
from conversations.models import (
    Conversation,
    ConversationAlias,
    ConversationTag,
    InteractionEvent,
    Page,
)
from conversations.models.privacy import Erasure
from conversations.models.search import PageCount, TagCount
from conversations.models.sql import recount
from conversations.privacy.erase_old import erase_old
from conversations.privacy.forget_person import delete_person
from tags.models import Tag, create_tag
from tests.conversations.imports.legacy.conftest import url_of_copy
from tests.conversations.sync.copies import row_versions
from tests.factories import ConversationFactory

ZOE, HELLO, BLOCKED, MIA = (f"610000000000000{number}" for number in range(1, 5))


def run(url: str, mappings: dict[str, str] | None = None, **options) -> ImportResult:
    source = LiveDatabase(url)
    try:
        return import_legacy(source, mappings or {}, **options)
    finally:
        source.close()


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    new = result.sum_of("new")
    people = sum(plan.people - plan.matched for plan in result.plans)
    return people, new["tags"], new["messages"], new["notes"]


def tags_of(sender_id: str) -> set[str]:
    rows = ConversationTag.objects.filter(conversation__sender_id=sender_id)
    return set(rows.values_list("tag__name", flat=True))


def assert_counters_are_right() -> None:
    kept = counters()
    recount(connection)
    assert kept == counters()


def counters() -> list[set[tuple]]:
    pages = PageCount.objects.exclude(conversations=0).values_list("page_id", "facets", "conversations")
    tags = TagCount.objects.exclude(conversations=0).values_list("page_id", "tag_id", "conversations")
    return [set(pages), set(tags)]


def test_people_are_imported_with_tags_messages_and_notes(database, pages):
    result = run(database)
    assert counts(result) == (5, 4, 2, 1)
    zoe = Conversation.objects.get(sender_id=ZOE)
    assert (zoe.page, zoe.sender_name, zoe.platform, zoe.graph_id) == (
        pages["shop"],
        "Zoë König",
        "messenger",
        "",
    )
    assert (zoe.message_count, zoe.unread_count, zoe.conversation_status) == (0, 0, "active")
    assert zoe.last_message_time == datetime(2025, 11, 10, 7, 59, 58, tzinfo=UTC)
    assert (zoe.last_message, zoe.search) == (
        'Back\\slash,\ta tab and\n"a line"',
        'zoe konig\nback\\slash, a tab and "a line"',
    )
    assert zoe.last_message_kind == "message_received"
    assert tags_of(ZOE) == {"VIP", "Stage: Negotiation"}
    assert tags_of(HELLO) == {"Follow Up"}
    assert tags_of(BLOCKED) == {"blocked"}
    mia = Conversation.objects.get(sender_id=MIA)
    assert (mia.page, mia.sender_name, mia.conversation_status) == (pages["shop"], "Mia", "active")
    assert set(Tag.objects.values_list("name", "color")) == {
        ("VIP", "#8B5CF6"),
        ("Follow Up", "#64748b"),
        ("never used", "#3B82F6"),
        ("blocked", "#64748b"),
        ("Stage: Negotiation", "#3b82f6"),
    }
    assert_counters_are_right()


def test_events_have_the_old_times_and_ids(database, pages):
    run(database)
    events = InteractionEvent.objects.filter(conversation__sender_id=ZOE)
    (tag,) = events.filter(kind="tag_added", data__name="VIP")
    assert tag.occurred_at == datetime(2025, 11, 1, 9, tzinfo=UTC)
    assert tag.data["legacy_id"] == "70000000-0000-4000-8000-000000000001"
    row = ConversationTag.objects.get(tag__name="VIP")
    assert (row.created_at, str(row.act), row.actor) == (tag.occurred_at, tag.data["act"], None)
    assert row.last_message_time == row.conversation.last_message_time
    (note,) = events.filter(kind="note_added")
    assert (note.text, note.occurred_at) == (
        "Wants blue.\nCall on Friday.",
        datetime(2025, 11, 5, 10, tzinfo=UTC),
    )
    messages = events.filter(kind__startswith="message_").order_by("occurred_at")
    assert [(event.kind, event.graph_id, event.text, event.data["stub"]) for event in messages] == [
        ("message_sent", "m_2", "", True),
        ("message_received", "m_1", "", True),
    ]


def test_what_is_left_out_is_counted_by_kind_and_reason(database, pages):
    result = run(database)
    assert result.dropped["messenger_conversations"] == {
        ("row", "self_test"): 2,
        ("row", "unknown_page"): 1,
        ("row", "business"): 1,
    }
    assert result.dropped["conversation_tags"] == {("row", "self_test"): 1}
    assert result.dropped["contact_interaction_events"] == {
        ("message_replied", "doubled"): 1,
        ("message_sent", "doubled"): 1,
        ("message_replied", "no_message_id"): 1,
        ("message_replied", "empty_message_id"): 1,
        ("message_replied", "fallback"): 1,
        ("message_sent", "seeded"): 1,
        ("message_clicked", "seeded"): 1,
        ("message_opened", "test"): 1,
        ("message_sent", "no_metadata"): 1,
    }
    (unknown,) = result.unknown_pages
    assert (unknown.page_id, unknown.conversations) == ("900000000000009", 1)
    assert not result.is_complete


def test_second_import_writes_nothing(database, pages):
    run(database)
    before = row_versions()
    again = run(database)
    assert counts(again) == (0, 0, 0, 0)
    assert again.tags_created == 0
    assert row_versions() == before
    assert again.sum_of("known") == Counter(tags=4, messages=2, notes=1)


def test_dry_run_counts_the_same_and_writes_nothing(database, pages):
    before = row_versions()
    planned = run(database, dry_run=True)
    assert row_versions() == before
    assert not Tag.objects.exists()
    assert counts(planned) == counts(done := run(database))
    assert planned.tags_created == done.tags_created == 5
    assert planned.dropped == done.dropped


def test_pages_are_mapped_by_hand_or_created(database, pages):
    with pytest.raises(UnknownTarget):
        run(database, {"900000000000009": "77"})
    result = run(database, {"900000000000009": "900000000000002"})
    assert result.is_complete
    lost = Conversation.objects.get(sender_id="6100000000000005")
    assert lost.page == pages["closed"]


def test_missing_pages_are_created_without_a_connection(database, db):
    planned = run(database, creates_pages=True, dry_run=True)
    assert not Page.objects.exists()
    result = run(database, creates_pages=True)
    assert counts(planned) == counts(result) == (6, 4, 2, 1)
    assert set(Page.objects.values_list("facebook_page_id", "name", "state")) == {
        ("900000000000001", "Demo Shop", "reconnect"),
        ("900000000000002", "Closed", "reconnect"),
        ("900000000000009", "", "reconnect"),
    }
    assert not Page.objects.exclude(access_token="").exists()


def test_stored_conversations_keep_what_is_newer(database, pages):
    time = datetime(2026, 1, 1, tzinfo=UTC)
    known = ConversationFactory(
        page=pages["shop"], sender_id=ZOE, sender_name="Zoë Bauer", last_message="New", last_message_time=time
    )
    nameless = ConversationFactory(page=pages["shop"], sender_id=MIA, sender_name="Facebook User")
    result = run(database)
    assert counts(result)[0] == 3
    known.refresh_from_db()
    assert (known.sender_name, known.last_message, known.last_message_time) == ("Zoë Bauer", "New", time)
    assert tags_of(ZOE) == {"VIP", "Stage: Negotiation"}
    nameless.refresh_from_db()
    assert nameless.sender_name == "Mia"
    assert nameless.search == "mia\nis it still for sale?"
    assert_counters_are_right()


def test_further_ids_of_a_person_lead_to_their_conversation(database, pages):
    known = ConversationFactory(page=pages["shop"], sender_id="1")
    ConversationAlias.objects.create(page=pages["shop"], conversation=known, sender_id=ZOE)
    run(database)
    assert tags_of("1") == {"VIP", "Stage: Negotiation"}
    assert not Conversation.objects.filter(sender_id=ZOE).exists()
    before = row_versions()
    run(database)
    assert row_versions() == before


def test_deleted_people_stay_away(database, pages):
    run(database)
    delete_person(Conversation.objects.get(sender_id=ZOE), actor=None)
    result = run(database)
    assert result.dropped["messenger_conversations"]["row", "erased"] == 1
    assert counts(result) == (0, 0, 0, 0)
    assert not Conversation.objects.filter(sender_id=ZOE).exists()


def test_what_staff_changed_since_counts(database, pages):
    run(database)
    zoe, vip = Conversation.objects.get(sender_id=ZOE), Tag.objects.get(name="VIP")
    untag_conversations([zoe.pk], [vip], actor=None)
    Tag.objects.filter(name="Follow Up").update(name="Later", name_key="later")
    before = row_versions()
    assert run(database).tags_created == 0
    assert row_versions() == before
    assert tags_of(ZOE) == {"Stage: Negotiation"}


def test_tags_of_the_same_name_here_are_used(database, pages):
    own = create_tag("vip", color="#111111")
    ConversationFactory(page=pages["shop"], sender_id=ZOE)
    run(database)
    own.refresh_from_db()
    assert (own.name, own.color) == ("vip", "#111111")
    assert own.conversation_rows.count() == 1


def test_broken_import_is_resumed(database, pages, monkeypatch):
    monkeypatch.setattr(planning, "SLICE", 2)
    slices = writing._write_slice
    done = []

    def break_off(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(slices(*arguments))
        return done[-1]

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_write_slice", break_off)
        with pytest.raises(KeyboardInterrupt):
            run(database)
    assert 0 < Conversation.objects.count() < 5
    run(database)
    resumed = Conversation.objects.count(), ConversationTag.objects.count(), InteractionEvent.objects.count()
    assert resumed == (5, 4, 7)
    before = row_versions()
    run(database)
    assert row_versions() == before
    assert_counters_are_right()


def stored_rows() -> list[list]:
    """As row_versions(), without the Pages, which note that they are done."""
    names = ("conversation", "conversationtag", "interactionevent")
    return [row_versions()[name] for name in names]


def test_what_is_too_old_to_be_kept_stays_away(database, changed_database, pages, settings):
    changed_database.execute("UPDATE pipeline_opportunities SET updated_at = '2025-11-04' WHERE notes <> ''")
    settings.RETENTION_DAYS = (timezone.now() - datetime(2025, 11, 10, tzinfo=UTC)).days
    old = datetime(2025, 1, 1, tzinfo=UTC)
    ConversationFactory(page=pages["shop"], sender_id=MIA, last_message_time=old)
    settings.RETENTION_DAYS += 5  # from 2025-11-05
    planned = run(url_of_copy(database), dry_run=True)
    result = run(url_of_copy(database))
    assert counts(planned) == counts(result) == (3, 3, 2, 0)
    assert result.dropped["messenger_conversations"]["row", "too_old"] == 1, "the blocked one of September"
    assert result.dropped["pipeline_opportunities"] == {("row", "too_old"): 1}
    assert tags_of(ZOE) == {"VIP", "Stage: Negotiation"}
    added = InteractionEvent.objects.filter(kind="tag_added").values_list("data__name", flat=True)
    assert set(added) == {"Stage: Negotiation"}, "the others are from before"
    assert not Conversation.objects.exclude(sender_id=MIA).exclude(last_message="").exists()
    assert run(url_of_copy(database)).sum_of("new").total() == 0
    Conversation.objects.filter(sender_id=MIA).delete()
    before = stored_rows()
    erase_old()
    assert stored_rows() == before
    assert not Erasure.objects.exists()


def test_old_messages_are_counted(database, changed_database, pages, settings):
    changed_database.execute(
        "UPDATE contact_interaction_events SET event_timestamp = '2025-01-01' WHERE is_outbound"
    )
    settings.RETENTION_DAYS = (timezone.now() - datetime(2025, 11, 1, tzinfo=UTC)).days
    result = run(url_of_copy(database))
    assert result.dropped["contact_interaction_events"]["message_sent", "too_old"] == 2
    assert InteractionEvent.objects.get(kind__startswith="message_").graph_id == "m_1"


def test_conversations_that_go_while_it_writes_are_made_again(database, pages, monkeypatch):
    monkeypatch.setattr(planning, "SLICE", 1)
    known = ConversationFactory(page=pages["closed"], sender_id="6200000000000001")

    def remove(what: str, done: int, total: int) -> None:
        if what == "Writing":
            Conversation.objects.filter(pk=known.pk).delete()

    result = run(database, report=remove)
    assert Conversation.objects.filter(sender_id="6200000000000001").count() == 1
    assert counts(result)[0] == 5
    connection.check_constraints()


def test_odd_rows_are_named(database, changed_database, pages):
    changed_database.execute("ALTER TABLE conversation_tags DROP CONSTRAINT conversation_tags_tag_id_fkey")
    changed_database.execute(
        "ALTER TABLE conversation_tags DROP CONSTRAINT conversation_tags_conversation_id_fkey"
    )
    changed_database.execute(
        "UPDATE conversation_tags SET tag_id = gen_random_uuid() WHERE id::text LIKE '%4'"
    )
    changed_database.execute(
        "UPDATE conversation_tags SET conversation_id = gen_random_uuid() WHERE id::text LIKE '%2'"
    )
    changed_database.execute(
        "UPDATE messenger_conversations SET sender_id = 'bob' WHERE sender_id = %s", [MIA]
    )
    result = run(url_of_copy(database))
    assert result.dropped["conversation_tags"] == {
        ("row", "self_test"): 1,
        ("row", "missing_tag"): 1,
        ("row", "missing_conversation"): 1,
    }
    assert result.strangers == ["bob"]


def test_long_note_is_stored_in_parts(database, changed_database, pages):
    changed_database.execute("UPDATE pipeline_opportunities SET notes = repeat('0123456789', 1200)")
    run(url_of_copy(database))
    notes = InteractionEvent.objects.filter(kind="note_added", conversation__sender_id=ZOE).order_by("pk")
    assert [len(note.text) for note in notes] == [5000, 5000, 2000]
    before = row_versions()
    run(url_of_copy(database))
    assert row_versions() == before


def test_time_that_is_yet_to_come_is_now(database, changed_database, pages):
    changed_database.execute(
        "UPDATE messenger_conversations SET last_message_time = now() + interval '1 year'"
    )
    run(url_of_copy(database))
    assert not Conversation.objects.filter(
        last_message_time__gt=datetime.now(UTC) + timedelta(hours=1)
    ).exists()


def test_tables_of_an_import_are_gone_afterwards(database, pages):
    run(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'legacy\\_%%'", [])
        assert cursor.fetchone() == (0,)


def test_old_database_is_only_read(database, pages):
    source = LiveDatabase(database)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        source._connection.execute("DELETE FROM tags")
    source.close()
