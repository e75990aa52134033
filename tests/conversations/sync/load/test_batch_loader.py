"""Loading batches: the number of statements, the written rows, and threads of one sender."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.graph import records
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.sync.load import batch_loader
from conversations.sync.load.event_row import event_row
from conversations.sync.load.joining import UNREAD_THREAD
from conversations.sync.load.transform import ThreadRows, to_rows
from tags.models import Tag
from tests.conversations.sync.copies import row_versions

START = datetime(2026, 11, 20, 10, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def shown(
    page: Page, number: int, *, minute: int = 0, messages: int | None = 1, sender: int | None = None, **fields
) -> ThreadRows:
    raw = {
        "id": f"t_{number}",
        "updated_time": at(minute).isoformat(),
        "participants": {"data": [{"id": f"7{sender or number}", "name": f"Customer {number}"}]},
        "messages": {
            "data": [
                {
                    "id": f"m_{number}_{minute}_{n}",
                    "created_time": at(minute).isoformat(),
                    "message": "Hi",
                    "from": {"id": "7"},
                }
                for n in range(messages or 0)
            ]
        },
    }
    if messages is None:
        del raw["messages"]
    record = records.Conversation.from_graph(raw | fields)
    assert record
    return to_rows(record, page, "messenger", now=at(10_000))


def results(page: Page, *rows: ThreadRows) -> list[str]:
    return [outcome.result for outcome in batch_loader.save_batch(page, rows)]


def statements(work) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    return [query["sql"].split("(")[0].strip() for query in queries]


# -- how many statements -----------------------------------------------------------------------------------
READ = ["what is known of threads and senders", "conversations", "threads", "stored messages"]
WRITE = ["conversations", "SAVEPOINT", "headers", "COPY", "RELEASE", "threads", "NOTIFY"]


def test_number_of_statements_does_not_depend_on_the_size_of_the_batch(shop_page):
    def new(first: int, count: int):
        return lambda: results(shop_page, *(shown(shop_page, first + n) for n in range(count)))

    def changed(count: int, minute: int):
        return lambda: results(shop_page, *(shown(shop_page, n, minute=minute) for n in range(count)))

    few, many = statements(new(0, 3)), statements(new(3, 97))
    # Of new conversations nothing more is queried.
    assert len(few) == len(many) == len([READ[0], *WRITE])
    few, many = statements(changed(3, 1)), statements(changed(100, 2))
    assert len(few) == len(many) == len([*READ, *WRITE, "copies in the rows of tags"])
    assert len(statements(changed(100, 2))) == len(statements(changed(3, 2))) == len(READ)


def test_messages_of_a_batch_take_as_many_statements_as_one_message(shop_page):
    one = statements(lambda: results(shop_page, shown(shop_page, 1)))
    many = statements(
        lambda: results(shop_page, *(shown(shop_page, 10 + n, messages=25) for n in range(100)))
    )
    assert len(one) == len(many)
    assert [sql for sql in many if sql.startswith("COPY")] == ["COPY conversations_interactionevent"]
    assert InteractionEvent.objects.count() == 2501


def test_statements_are_never_prepared(db):
    connection.ensure_connection()
    assert connection.connection.prepare_threshold is None


def test_unchanged_rows_are_not_written(shop_page):
    batch = [shown(shop_page, n) for n in range(5)]
    results(shop_page, *batch)
    before = row_versions()
    assert results(shop_page, *(shown(shop_page, n) for n in range(5))) == ["unchanged"] * 5
    assert row_versions() == before


def test_only_changed_rows_are_written(shop_page):
    results(shop_page, *(shown(shop_page, n) for n in range(5)))
    before = row_versions()
    again = [shown(shop_page, n, minute=1 if n == 3 else 0) for n in range(5)]
    assert results(shop_page, *again) == ["unchanged"] * 3 + ["updated", "unchanged"]
    after = row_versions()
    assert [a == b for a, b in zip(before["conversation"], after["conversation"], strict=True)].count(
        False
    ) == 1
    assert [a == b for a, b in zip(before["thread"], after["thread"], strict=True)].count(False) == 1


def test_update_keeps_primary_key_and_creation_time(shop_page):
    results(shop_page, shown(shop_page, 1))
    before = Conversation.objects.get()
    results(shop_page, shown(shop_page, 1, minute=1))
    after = Conversation.objects.get()
    assert (after.pk, after.created_at) == (before.pk, before.created_at)
    assert after.updated_at > before.updated_at


# -- two threads of one sender -----------------------------------------------------------------------------
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("older_first", [True, False])
def test_threads_of_one_sender_share_one_conversation(shop_page, together, older_first):
    threads = [shown(shop_page, 1, minute=1, sender=5), shown(shop_page, 2, minute=2, sender=5)]
    threads = threads if older_first else threads[::-1]
    for batch in [threads] if together else [[row] for row in threads]:
        done = results(shop_page, *batch)
        assert done[1:] in ([], ["updated"])
    row = Conversation.objects.get()
    assert (row.graph_id, row.last_message_time) == ("t_2", at(2))
    assert dict(Thread.objects.values_list("graph_id", "state")) == {"t_1": "merged", "t_2": "stored"}
    assert row.events.count() == 2
    before = row_versions()
    for batch in (threads, threads[::-1]):
        again = [
            shown(shop_page, int(row.thread.graph_id[2:]), minute=int(row.thread.graph_id[2:]), sender=5)
            for row in batch
        ]
        assert results(shop_page, *again) == ["unchanged"] * 2
    assert row_versions() == before


def test_older_thread_with_a_new_message_becomes_the_stored_one(shop_page):
    results(shop_page, shown(shop_page, 1, minute=1, sender=5), shown(shop_page, 2, minute=2, sender=5))
    results(shop_page, shown(shop_page, 1, minute=3, sender=5))
    assert dict(Thread.objects.values_list("graph_id", "state")) == {"t_1": "stored", "t_2": "merged"}
    assert Conversation.objects.get().graph_id == "t_1"


def test_message_in_two_threads_is_stored_once(shop_page):
    both = [shown(shop_page, n, sender=5) for n in (1, 2)]
    for row in both:
        row.events = [event_row(row.events[0].kind, "m_same", row.events[0].occurred_at, "Hi")]
    batch_loader.save_batch(shop_page, both)
    assert InteractionEvent.objects.count() == 1


def test_thread_listed_twice_is_stored_once_with_all_messages(shop_page):
    (outcome,) = batch_loader.save_batch(
        shop_page, [shown(shop_page, 1, minute=2), shown(shop_page, 1, minute=1)]
    )
    assert (outcome.result, outcome.events_created) == ("inserted", 2)
    assert Conversation.objects.get().last_message_time == at(2)
    assert Thread.objects.get().held_count == 2


def test_same_ids_on_another_page_are_separate_rows(shop_page):
    other = Page.objects.create(facebook_page_id="8")
    assert results(shop_page, shown(shop_page, 1)) == results(other, shown(other, 1)) == ["inserted"]
    assert (Conversation.objects.count(), Thread.objects.count(), InteractionEvent.objects.count()) == (
        2,
        2,
        2,
    )


# -- tags --------------------------------------------------------------------------------------------------
def test_rows_of_tags_copy_the_time_of_the_last_message(shop_page):
    results(shop_page, shown(shop_page, 1), shown(shop_page, 2))
    tag = Tag.objects.create(name="VIP", slug="vip")
    for row in Conversation.objects.all():
        ConversationTag.objects.create(
            conversation=row,
            tag=tag,
            page=shop_page,
            last_message_time=row.last_message_time,
            act=uuid.uuid4(),
        )
    before = row_versions()["conversationtag"]
    results(shop_page, shown(shop_page, 1, minute=7), shown(shop_page, 2))
    for copy in ConversationTag.objects.select_related("conversation"):
        assert copy.last_message_time == copy.conversation.last_message_time
    after = row_versions()["conversationtag"]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True]


def test_messages_that_a_record_shows_are_counted_though_the_thread_has_lost_its_count(shop_page):
    """Separating people moves threads and messages, and forgets how many messages of a thread are stored."""
    batch_loader.save_batch(shop_page, [shown(shop_page, 1, messages=2)])
    Thread.objects.update(**UNREAD_THREAD)
    batch_loader.save_batch(shop_page, [shown(shop_page, 1, messages=2)])
    assert Thread.objects.values_list("state", "held_count", "history").get() == ("stored", 2, "complete")


def test_second_thread_without_new_messages_is_accepted(shop_page):
    one, two, three = shown(shop_page, 1, sender=5), shown(shop_page, 2, sender=5), shown(shop_page, 3)
    two.events = list(one.events)
    batch_loader.save_batch(shop_page, [one, two, three], tolerant=False)
    assert InteractionEvent.objects.count() == 2
