"""A filled database of an older version is upgraded in place: nothing is lost, and its syncs go on."""

import psycopg
import pytest

from conversations.sandbox import truth
from conversations.search.index.refold import refold
from tests.machine import condition_in_time
from tests.servers import django_connected_to, schema
from tests.upgrade.conftest import Upgraded, all_rows

TABLES = {
    "conversations_messagequeue": "conversations_messageindexqueue",
    "conversations_messagepart": "conversations_messageindexchunk",
    "conversations_insightshare": "conversations_conversationstats",
    "conversations_messageslot": "conversations_messagebucket",
    "conversations_replyweek": "conversations_weeklyreplytimes",
}
COLUMNS = {
    "conversations_page": {"learnt": "capabilities", "audited_at": "last_full_sync_at"},
    "conversations_syncrun": {
        "resume": "checkpoint",
        "blame": "fault",
        "waits_for": "wait_reason",
        "alive_at": "heartbeat_at",
    },
    "conversations_thread": {"reading": "backfill"},
}
COUNTERS = {
    "the conversations of a Page by facets": (
        "SELECT page_id, facets, conversations FROM conversations_pagecount WHERE conversations > 0",
        "SELECT page_id, facets, count(*) FROM conversations_conversation GROUP BY 1, 2",
    ),
    "the conversations with a tag": (
        "SELECT tag_id, conversations FROM conversations_tagcount WHERE tag_id IS NOT NULL",
        "SELECT tag_id, count(*) FROM conversations_conversationtag GROUP BY 1",
    ),
    "the conversations without a tag": (
        "SELECT conversations FROM conversations_tagcount WHERE tag_id IS NULL",
        "SELECT count(*) FROM conversations_untagged",
    ),
    "the messages of a Page": (
        "SELECT messages FROM conversations_messagecount",
        "SELECT count(*) FROM conversations_interactionevent WHERE starts_with(kind, 'message_')",
    ),
}
NEW_CONVERSATION = """
INSERT INTO conversations_conversation
  (page_id, sender_id, platform, graph_id, sender_name, last_message, last_message_kind, message_count,
   unread_count, can_reply, conversation_status, created_at, updated_at, search, told)
SELECT id, 'new', 'messenger', 't_new', 'New', 'Hi', '', 1, 0, true, 'active', now(), now(), 'new', '{}'
FROM conversations_page RETURNING id
"""
NEW_MESSAGE = """
INSERT INTO conversations_interactionevent
  (conversation_id, kind, graph_id, occurred_at, text, attachments, data)
SELECT id, 'message_received', 'm_new', now(), 'Hi', '[]', '{}' FROM conversations_conversation
WHERE sender_id = 'new'
"""
TOTALS = """
SELECT (SELECT sum(conversations) FROM conversations_pagecount),
  (SELECT conversations FROM conversations_tagcount WHERE tag_id IS NULL),
  (SELECT count(*) FROM conversations_untagged),
  (SELECT messages FROM conversations_messagecount),
  (SELECT count(*) FROM conversations_messageindexqueue)
"""
WORKER = ("procrastinate", "worker", "--queues", "sync")
ENDED = ("complete", "complete_with_errors", "error")
NEWEST_RUN = "SELECT status, mode, owed, error FROM conversations_syncrun ORDER BY id DESC LIMIT 1"
CHECKPOINT = """
SELECT checkpoint->'messenger/inbox'->>'after' FROM conversations_syncrun WHERE status = 'interrupted'
"""
HALF_READ = """
SELECT graph_id, backfill->>'after' FROM conversations_thread WHERE backfill->>'after' IS NOT NULL
"""
FORGOTTEN = "SELECT graph_id FROM conversations_thread WHERE starts_with(reason, 'Person')"
CHANGES = "SELECT inserted, updated, events_created FROM conversations_syncrun ORDER BY id DESC LIMIT 1"
MESSAGES = """
SELECT graph_id FROM conversations_interactionevent WHERE starts_with(kind, 'message_') ORDER BY graph_id
"""


def test_every_row_is_the_same_under_its_new_name(upgraded: Upgraded):
    with psycopg.connect(upgraded.url) as connection:
        after = all_rows(connection)
    expected = {
        TABLES.get(table, table): [
            {COLUMNS.get(table, {}).get(name, name): value for name, value in row.items()} for row in rows
        ]
        for table, rows in upgraded.rows_before.items()
    }
    queue = "conversations_messageindexqueue"  # later migrations add conversations to it
    assert len(after[queue]) > len(expected.pop(queue))
    assert {table: len(after[table]) for table in expected} == {t: len(rows) for t, rows in expected.items()}
    for table, rows in expected.items():
        columns = rows[0].keys() if rows else ()  # without those that later migrations add
        kept = [{name: row[name] for name in columns} for row in after[table]]
        assert [row for row in rows if row not in kept] == [], table


def test_an_upgraded_database_has_the_schema_of_a_new_one(server, upgraded: Upgraded, fresh):
    assert schema(server, upgraded.url) == schema(server, fresh)


def test_nothing_is_missing_in_the_schema(upgraded: Upgraded):
    assert "no issues" in upgraded.output_of("check", "--database", "default")
    assert upgraded.output_of("repairschema") == "Nothing is missing.\n"


@pytest.mark.parametrize("name", COUNTERS)
def test_counters_are_exact(upgraded: Upgraded, name):
    counter, counted = COUNTERS[name]
    assert sorted(upgraded.fetch(counter)) == sorted(upgraded.fetch(counted)) != []


def test_triggers_count_and_queue(upgraded: Upgraded):
    with psycopg.connect(upgraded.url) as connection:
        before = connection.execute(TOTALS).fetchone()
        connection.execute(NEW_CONVERSATION)
        connection.execute(NEW_MESSAGE)
        assert before is not None
        assert connection.execute(TOTALS).fetchone() == tuple(number + 1 for number in before)
        connection.execute("DELETE FROM conversations_interactionevent WHERE graph_id = 'm_new'")
        connection.execute("DELETE FROM conversations_conversation WHERE sender_id = 'new'")
        queued = before[4] + 2  # once for the new message, once for the deleted one
        assert connection.execute(TOTALS).fetchone() == (*before[:4], queued)
        connection.rollback()


def test_the_queued_job_resumes_the_interrupted_run(upgraded: Upgraded):
    """Only what was not committed is read again: at most one answer of each list and thread."""
    [[checkpoint]], half_read = upgraded.fetch(CHECKPOINT), upgraded.fetch(HALF_READ)
    assert checkpoint
    assert half_read
    upgraded.facebook.call_log.clear()
    # With --one-shot it would wait for a job that never ends, the one that works on webhooks.
    with upgraded.running(*WORKER):
        condition_in_time(60, lambda: upgraded.fetch(NEWEST_RUN)[0][0] in ENDED)
    assert upgraded.fetch(NEWEST_RUN) == [("complete", "full", 0, "")]
    lists = upgraded.facebook.call_log.matching(r"/conversations\?")
    assert checkpoint in {call.params.get("after") for call in lists}
    assert len(lists) <= 3  # the last batch, perhaps once more, and the head of the list
    for thread, after in half_read:
        [first, *_] = upgraded.facebook.call_log.matching(f"/{thread}/messages")
        assert first.params["after"] == after

    forgotten = upgraded.fetch(FORGOTTEN)
    expected = [
        message.id
        for thread in truth(upgraded.facebook.world)
        if (thread.id,) not in forgotten
        for message in thread.messages
    ]
    assert [graph_id for (graph_id,) in upgraded.fetch(MESSAGES)] == sorted(expected)
    for counter, counted in COUNTERS.values():
        assert sorted(upgraded.fetch(counter)) == sorted(upgraded.fetch(counted))


def test_a_full_sync_finds_nothing_to_change(upgraded: Upgraded):
    with django_connected_to(upgraded.url):
        assert refold(seconds=60)  # a worker does it within a minute
    upgraded.output_of("syncconversations", "--full")
    assert upgraded.fetch(NEWEST_RUN) == [("complete", "full", 0, "")]
    assert upgraded.fetch(CHANGES) == [(0, 0, 0)]
