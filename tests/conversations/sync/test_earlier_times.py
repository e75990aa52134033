"""A full run mends what the version before stored of messages whose times had another form."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from conversations.models import Conversation, InteractionEvent, Thread
from conversations.sandbox import ABSENT
from tests.conversations import engine_cases
from tests.conversations.engine_cases import SHOP, EngineCase
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.earlier_rows import store_rows

pytestmark = pytest.mark.django_db

migration = import_module("conversations.migrations.0094_unreadable_messages")
NAME = "08-unix-times"
MISTIMED = ["1795862100", 1795862099000, "2026-11-28T10:34:58+0000", 1795862097.0]  # in a thread with a time
IN_1795 = ["1795112012345", "1795112012344"]
DEEP = [f"{1795861000 - n // 3}000" for n in range(60)]


def threads_of_other_times(limit: int) -> list[dict[str, Any]]:
    return [
        timed_thread("t_3", "2026-11-28T10:35:00+0000", MISTIMED, limit),
        timed_thread("t_4", "1795112012345", IN_1795, limit),
        timed_thread("t_5", 1795861000, DEEP, limit),
    ]


def timed_thread(graph_id: str, updated: Any, times: list[Any], limit: int) -> dict[str, Any]:
    person = {"id": f"700000000000000{graph_id[-1]}", "name": f"Customer {graph_id}"}
    items = [
        {"id": f"m_{graph_id}_{n}", "created_time": time, "from": (person, SHOP)[n % 2], "message": f"{n}"}
        for n, time in enumerate(times)
    ]
    people, nested = {"data": [person, SHOP]}, engine_cases.part(items, 0, limit)
    fields = {"id": graph_id, "updated_time": updated, "message_count": len(times)}
    return {**fields, "participants": people, "messages": nested, "items": items}


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


EXPECTED = {
    "t_1": [moment(1795862400)],
    "t_2": [moment(1795862400)],
    "t_3": [moment(1795862100 - n) for n in range(4)],
    "t_4": [moment(1795112012.345), moment(1795112012.344)],
    "t_5": [moment(1795861000 - n // 3) for n in range(60)],
}


@pytest.mark.parametrize("is_incremental_first", [False, True])
def test_full_run_mends_the_times_of_an_earlier_version(sync, page, sandbox, is_incremental_first):
    case = EngineCase(NAME, sandbox)
    more = threads_of_other_times(26)
    for thread in more:
        sandbox.script.add(f"/{thread['id']}/messages", engine_cases.edge(thread.pop("items")))
    case["list"]["data"] += more
    case.play()
    store_rows(page, NAME)
    if is_incremental_first:
        assert sync().status == "complete"
    assert sync(full=True).status == "complete"
    stored = {
        row.graph_id: [event.occurred_at for event in row.events.newest_first()]
        for row in Conversation.objects.all()
    }
    assert stored == EXPECTED
    order = InteractionEvent.objects.newest_first().filter(graph_id__startswith="m_t_5")
    assert [event.text for event in order] == [str(n) for n in range(60)]
    assert {row.graph_id: row.last_message_time for row in Conversation.objects.all()} == {
        name: times[0] for name, times in EXPECTED.items()
    }
    assert set(page.threads.values_list("state", "history", "unreadable_count")) == {
        ("stored", "complete", 0)
    }
    assert {row.graph_id: row.held_count for row in Thread.objects.all()} == {
        name: len(times) for name, times in EXPECTED.items()
    }
    before = row_versions()
    again = sync(full=True)
    assert (again.status, again.requests) == ("complete", again.requests)
    assert row_versions() == before


def test_full_run_reads_threads_once_whose_messages_an_earlier_version_dropped(
    sync, page, world, shop, sandbox
):
    """They were counted as unreadable, so that nothing seemed to be missing."""
    thread = world.add_conversation(shop, messages=60)
    thread.history[9].raw = {"id": ABSENT}
    sync()
    InteractionEvent.objects.filter(graph_id__in=[thread.history[n].id for n in range(20, 29)]).delete()
    Thread.objects.update(held_count=F("held_count") - 9, unreadable_count=F("unreadable_count") + 9)
    before = Thread.objects.get()
    assert (before.held_count, before.unreadable_count, before.message_count) == (50, 10, 60)
    with connection.cursor() as cursor:
        cursor.execute(migration.FORGET_AUDITS)
    assert sync(full=True).events_created == 9
    for _ in range(2):
        after = Thread.objects.get()
        assert (after.held_count, after.unreadable_count, after.audited_count) == (59, 1, 60)
        sandbox.call_log.clear()
        sync(full=True)
        assert not sandbox.call_log.matching(f"/{thread.id}/messages")
