"""Answers of Facebook that name the business or a person by another ID, word for word."""

import pytest

from conversations.connections.connect import connect_page
from conversations.models import Conversation, ConversationAlias, Page, SyncRun
from tests.conversations.engine_cases import EngineCase
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.earlier_rows import store_rows
from tests.factories import TagFactory

pytestmark = pytest.mark.django_db

OWN_ID, NEW_ID = "02-instagram-own-id", "12-person-id-changes"
OPERATION = "12345678-1234-1234-1234-123456789012"


def kinds(sender_name: str) -> list[str]:
    events = Conversation.objects.get(sender_name=sender_name).events.order_by("occurred_at")
    return [event.kind for event in events]


@pytest.mark.parametrize("username", ["", "demoshop"])
def test_instagram_account_with_two_ids(sync, page, shop, sandbox, username):
    case = EngineCase(OWN_ID, sandbox)
    case.play()
    connect_page(shop.id, shop.token)
    Page.objects.update(instagram_username=username)
    result = sync()
    assert (result.status, result.inserted, result.events_created) == ("complete", 2, 3)
    assert set(Conversation.objects.values_list("sender_id", "sender_name")) == {
        ("880001", "ana.demo"),
        ("880002", "ben.demo"),
    }
    assert kinds("ana.demo") == ["message_sent", "message_received"]
    assert kinds("ben.demo") == ["message_received"]
    page.refresh_from_db()
    assert page.business_aliases == {"9082000000000001": {"source": "account", "applied": True}}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


@pytest.mark.parametrize("full", [False, True])
def test_person_whose_id_changes(sync, page, sandbox, full):
    case = EngineCase(NEW_ID, sandbox)
    case.play()
    assert sync().events_created == 60
    row = Conversation.objects.get()
    row.tag_rows.create(tag=TagFactory(), page=page, act=OPERATION)
    Conversation.objects.update(conversation_status="done")
    case.play()
    result = sync(full=full)
    assert (result.status, result.events_created) == ("complete", 1)
    row = Conversation.objects.get()
    assert (row.sender_id, row.events.count(), row.tag_rows.count()) == ("7000000000000001", 61, 1)
    assert ConversationAlias.objects.get().sender_id == "7999999999999999"
    assert SyncRun.objects.latest("pk").ledger["messages"]["held"] == 61
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


# -- rows that the version before aliases stored from the same answers ---------------------------------------
@pytest.fixture
def store_as_before(page, shop):
    """Store the rows that an earlier version made of a case, and a tag on each conversation."""

    def store(name: str) -> None:
        store_rows(page, name)
        for row in Conversation.objects.all():
            row.tag_rows.create(tag=TagFactory(name=f"tag {row.pk}"), page=page, act=OPERATION)
        connect_page(shop.id, shop.token)
        Page.objects.update(instagram_username="")

    return store


def test_full_run_takes_apart_the_people_of_an_earlier_version(sync, page, sandbox, store_as_before):
    EngineCase(OWN_ID, sandbox).play()
    store_as_before(OWN_ID)
    result = sync(full=True)
    assert (result.status, result.events_created) == ("complete", 0)
    assert set(Conversation.objects.values_list("sender_id", "sender_name", "graph_id", "last_message")) == {
        ("880001", "ana.demo", "aWdf1", "Hi"),
        ("880002", "ben.demo", "aWdf2", "Hi"),
    }
    assert kinds("ana.demo") == ["message_sent", "message_received"]
    assert kinds("ben.demo") == ["message_received"]
    assert set(page.threads.values_list("graph_id", "state", "held_count", "conversation__sender_id")) == {
        ("aWdf1", "stored", 2, "880001"),
        ("aWdf2", "stored", 1, "880002"),
    }
    assert SyncRun.objects.latest("pk").notes[-1].endswith("assign them again: tag 1.")
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


def test_full_run_joins_the_conversations_of_an_earlier_version(sync, page, sandbox, store_as_before):
    case = EngineCase(NEW_ID, sandbox)
    case.play()
    case.play()
    store_as_before(NEW_ID)
    result = sync(full=True)
    assert (result.status, result.events_created) == ("complete", 0)
    row = Conversation.objects.get()
    assert (row.sender_id, row.last_message, row.events.count()) == ("7000000000000001", "Message 61", 61)
    assert set(row.tag_rows.values_list("tag__name", flat=True)) == {"tag 1", "tag 2"}
    assert ConversationAlias.objects.get().sender_id == "7999999999999999"
    assert SyncRun.objects.latest("pk").ledger["messages"] == {"listed": 61, "held": 61, "unreadable": 0}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before
