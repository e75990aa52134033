"""A run that waits for Facebook is shown as waiting everywhere, with the seconds that are left."""

import pytest
import requests

from conversations.models import PageMember, SyncRun
from tests.factories import new_key


@pytest.fixture
def throttled(sandbox, shop):
    sandbox.limits.block(shop.id, "messenger", 120, sandbox.clock.monotonic(), code=613)


def is_waiting(state: dict) -> bool:
    return state["status"] == "waiting"


def test_waiting_is_in_stream_events_and_run(web, page, throttled, key, open_stream, django_user_model):
    viewer = django_user_model.objects.create_user("viewer")
    PageMember.objects.create(page=page, user=viewer, role="viewer")
    theirs = {"Authorization": f"Token {new_key(viewer)}"}
    events = open_stream("GET", f"{web.url}/api/events", key)
    guests = open_stream("GET", f"{web.url}/api/events", theirs)
    stream = open_stream("POST", f"{web.url}/api/conversations/sync-stream", key, {"pageId": page.pk})
    for managers in (stream, events):
        state = managers.wait_for(is_waiting)
        assert 60 < state["seconds"] <= 120
        assert "#613" in state["message"]
    state = guests.wait_for(is_waiting)
    assert (state["message"], 60 < state["seconds"] <= 120) == ("Waiting for Facebook.", True)
    late = open_stream("GET", f"{web.url}/api/events", theirs)
    assert late.wait_for(lambda state: True)["seconds"] > 0
    for who, words in ((key, "#613"), (theirs, "Waiting for Facebook.")):
        answer = requests.get(f"{web.url}/api/sync-runs/{SyncRun.objects.get().pk}", headers=who, timeout=60)
        run = answer.json()["sync_run"]
        assert (run["status"], words in run["message"], 0 < run["seconds"] <= 120) == ("waiting", True, True)
