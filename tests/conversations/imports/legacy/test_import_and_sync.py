"""An import and a sync give the same rows, whichever comes first."""

from typing import Any

import psycopg
import pytest

from conversations.imports.legacy.importer import import_legacy
from conversations.imports.legacy.live_database import LiveDatabase
from conversations.models import Conversation, InteractionEvent
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import START, messages_of, said, store, thread_of
from tests.conversations.imports.legacy.conftest import url_of_copy
from tests.conversations.sync.copies import row_versions

OLD, NEW = "2024-05-01T10:00:00+00:00", "2026-11-01T10:00:00+00:00"
COLUMNS = [
    field.attname
    for field in Conversation._meta.concrete_fields
    if field.attname not in ("id", "created_at", "updated_at")
]
EVENT_COLUMNS = ("kind", "graph_id", "occurred_at", "rank", "text", "attachments", "fingerprint", "header")


@pytest.fixture
def people(world, shop, changed_database):
    """People at Facebook whom the old database has too, with true events; one whose thread is gone."""
    world_threads = [
        world.add_conversation(shop, name, messages=3, updated_time=time)
        for name, time in (("Zoë König", OLD), ("Ana Santos", NEW), ("Facebook User", NEW))
    ]
    gone = world.add_conversation(shop, "Gone", messages=1, updated_time=OLD)
    changed_database.execute("DELETE FROM pipeline_opportunities; DELETE FROM contact_interaction_events")
    changed_database.execute("DELETE FROM conversation_tags; DELETE FROM messenger_conversations")
    for number, thread in enumerate([*world_threads, gone]):
        add_person(changed_database, f"c0000000-0000-4000-8000-0000000001{number:02}", thread, shop)
    world.remove_conversation(gone)
    return world_threads


def add_person(database: psycopg.Connection, key: str, thread, shop) -> None:
    """As the old application stored it: its own time instead of a missing one, all newest messages."""
    user = "10000000-0000-4000-8000-000000000001"
    database.execute(
        "INSERT INTO messenger_conversations (id, user_id, page_id, sender_id, sender_name, last_message,"
        " last_message_time) VALUES (%s, %s, %s, %s, 'Facebook User', 'an older text', now())",
        [key, user, shop.id, thread.customer.id],
    )
    database.execute(
        "INSERT INTO conversation_tags (conversation_id, tag_id) VALUES (%s, %s)",
        [key, "f0000000-0000-4000-8000-000000000001"],
    )
    for message in thread.history.newest(0, 25):
        database.execute(
            "INSERT INTO contact_interaction_events (user_id, conversation_id, sender_id, event_type,"
            " event_timestamp, is_outbound, metadata) VALUES"
            " (%s, %s, %s, 'message_sent', to_timestamp(%s), %s, "
            " jsonb_build_object('source', 'initial_sync', 'message_id', %s::text))",
            [
                user,
                key,
                thread.customer.id,
                message.created_time,
                message.sender.id == shop.id,
                message.id,
            ],
        )


@pytest.fixture
def imported(database):
    def run():
        source = LiveDatabase(url_of_copy(database))
        try:
            return import_legacy(source, {})
        finally:
            source.close()

    return run


def stored() -> dict[str, Any]:
    return {
        row["sender_id"]: row
        | {
            "tags": list(
                Conversation.objects.get(pk=pk).tag_rows.values_list("tag__name", "last_message_time")
            ),
            "events": set(
                map(str, InteractionEvent.objects.filter(conversation=pk).values_list(*EVENT_COLUMNS))
            ),
            "threads": list(
                Conversation.objects.get(pk=pk).threads.values_list("graph_id", "held_count", "history")
            ),
        }
        for row, pk in (
            (Conversation.objects.values(*COLUMNS).get(pk=pk), pk)
            for pk in Conversation.objects.values_list("pk", flat=True)
        )
    }


@pytest.mark.parametrize("history_days", [0, 30])
def test_order_of_import_and_sync_makes_no_difference(page, people, imported, settings, history_days):
    settings.HISTORY_DONE_BEFORE = history_days
    imported()
    result = sync_conversations(page)
    assert result.status == "complete"
    first = stored()
    assert (
        not Conversation.objects.exclude(told={})
        .exclude(graph_id="")
        .filter(told__has_key="last_message_time")
    )
    for model in (InteractionEvent, Conversation):
        model.objects.all().delete()
    page.threads.all().delete()
    page.runs.all().delete()
    page.watermarks, page.last_synced_at, page.last_full_sync_at = {}, None, None
    page.save()
    sync_conversations(page)
    imported()
    second = stored()
    assert first.keys() == second.keys()
    for sender in first:
        assert first[sender] == second[sender]


def test_sync_fills_and_doubles_nothing(page, people, imported):
    imported()
    stubs = InteractionEvent.objects.filter(data__has_key="stub")
    assert stubs.count() == 10
    result = sync_conversations(page)
    assert (result.inserted, result.updated) == (0, 3)
    assert stubs.count() == 1, "that of the thread that is gone"
    assert InteractionEvent.objects.filter(kind__startswith="message_").count() == 10
    assert not InteractionEvent.objects.filter(kind="content_updated").exists()
    zoe = Conversation.objects.get(sender_id=people[0].customer.id)
    assert (zoe.sender_name, zoe.message_count) == ("Zoë König", 3)
    assert zoe.last_message_time.isoformat() == OLD
    newest = zoe.events.filter(kind__startswith="message_").latest("occurred_at")
    assert zoe.last_message == newest.text != "an older text"
    before = row_versions()
    assert imported().sum_of("new").total() == 0
    assert row_versions() == before


# -- with an archive ---------------------------------------------------------------------------------------
TEXTS = ["Do you have it in blue?", "Is it still there?", "Thank you very much"]
LATER = "And in which size?"


@pytest.fixture
def ana(world, shop, changed_database):
    """A person whom the old database, an archive and Facebook have."""
    changed_database.execute("DELETE FROM pipeline_opportunities; DELETE FROM contact_interaction_events")
    changed_database.execute("DELETE FROM conversation_tags; DELETE FROM messenger_conversations")
    thread = world.add_conversation(shop, "Ana", messages=[])
    for number, text in enumerate(TEXTS):
        world.add_message(thread, text, created_time=START + number, id=f"m_ana{number}")
    return thread


def archive(*more: str):
    lines = [said(number, text) for number, text in enumerate([*TEXTS, *more])]
    return thread_of("77", said(-60, "Long ago"), *lines)


@pytest.mark.parametrize(
    "order", ["legacy archive sync", "archive legacy sync", "archive sync legacy", "legacy sync archive"]
)
def test_people_of_an_archive_are_not_doubled(page, world, shop, ana, changed_database, imported, order):
    add_person(changed_database, "c0000000-0000-4000-8000-000000000100", ana, shop)
    steps = {"legacy": imported, "archive": lambda: store(page, archive()), "sync": sync(page)}
    for name in order.split():
        steps[name]()
    row = Conversation.objects.get()
    assert [graph_id for graph_id, *_ in messages_of(row)] == [None, "m_ana0", "m_ana1", "m_ana2"]
    assert [text for *_, text in messages_of(row)] == ["Long ago", *TEXTS]
    assert not row.events.filter(data__has_key="stub").exists()
    assert [tag.tag.name for tag in row.tag_rows.all()] == ["VIP"]


def test_message_that_archive_and_old_database_have_becomes_one(
    page, world, shop, ana, changed_database, imported
):
    sync(page)()
    store(page, archive(LATER))  # Facebook does not show the last one yet
    world.add_message(ana, LATER, created_time=START + len(TEXTS), id="m_later")
    add_person(changed_database, "c0000000-0000-4000-8000-000000000100", ana, shop)
    imported()
    row = Conversation.objects.get()
    assert row.events.filter(data__has_key="stub").count() == 1
    sync(page)()
    assert [text for *_, text in messages_of(row)] == ["Long ago", *TEXTS, LATER]
    assert row.events.get(text=LATER).graph_id == "m_later"


def sync(page):
    def run() -> None:
        page.refresh_from_db()
        assert sync_conversations(page, full=True).status == "complete"

    return run


def test_messages_of_long_threads_count_once(page, world, shop, changed_database, imported, ana):
    long = world.add_conversation(shop, "Long", messages=90)
    add_person(changed_database, "c0000000-0000-4000-8000-000000000101", long, shop)
    imported()
    sync(page)()
    row = Conversation.objects.get(sender_id=long.customer.id)
    assert row.events.filter(kind__startswith="message_").count() == 90
    thread = row.threads.get()
    assert (thread.held_count, thread.history) == (90, "complete")
