"""What messages have in common is stored once, and is read as if each message had it."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import requests
from django.db import connection

from conversations.lib.text import clean_json
from conversations.models import InteractionEvent, MessageHeader, Page, Thread
from conversations.models.message_headers import HeaderSplit
from conversations.privacy.forget_person import delete_person
from conversations.sync.load.states import headers
from conversations.sync.service import sync_conversations
from tests.conversations.sandbox.conftest import SandboxClient
from tests.conversations.sync.copies import row_versions
from tests.factories import ConversationFactory, EventFactory, api, member

MIGRATION = import_module("conversations.migrations.0100_message_headers")
ODD = {"raw": {"created_time": "2026-W21-3T10:00:00+0000"}, "message": "A week's day"}
SECONDS = {"raw": {"created_time": 1_780_000_000}, "message": "Seconds"}
QUOTES = 'Ana "\\ \x00 \ud83d" Test'


@pytest.fixture
def shown(page, world, shop, sandbox) -> dict[str, dict]:
    """What Facebook shows of each message beside ID, text and attachments. The Page is synced."""
    world.add_conversation(shop, QUOTES, messages=40)
    world.add_conversation(shop, "Ben Test", [ODD, SECONDS, {"message": "Hi", "sticker": "https://a.test/1"}])
    world.add_conversation(shop, "Cleo Test", [{"message": "Bare", "raw": {"from": None, "tags": "?"}}])
    sync_conversations(page)
    fields = "id,created_time,from,to,tags,sticker"
    with requests.Session() as session:
        graph = SandboxClient(sandbox.url, shop.token, session)
        lists = [
            graph(f"/{key}/messages", fields=fields, limit=100)
            for key in Thread.objects.values_list("graph_id", flat=True)
        ]
    messages = [message for shown in lists for message in shown["data"]]
    return {one.pop("id"): clean_json(one) for one in messages}


def stored() -> dict[str | None, dict]:
    return {event.graph_id: event.full_data for event in InteractionEvent.objects.all()}


def test_every_member_is_read_as_it_was_sent(page, shown):
    assert stored() == shown
    assert {event.graph_id: event.full_data for event in InteractionEvent.objects.with_headers()} == shown
    reader, read = api(member(page)), {}
    for row in page.conversations.all():
        events = reader.get(f"/api/conversations/{row.pk}/events").json()["events"]
        read |= {event["graph_id"]: event["data"] for event in events}
    assert read == shown
    usual = InteractionEvent.objects.filter(conversation__sender_name__startswith="Ana")
    assert [event.data for event in usual] == [{}] * 40
    assert MessageHeader.objects.filter(conversation__sender_name__startswith="Ana").count() < 10


def test_messages_of_an_earlier_version_get_headers_in_slices(page, shown, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.JOIN)
    MessageHeader.objects.all().delete()
    assert not InteractionEvent.objects.exclude(header=None)
    assert stored() == shown
    before = row_versions()
    assert sync_conversations(page, full=True).updated == 0
    assert row_versions() == before
    HeaderSplit.objects.create()
    monkeypatch.setattr(headers, "SLICE", 7)
    slices = 0
    while headers.split_slice():
        slices += 1
        assert stored() == shown
    assert slices == -(-len(shown) // 7)
    assert not HeaderSplit.objects.exists()
    assert not InteractionEvent.objects.filter(header=None)
    before = row_versions()
    assert sync_conversations(page, full=True).updated == 0
    assert row_versions() == before
    with connection.cursor() as cursor:  # the migration can be reversed
        cursor.execute(MIGRATION.JOIN)
    assert stored() == {key: InteractionEvent.objects.get(graph_id=key).data for key in shown} == shown


def test_headers_move_along_with_their_messages(db):
    one, other = ConversationFactory.create_batch(2)
    events = [EventFactory(conversation=one, header=key) for key in (5, 5, 6, 0)]
    for key in (5, 6):
        MessageHeader.objects.create(conversation=one, key=key, data={"from": {"id": str(key)}})
    InteractionEvent.objects.filter(pk__in=[events[0].pk, events[2].pk]).update(conversation=other)
    assert set(MessageHeader.objects.values_list("conversation", "key")) == {
        (one.pk, 5),  # another message still has it
        (other.pk, 5),
        (other.pk, 6),
    }
    people = [event.full_data.get("from") for event in InteractionEvent.objects.order_by("pk")]
    assert people == [{"id": "5"}, {"id": "5"}, {"id": "6"}, None]
    delete_person(other, actor=None)
    assert list(MessageHeader.objects.values_list("conversation", "key")) == [(one.pk, 5)]


def test_newer_states_take_the_header_that_is_shown_with_them(page, world, shop):
    thread = world.add_conversation(shop, "Ana Test", [{"message": "Text", "id": "m_1"}])
    sync_conversations(page)
    former = InteractionEvent.objects.get().full_data
    thread.customer.name = "Ana Married"
    sync_conversations(page, full=True)
    assert InteractionEvent.objects.get().full_data == former
    thread.history[0].message = "Edited"
    sync_conversations(page, full=True)
    event = InteractionEvent.objects.get(graph_id="m_1")
    assert (event.text, event.data, event.full_data["from"]["name"]) == ("Edited", {}, "Ana Married")


def test_data_of_a_message_goes_before_its_header(db):
    event = EventFactory(header=0, occurred_at=datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=2))
    assert event.full_data == {"created_time": "2026-05-01T02:00:00+0000"}
    event.data = {"created_time": "otherwise", "time": "unknown"}
    assert event.full_data == event.data
    assert Page.objects.count() == 1
