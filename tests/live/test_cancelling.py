"""A run can be cancelled through any web process, and its streams report that."""

import pytest
import requests

from conversations.models import SyncRun
from conversations.sandbox import faults


@pytest.fixture
def inbox(world, shop, sandbox):
    """The second answer hangs: nothing more is stored."""
    for _ in range(150):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.hang(), times=None, path="/conversations.*&after=")


def test_run_is_cancelled_through_another_process(start_web, page, inbox, key, open_stream):
    webs = [start_web(), start_web(EMBEDDED_WORKER="0")]
    webs[0].wait_until_ready()
    url = f"{webs[0].url}/api/conversations/sync-stream"
    stream = open_stream("POST", url, key, {"pageId": page.pk})
    run = stream.wait_for(lambda state: state["synced"] == 100)["run"]
    answer = requests.post(f"{webs[1].url}/api/sync-runs/{run}/cancel", headers=key, timeout=60)
    assert (answer.status_code, answer.json()["sync_run"]["status"]) == (200, "cancelled")
    end = stream.wait_for(lambda state: state["status"] == "cancelled")
    assert (end["run"], end["synced"]) == (run, 100)
    assert stream.ended.wait(60)
    assert SyncRun.objects.get().status == "cancelled"
    assert page.conversations.count() == 100
