"""What holds of our tables at any moment, whoever was killed just before, and what holds at rest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from conversations.models import ConversationTag, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import truth
from conversations.sync.service import SyncResult
from conversations.text import clean
from tests.conversations.sync.copies import assert_exact, ours, row_versions, theirs

from .world import MovingInbox

INSTAGRAM_WINDOW = 20  # messages of a thread that Instagram still shows
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Copy:
    """What we hold at one moment."""

    watermarks: dict[str, datetime]
    conversations: dict[str, dict[str, Any]]  # by sender, as copies.ours()
    threads: dict[str, Thread]  # by graph_id
    messages: list[tuple[str, str]]  # (sender, graph_id), every row
    tagged: list[tuple[int, str]]  # (tag, sender)
    runs: list[SyncRun]  # oldest first

    @classmethod
    def of(cls, page_id: int) -> "Copy":
        with one_moment():
            page = Page.objects.get(pk=page_id)
            rows = InteractionEvent.objects.select_related("conversation").filter(
                conversation__page=page, graph_id__isnull=False
            )
            return cls(
                {platform: datetime.fromisoformat(time) for platform, time in page.watermarks.items()},
                ours(page),
                {thread.graph_id: thread for thread in page.threads.all()},
                [(row.conversation.sender_id, row.graph_id or "") for row in rows],
                list(ConversationTag.objects.values_list("tag_id", "conversation__sender_id")),
                list(page.runs.order_by("pk")),
            )


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read in it was so at the same time, whatever others write meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def assert_sound(page_id: int, inbox: MovingInbox, before: Copy | None) -> Copy:
    """Checks all that holds at any moment; returns what we hold, to be given as `before` the next time."""
    copy = Copy.of(page_id)
    with inbox.world.lock:  # the world only ever grows: what we held a moment ago is in it
        shown, threads = theirs(inbox.world, inbox.shop), list(truth(inbox.world, inbox.shop))
    assert_nothing_twice()
    assert_true(copy, shown)
    assert_counted(copy, threads)
    assert_accounted_for(copy, threads)
    assert_tags_in_step()
    if before:
        assert_not_back_in_time(copy, before)
    return copy


def assert_nothing_twice() -> None:
    """Asked of the rows themselves: a broken index would not find what it let through."""
    keys = {
        "conversation": "page_id, sender_id",
        "thread": "page_id, graph_id",
        "interactionevent": "conversation_id, graph_id",
    }
    with connection.cursor() as cursor:
        for table, key in keys.items():
            last = key.rpartition(" ")[2]
            cursor.execute(
                f"SELECT {key}, count(*) FROM conversations_{table} WHERE {last} IS NOT NULL"  # noqa: S608 - our names
                f" GROUP BY {key} HAVING count(*) > 1"
            )
            assert cursor.fetchall() == [], f"doubles in {table}"


def assert_true(copy: Copy, shown: dict[str, Any]) -> None:
    """Every message that we hold is one that Facebook shows, word for word, at its sender."""
    for sender, held in copy.conversations.items():
        assert sender in shown, f"nobody is {sender}"
        true = shown[sender]["messages"]
        for graph_id, message in held["messages"].items():
            assert message == true.get(graph_id), f"message {graph_id} of {sender}"
        assert held["graph_id"] in shown[sender]["threads"]


def assert_counted(copy: Copy, threads: list) -> None:
    """The ledger says how many messages of a thread we hold, and up to when there is no gap in them."""
    thread_of = {clean(message.id): thread.id for thread in threads for message in thread.messages}
    held = Counter(thread_of[graph_id] for _, graph_id in copy.messages)
    assert {key: row.held_count for key, row in copy.threads.items() if row.held_count} == dict(held)
    have = {graph_id for _, graph_id in copy.messages}
    for thread in threads:
        row = copy.threads.get(thread.id)
        if row is None or thread.platform == "instagram":  # there the window hides what came too fast
            continue
        until = row.complete_until or LONG_AGO
        missing = [m.id for m in thread.messages if m.created_time < until and clean(m.id) not in have]
        assert missing == [], f"{thread.id} is said to be complete until {until}"
        assert row.history != Thread.History.COMPLETE or row.complete_until or not thread.messages


def assert_accounted_for(copy: Copy, threads: list) -> None:
    """What was updated before the watermark is stored as it is now, or owed."""
    for thread in threads:
        watermark = copy.watermarks.get(thread.platform)
        if watermark is None or thread.updated_time >= watermark:
            continue
        row = copy.threads.get(thread.id)
        assert row is not None, f"{thread.id} of {thread.updated_time} was lost, watermark {watermark}"
        is_accounted_for = row.updated_time == thread.updated_time or row.state == Thread.State.OWED
        assert is_accounted_for, f"{thread.id} is as of {row.updated_time}, not {thread.updated_time}"


def assert_tags_in_step() -> None:
    for row in ConversationTag.objects.select_related("conversation"):
        assert row.last_message_time == row.conversation.last_message_time


def assert_not_back_in_time(copy: Copy, before: Copy) -> None:
    assert set(before.messages) <= set(copy.messages), "a message is gone"
    assert set(before.tagged) <= set(copy.tagged), "a tag is gone"
    for sender, old in before.conversations.items():
        new = copy.conversations[sender]
        assert (new["last_message_time"] or LONG_AGO) >= (old["last_message_time"] or LONG_AGO), sender
        assert new["sender_name"] or not old["sender_name"], f"{sender} lost the name {old['sender_name']}"
    for graph_id, thread in before.threads.items():
        for name in ("updated_time", "complete_until"):
            then, now = getattr(thread, name), getattr(copy.threads[graph_id], name)
            assert (now or LONG_AGO) >= (then or LONG_AGO), f"{name} of {graph_id}: {then}, then {now}"
    for platform, time in before.watermarks.items():
        assert copy.watermarks[platform] >= time, f"the watermark of {platform} moved back"


# -- at rest -----------------------------------------------------------------------------------------------
def assert_settled(
    sync: Callable[..., SyncResult], page: Page, inbox: MovingInbox, *, tries: int = 2
) -> None:
    """Syncs the resting world: complete, exact, and then nothing is left to write."""
    results: list[SyncResult] = []
    while len(results) < tries and not (results and results[-1].status == SyncRun.Status.COMPLETE):
        results.append(sync())
    assert results[-1].status == SyncRun.Status.COMPLETE, results
    assert_same(page, inbox)
    before = row_versions()
    for full in (False, True):
        again = sync(full=full)
        assert (again.status, again.events_created, again.inserted, again.updated) == ("complete", 0, 0, 0)
        assert row_versions() == before, f"a sync wrote although nothing had changed, full={full}"


def assert_same(page: Page, inbox: MovingInbox) -> None:
    """copies.assert_exact(), and for Instagram what can be known: it no longer shows what is further back."""
    if "instagram" not in inbox.platforms:
        assert_exact(page, inbox.world, inbox.shop)
        return
    expected, held = theirs(inbox.world, inbox.shop), ours(page)
    assert held.keys() == expected.keys()
    windows = visible_messages(inbox)
    for sender, copy in expected.items():
        shown_on_instagram = windows.get(sender)
        if shown_on_instagram is None:
            assert held[sender] == copy
            continue
        messages, threads = held[sender].pop("messages"), held[sender].pop("threads")
        true_messages, true_threads = copy.pop("messages"), copy.pop("threads")
        assert held[sender] == copy
        assert shown_on_instagram <= messages.keys()
        assert all(true_messages[key] == message for key, message in messages.items())
        assert threads.keys() == true_threads.keys()
        for graph_id, (updated_time, held_count, history) in threads.items():
            assert updated_time == true_threads[graph_id][0]
            is_whole = held_count == true_threads[graph_id][1]
            assert history == "truncated" or (is_whole and history == "complete"), graph_id


def visible_messages(inbox: MovingInbox) -> dict[str, set[str]]:
    """By sender on Instagram: the messages that it still shows."""
    found: dict[str, set[str]] = defaultdict(set)
    for thread in truth(inbox.world, inbox.shop):
        if thread.platform == "instagram":
            newest = thread.messages[-INSTAGRAM_WINDOW:]
            found[clean(thread.customer_id or "")] |= {clean(message.id) for message in newest}
    return found
