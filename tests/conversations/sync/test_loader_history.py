"""Messages that PostgreSQL rejects, and older messages of single threads."""

import uuid

import pytest
from django.db import connection

from conversations.graph import records
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.sync.load import batch_loader, thread_history
from conversations.sync.load.event_row import EventRow, event_row
from conversations.sync.load.transform import ThreadRows, to_events
from tags.models import Tag
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.load.test_batch_loader import at, results, shown

pytestmark = pytest.mark.django_db


# -- rejected values ------------------------------------------------------------------------------------
@pytest.fixture
def refusing(shop_page):
    """A database that rejects messages with the text "refused"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.text = 'refused' THEN RAISE data_exception; END IF; RETURN NEW; END $$;"
            " CREATE TRIGGER refuse BEFORE INSERT ON conversations_interactionevent"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
        )


def with_bad_messages(page: Page, *bad: int) -> ThreadRows:
    row = shown(page, 1, messages=20)
    for number in bad:
        event = row.events[number]
        row.events[number] = event_row(event.kind, event.graph_id, event.occurred_at, "refused")
    return row


def test_rejected_message_costs_only_itself(shop_page, refusing):
    row = with_bad_messages(shop_page, 3, 11, 19)
    first, second = batch_loader.save_batch(shop_page, [row, shown(shop_page, 2)])
    assert (first.result, first.events_created, second.events_created) == ("inserted", 17, 1)
    thread = Thread.objects.get(graph_id="t_1")
    assert (thread.state, thread.held_count, thread.unreadable_count) == ("stored", 17, 3)
    before = row_versions()
    assert results(shop_page, with_bad_messages(shop_page, 3, 11, 19)) == ["unchanged"]
    assert row_versions() == before


def test_rejected_older_message_costs_only_itself(shop_page, refusing):
    results(shop_page, shown(shop_page, 1))
    older = [
        records.Message(f"old_{n}", at(-n), message="refused" if n == 4 else "fine") for n in range(1, 9)
    ]
    thread = Thread.objects.get()
    assert (
        thread_history.save_messages(
            thread, to_events(records.MessageBatch(older), shop_page, thread_time=None)
        )
        == 7
    )
    thread.refresh_from_db()
    assert (thread.held_count, thread.unreadable_count) == (8, 1)


def test_error_that_is_not_about_a_value_is_raised(shop_page):
    row = shown(shop_page, 1)
    row.events[0] = event_row("odd", "m_odd", row.events[0].occurred_at, "Hi")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_interactionevent ADD CHECK (kind <> 'odd')")
    with pytest.raises(Exception, match="violates check constraint"):
        batch_loader.save_batch(shop_page, [row])


# -- older messages ----------------------------------------------------------------------------------------
def history(page: Page, *minutes: int) -> list[EventRow]:
    messages = [
        records.Message(f"old_{m}", at(m), records.Person("7"), f"At {m}") for m in sorted(minutes)[::-1]
    ]
    return to_events(records.MessageBatch(messages), page, thread_time=None)


def test_older_messages_are_added_once(shop_page):
    results(shop_page, shown(shop_page, 1, minute=50))
    thread = Thread.objects.get()
    assert thread_history.save_messages(thread, history(shop_page, 1, 2, 3)) == 3
    assert thread_history.save_messages(thread, history(shop_page, 2, 3, 4)) == 1
    assert (Thread.objects.get().held_count, InteractionEvent.objects.count()) == (5, 5)
    assert Conversation.objects.get().last_message_time == at(50)


@pytest.mark.parametrize(("known_until", "status"), [(None, "done"), (at(10), "active"), (at(31), "done")])
def test_message_of_the_customer_in_a_gap_makes_a_done_conversation_active(shop_page, known_until, status):
    results(shop_page, shown(shop_page, 1, minute=50))
    Conversation.objects.update(conversation_status="done")
    Thread.objects.update(complete_until=known_until)
    thread_history.save_messages(Thread.objects.get(), history(shop_page, 20, 30))
    assert Conversation.objects.get().conversation_status == status


def test_newest_message_of_a_thread_without_nested_ones_is_shown(shop_page):
    results(shop_page, shown(shop_page, 1, minute=50, messages=None, snippet="At 4"))
    tag = Tag.objects.create(name="VIP", slug="vip")
    conversation = Conversation.objects.get()
    assert (conversation.last_message, conversation.last_message_time) == ("At 4", at(50))
    ConversationTag.objects.create(
        conversation=conversation, tag=tag, page=shop_page, last_message_time=at(50), act=uuid.uuid4()
    )
    thread_history.show_newest_message(Thread.objects.get(), history(shop_page, 49)[0])
    conversation.refresh_from_db()
    assert (conversation.last_message, conversation.last_message_time) == ("At 49", at(49))
    assert "at 49" in conversation.search
    assert ConversationTag.objects.get().last_message_time == at(49)


def test_older_thread_does_not_show_its_newest_message(shop_page):
    results(shop_page, shown(shop_page, 1, minute=1, sender=5), shown(shop_page, 2, minute=2, sender=5))
    thread_history.show_newest_message(Thread.objects.get(graph_id="t_1"), history(shop_page, 2)[0])
    assert Conversation.objects.get().last_message == "Hi"
