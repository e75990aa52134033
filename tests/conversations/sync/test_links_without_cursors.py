"""Lists whose links name a time and a token in place of a cursor."""

import json

import pytest

from conversations.models import SyncRun, Thread
from conversations.sandbox import faults
from tests.conversations.engine_cases import EngineCase
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db


def test_case_of_links_without_cursors(sync, page, sandbox, by_cursor):
    EngineCase("22-time-paging", sandbox).play()
    result = sync()
    assert (result.status, result.inserted, result.owed) == ("complete", 1, 0)
    assert page.threads.get().history == Thread.History.COMPLETE
    assert page.conversations.get().events.count() == 150
    calls = sandbox.call_log.matching("/t_1/messages")
    assert [call.params["until"] for call in calls] == [str(1476721922 - number) for number in range(5)]
    assert sync().requests == 1


def test_links_without_cursors_are_followed_after_a_kill(
    sync, page, world, shop, sandbox, by_cursor, add_threads
):
    """The position is stored with the thread, without the token that its link contains."""
    sandbox.switches.message_paging = "time"
    add_threads(1, messages=300)
    sandbox.faults.add(faults.graph_error(4711), times=None, path="/messages", after=1)
    assert sync().status == "complete_with_errors"
    stored = page.threads.get().backfill
    assert stored["after"].startswith("?")
    assert "__paging_token" in stored["after"]
    assert shop.token not in json.dumps(stored)
    assert "access_token" not in json.dumps(stored)
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_link_to_another_host_is_not_called(sync, page, world, shop, sandbox, by_cursor, add_threads, caplog):
    sandbox.switches.message_paging, sandbox.switches.next_url = "time", "http://127.0.0.1:9"
    add_threads(1, messages=150)
    with caplog.at_level("DEBUG"):
        assert sync().status == "complete"
    assert_exact(page, world, shop)
    assert "another host" in " ".join(SyncRun.objects.get().notes)
    assert shop.token not in caplog.text + json.dumps(SyncRun.objects.get().notes)
