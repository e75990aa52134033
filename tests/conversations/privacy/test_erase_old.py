"""RETENTION_DAYS: what is older is erased with its traces, and nothing brings it back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.actions.tagging import tag_conversations
from conversations.lib import days
from conversations.lib.locks import SyncLock
from conversations.models import (
    ArchivedPart,
    Conversation,
    Export,
    ExportPart,
    InteractionEvent,
    MessageHeader,
    Page,
    SavedView,
    Thread,
    WebhookDelivery,
)
from conversations.models.privacy import TOO_OLD, Erasure
from conversations.privacy.erase_old import erase_old
from conversations.sandbox.data.people import Person
from conversations.search.index.message_index import index_pending
from conversations.sync.coverage import describe_coverage, take_coverage
from tests.conversations.sync.copies import row_versions
from tests.conversations.webhooks.deliveries import deliver, item, message
from tests.factories import EventFactory, ExportFactory, TagFactory, superuser

pytestmark = pytest.mark.django_db
DAY = 86_400
OLD, BOTH = Person("7100000000000001", "Olga Olden"), Person("7200000000000002", "Berta Both")


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def texts() -> set[str]:
    return set(InteractionEvent.objects.filter(kind__startswith="message_").values_list("text", flat=True))


@pytest.fixture
def threads(world, shop):
    """One thread of old messages, one of which some are old, and a new one."""
    now = timezone.now().timestamp()

    def old(text: str, age: float) -> dict:
        return {"message": text, "created_time": now - age * DAY}

    world.add_conversation(shop, OLD, [old("ancient", 500), old("elderly", 90)], updated_time=now - 90 * DAY)
    return (
        world.add_conversation(
            shop,
            BOTH,
            [old("bygone", 80), old("last year", 40), old("fresh", 2)],
            updated_time=now - 2 * DAY,
        ),
        world.add_conversation(shop, messages=["newest"]),
    )


KEPT, GONE = {"fresh", "newest"}, ("ancient", "elderly", "bygone", "last year", OLD.id, OLD.name)


@pytest.fixture
def thirty(settings):
    settings.RETENTION_DAYS = 30


def test_off_by_default_everything_is_kept(sync, threads):
    sync()
    before = row_versions()
    erase_old()
    assert row_versions() == before
    assert days.kept_from() is None
    assert "kept_from" not in take_coverage(Page.objects.get())


def test_old_messages_go_with_their_traces_and_no_sync_brings_them_back(
    sync, page, threads, settings, traces
):
    sync()
    rows = {row.sender_name: row for row in Conversation.objects.all()}
    old, both = rows[OLD.name], rows[BOTH.name]
    boss = superuser()
    tag_conversations([old.pk, both.pk], [TagFactory()], actor=boss)
    EventFactory(conversation=old, kind="note_added", graph_id=None, text="elderly note", occurred_at=ago(1))
    EventFactory(conversation=both, kind="note_added", graph_id=None, text="bygone note", occurred_at=ago(31))
    history = {"message": both.events.get(text="bygone").graph_id, "before": {"text": "bygones"}}
    EventFactory(conversation=both, kind="content_updated", graph_id=None, data=history, occurred_at=ago(1))
    bygone = both.events.get(text="bygone")
    ArchivedPart.objects.create(event=bygone, index=0, part="content", page=page)
    Conversation.objects.filter(pk=both.pk).update(ad_id="7", referral={"ad_id": "7"}, referred_at=ago(80))
    export = ExportFactory(page_ids=[page.pk])
    ExportPart.objects.create(export=export, conversation_ids=[both.pk], is_written=True)
    SavedView.objects.create(name="Hers", owner=boss, query={"search": OLD.id})
    SavedView.objects.create(name="Olga", owner=boss, query={"search": "olga"})
    index_pending()
    settings.RETENTION_DAYS = 30
    erase_old()

    assert texts() == KEPT
    index_pending()
    for text in GONE:
        assert traces(text) == [], text
    assert not Export.objects.exists()
    assert not ArchivedPart.objects.exists()
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Olga"]  # others are called so, too
    assert not InteractionEvent.objects.filter(kind="content_updated").exists()
    both.refresh_from_db()
    assert (both.last_message, both.ad_id, both.referral, both.tag_rows.count()) == ("fresh", None, None, 1)
    thread = Thread.objects.get(conversation=both)
    assert (thread.history, thread.held_count) == ("truncated", 1)
    ended = Thread.objects.get(reason=TOO_OLD)
    assert (ended.state, ended.conversation, ended.updated_time) == ("unreadable", None, None)
    used = InteractionEvent.objects.exclude(header=None).values("header")
    assert not MessageHeader.objects.exclude(key__in=used).exists()

    erasure = Erasure.objects.get()
    assert (erasure.kind, erasure.page, erasure.conversations, erasure.messages) == ("age", page, 1, 4)
    assert erasure.ended_at
    assert Page.objects.get().kept_from == days.kept_from()
    for full in (False, True, True):
        assert sync(full=full).status == "complete"
        assert texts() == KEPT
    before = row_versions()
    erase_old()
    sync(full=True)
    assert row_versions() == before
    assert Erasure.objects.count() == 1


def test_a_first_sync_stores_nothing_old(sync, page, threads, thirty, traces):
    result = sync()
    assert (result.status, result.inserted, result.skipped) == ("complete", 2, 1)
    assert texts() == KEPT
    for text in GONE:
        assert traces(text) == [], text
    assert Thread.objects.get(conversation__sender_name=BOTH.name).history == "truncated"
    before = row_versions()
    erase_old()
    again = sync(full=True)
    assert (again.inserted, again.updated, again.events_created) == (0, 0, 0)
    assert row_versions() == before
    since = f"{days.kept_from():%Y-%m-%d}"
    assert f"Messages of before {since} are not kept" in describe_coverage(take_coverage(page))


def test_a_long_thread_is_read_down_to_the_first_old_message(sync, page, world, shop, sandbox, thirty):
    now = timezone.now().timestamp()
    messages = [
        {"message": f"message {number}", "created_time": now - (400 - number) * DAY} for number in range(400)
    ]
    world.add_conversation(shop, messages=messages)
    assert sync().status == "complete"
    stored = InteractionEvent.objects.order_by("occurred_at").values_list("text", flat=True)
    assert list(stored) == [f"message {number}" for number in range(370, 400)]
    thread = Thread.objects.get()
    assert (thread.state, thread.history, thread.held_count) == ("stored", "truncated", len(stored))
    read = [call for call in sandbox.call_log.calls if call.path.endswith("/messages")]
    assert len(read) < 4  # of 400 messages, not all
    requests = sync(full=True).requests
    assert sync(full=True).requests == requests
    assert len([call for call in sandbox.call_log.calls if call.path.endswith("/messages")]) == len(read)


def test_who_writes_again_is_there_with_what_is_new(sync, page, world, threads, thirty, shop):
    sync()
    thread = next(each for each in shop.threads.values() if each.customer.id == OLD.id)
    world.add_message(thread, "I am back")
    assert sync().inserted == 1
    row = Conversation.objects.get(sender_id=OLD.id)
    assert [event.text for event in row.events.all()] == ["I am back"]
    stored = Thread.objects.get(conversation=row)
    assert (stored.state, stored.reason) == ("stored", "")


def test_webhooks_bring_nothing_old(page, thirty):
    old = int(ago(40).timestamp() * 1000)
    delivery = deliver(
        message("m_old", "ancient", ms=old), message("m_new", "fresh", ms=old + 39 * DAY * 1000)
    )
    deliver(item("read", {"watermark": old}, ms=old))
    assert delivery.state == "done"
    assert texts() == {"fresh"}


def test_bodies_of_old_deliveries_are_emptied(page, thirty):
    kept = {"state": "partial", "body": b"{}"}
    rows = [page.deliveries.create(received_at=ago(age), **kept) for age in (40, 29)]
    erase_old()
    bodies = [bytes(WebhookDelivery.objects.get(pk=row.pk).body) for row in rows]
    assert bodies == [b"", b"{}"]


def test_it_stops_between_steps_and_goes_on(sync, page, threads, settings):
    sync()
    settings.RETENTION_DAYS = 30
    erase_old(lambda: True)
    assert Erasure.objects.get().ended_at is None
    assert Page.objects.get().kept_from is None
    erase_old()
    assert texts() == KEPT
    assert Erasure.objects.get().ended_at


def test_what_a_running_sync_is_reading_waits_for_its_end(sync, page, threads, settings):
    sync()
    Thread.objects.filter(conversation__sender_id=OLD.id).update(backfill={"after": "x"})
    settings.RETENTION_DAYS = 30
    lock = SyncLock(page.pk)
    assert lock.acquire()
    try:
        erase_old()
    finally:
        lock.release()
    assert Conversation.objects.filter(sender_id=OLD.id).exists()
    assert Page.objects.get().kept_from is None
    erase_old()
    assert texts() == KEPT
    assert Page.objects.get().kept_from


def test_a_conversation_without_a_message_left_shows_none(page, thirty):
    row = Conversation.objects.create(
        page=page, sender_id="7", last_message="bygone", last_message_time=ago(1), search="\x1fbygone"
    )
    EventFactory(conversation=row, text="bygone", occurred_at=ago(50))
    erase_old()
    row.refresh_from_db()
    assert (row.last_message, "bygone" in row.search) == ("", False)


def test_history_of_a_separated_conversation_is_erased_too(page, thirty):
    events = [
        {"kind": "note_added", "text": text, "occurred_at": ago(age)}
        for text, age in (("bygone note", 40), ("fresh note", 2))
    ]
    record = page.removed_conversations.create(
        kind="separated", removed_id=1, sender_id="7", details={"tags": [], "events": events}
    )
    erase_old()
    record.refresh_from_db()
    assert [event["text"] for event in record.details["events"]] == ["fresh note"]


def test_the_limit_is_a_midnight(settings, monkeypatch):
    settings.RETENTION_DAYS = 1
    now = datetime(2026, 3, 29, 13, 5, 7, 9, UTC)
    monkeypatch.setattr(days.timezone, "now", lambda: now)
    assert days.kept_from() == datetime(2026, 3, 28, tzinfo=UTC)
    assert days.is_kept(datetime(2026, 3, 28, tzinfo=UTC))
    assert not days.is_kept(datetime(2026, 3, 27, 23, 59, 59, tzinfo=UTC))
    assert days.is_kept(None)
