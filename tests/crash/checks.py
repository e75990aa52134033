"""Checks of our tables: those that hold at any moment, also after a crash, and those that hold at rest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from conversations.lib.text import clean
from conversations.models import ConversationTag, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import truth
from conversations.sync.service import SyncResult
from tests.conversations.sync.copies import assert_exact, expected_copy, row_versions, stored_copy

from .changing_inbox import ChangingInbox

INSTAGRAM_WINDOW = 20  # messages of a thread that Instagram returns
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass
class Snapshot:
    """The rows in our tables at one moment."""

    watermarks: dict[str, datetime]
    conversations: dict[str, dict[str, Any]]  # by sender, as copies.stored_copy() returns them
    threads: dict[str, Thread]  # by graph_id
    messages: list[tuple[str, str]]  # (sender, graph_id) of every row
    tagged: list[tuple[int, str]]  # (tag, sender)
    runs: list[SyncRun]  # oldest first

    @classmethod
    def take(cls, page_id: int) -> "Snapshot":
        with consistent_reads():
            page = Page.objects.get(pk=page_id)
            rows = InteractionEvent.objects.select_related("conversation").filter(
                conversation__page=page, graph_id__isnull=False
            )
            return cls(
                {platform: datetime.fromisoformat(time) for platform, time in page.watermarks.items()},
                stored_copy(page),
                {thread.graph_id: thread for thread in page.threads.all()},
                [(row.conversation.sender_id, row.graph_id or "") for row in rows],
                list(ConversationTag.objects.values_list("tag_id", "conversation__sender_id")),
                list(page.runs.order_by("pk")),
            )


@contextmanager
def consistent_reads() -> Iterator[None]:
    """All reads in this block see the same snapshot of the database."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def assert_consistent(page_id: int, inbox: ChangingInbox, before: Snapshot | None) -> Snapshot:
    """Check everything that holds at any moment. Return the snapshot, for `before` of the next call."""
    current = Snapshot.take(page_id)
    with inbox.world.lock:  # the world only grows: it still contains what we read before
        expected, threads = expected_copy(inbox.world, inbox.shop), list(truth(inbox.world, inbox.shop))
    assert_no_duplicates()
    assert_correct(current, expected)
    assert_counters(current, threads)
    assert_stored_or_pending(current, threads)
    assert_tags_up_to_date()
    if before:
        assert_nothing_lost(current, before)
    return current


def assert_no_duplicates() -> None:
    """Compare the rows themselves: a broken unique index would not find its own duplicates."""
    keys = {
        "conversation": "page_id, sender_id",
        "thread": "page_id, graph_id",
        "interactionevent": "conversation_id, graph_id",
    }
    with connection.cursor() as cursor:
        for table, key in keys.items():
            column = key.rpartition(" ")[2]
            cursor.execute(
                f"SELECT {key}, count(*) FROM conversations_{table} WHERE {column} IS NOT NULL"  # noqa: S608 - the names are literals
                f" GROUP BY {key} HAVING count(*) > 1"
            )
            assert cursor.fetchall() == [], f"duplicates in {table}"


def assert_correct(current: Snapshot, expected: dict[str, Any]) -> None:
    """Every stored message equals the message of the same sender on Facebook."""
    for sender, stored in current.conversations.items():
        assert sender in expected, f"unknown sender {sender}"
        messages = expected[sender]["messages"]
        for graph_id, message in stored["messages"].items():
            assert message == messages.get(graph_id), f"message {graph_id} of {sender}"
        assert stored["graph_id"] in expected[sender]["threads"]


def assert_counters(current: Snapshot, threads: list) -> None:
    """Thread rows state how many messages are stored, and up to what time none is missing."""
    thread_of = {clean(message.id): thread.id for thread in threads for message in thread.messages}
    stored = Counter(thread_of[graph_id] for _, graph_id in current.messages)
    assert {key: row.held_count for key, row in current.threads.items() if row.held_count} == dict(stored)
    stored_ids = {graph_id for _, graph_id in current.messages}
    for thread in threads:
        row = current.threads.get(thread.id)
        if row is None or thread.platform == "instagram":  # messages can leave its window before a sync
            continue
        until = row.complete_until or EARLIEST
        missing = [m.id for m in thread.messages if m.created_time < until and clean(m.id) not in stored_ids]
        assert missing == [], f"{thread.id} is recorded as complete until {until}"
        assert row.history != Thread.History.COMPLETE or row.complete_until or not thread.messages


def assert_stored_or_pending(current: Snapshot, threads: list) -> None:
    """Every thread updated before the watermark is stored in its current version, or is pending."""
    for thread in threads:
        watermark = current.watermarks.get(thread.platform)
        if watermark is None or thread.updated_time >= watermark:
            continue
        row = current.threads.get(thread.id)
        assert row is not None, f"{thread.id} of {thread.updated_time} is missing, watermark {watermark}"
        is_stored = row.updated_time == thread.updated_time
        assert is_stored or row.state == Thread.State.OWED, (
            f"{thread.id} is stored as of {row.updated_time}, not {thread.updated_time}"
        )


def assert_tags_up_to_date() -> None:
    for row in ConversationTag.objects.select_related("conversation"):
        assert row.last_message_time == row.conversation.last_message_time


def assert_nothing_lost(current: Snapshot, before: Snapshot) -> None:
    """No row is missing and no time or name is older than in the snapshot before."""
    assert set(before.messages) <= set(current.messages), "a message is missing"
    assert set(before.tagged) <= set(current.tagged), "a tag is missing"
    for sender, old in before.conversations.items():
        new = current.conversations[sender]
        assert (new["last_message_time"] or EARLIEST) >= (old["last_message_time"] or EARLIEST), sender
        assert new["sender_name"] or not old["sender_name"], f"{sender} lost the name {old['sender_name']}"
    for graph_id, thread in before.threads.items():
        for name in ("updated_time", "complete_until"):
            then, now = getattr(thread, name), getattr(current.threads[graph_id], name)
            assert (now or EARLIEST) >= (then or EARLIEST), f"{name} of {graph_id}: {then}, then {now}"
    for platform, time in before.watermarks.items():
        assert current.watermarks[platform] >= time, f"the watermark of {platform} moved back"


# -- at rest -----------------------------------------------------------------------------------------------
def assert_settled(
    sync: Callable[..., SyncResult], page: Page, inbox: ChangingInbox, *, attempts: int = 2
) -> None:
    """Sync the unchanged world: the copy is complete and exact, and a further sync writes nothing."""
    results: list[SyncResult] = []
    while len(results) < attempts and not (results and results[-1].status == SyncRun.Status.COMPLETE):
        results.append(sync())
    assert results[-1].status == SyncRun.Status.COMPLETE, results
    assert_equal_to_world(page, inbox)
    before = row_versions()
    for full in (False, True):
        result = sync(full=full)
        assert (result.status, result.events_created, result.inserted, result.updated) == (
            "complete",
            0,
            0,
            0,
        )
        assert row_versions() == before, f"a sync wrote rows although nothing had changed, full={full}"


def assert_equal_to_world(page: Page, inbox: ChangingInbox) -> None:
    """As copies.assert_exact(), but for Instagram only what it returns: the newest messages of a thread."""
    if "instagram" not in inbox.platforms:
        assert_exact(page, inbox.world, inbox.shop)
        return
    expected, stored = expected_copy(inbox.world, inbox.shop), stored_copy(page)
    assert stored.keys() == expected.keys()
    windows = visible_messages(inbox)
    for sender, conversation in expected.items():
        visible = windows.get(sender)
        if visible is None:
            assert stored[sender] == conversation
            continue
        messages, threads = stored[sender].pop("messages"), stored[sender].pop("threads")
        true_messages, true_threads = conversation.pop("messages"), conversation.pop("threads")
        assert stored[sender] == conversation
        assert visible <= messages.keys()
        assert all(true_messages[key] == message for key, message in messages.items())
        assert threads.keys() == true_threads.keys()
        for graph_id, (updated_time, held_count, history) in threads.items():
            assert updated_time == true_threads[graph_id][0]
            is_complete = held_count == true_threads[graph_id][1]
            assert history == "truncated" or (is_complete and history == "complete"), graph_id


def visible_messages(inbox: ChangingInbox) -> dict[str, set[str]]:
    """Return the ids of the messages that Instagram returns, by sender."""
    visible: dict[str, set[str]] = defaultdict(set)
    for thread in truth(inbox.world, inbox.shop):
        if thread.platform == "instagram":
            newest = thread.messages[-INSTAGRAM_WINDOW:]
            visible[clean(thread.customer_id or "")] |= {clean(message.id) for message in newest}
    return visible
