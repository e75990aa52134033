import json

import pytest
import requests
from django.conf import settings

from conversations.models import SyncRun
from conversations.sandbox import faults
from tests.factories import PageFactory


@pytest.fixture
def inbox(world, shop):
    return [world.add_conversation(shop, messages=2) for _ in range(250)]


def sync(web, key, **body) -> requests.Response:
    return requests.post(f"{web.url}/api/conversations/sync", json=body, headers=key, timeout=60)


def test_sync_responds_with_the_result(web, page, inbox, key):
    answer = sync(web, key, pageId=page.pk)
    assert answer.status_code == 200, answer.text
    run = SyncRun.objects.get()
    body = answer.json()
    assert body.pop("duration") > 0
    assert body == {
        "success": True,
        "status": "complete",
        "synced": 250,
        "inserted": 250,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "total": 250,
        "eventsCreated": 500,
        "syncMode": "full",
        "message": "Synced: 500 new messages.",
        "run": run.pk,
    }
    again = sync(web, key, facebookPageId=page.facebook_page_id)
    assert (again.json()["syncMode"], again.json()["eventsCreated"]) == ("incremental", 0)
    assert sync(web, key, pageId=str(page.pk), forceFull=True).json()["syncMode"] == "full"


def test_sync_works_without_a_content_type(web, page, inbox, key):
    body = json.dumps({"pageId": page.pk, "facebookPageId": page.facebook_page_id})
    url = f"{web.url}/api/conversations/sync-stream"
    answer = requests.post(
        url, data=body, headers={"Content-Type": "text/plain;charset=UTF-8"} | key, timeout=60
    )
    assert answer.headers["Content-Type"] == "text/event-stream"
    messages = answer.text.split("\n\n")
    assert messages.pop() == ""
    assert all(message.startswith("data: ") for message in messages)
    assert json.loads(messages[-1][6:])["status"] == "complete"


INVALID = [
    ({}, 400, "pageId"),
    ({"facebookPageId": "12345"}, 404, "Page not found"),
    ({"pageId": 10**30}, 404, "Page not found"),
    ({"pageId": "one"}, 400, "pageId"),
    ({"pageId": 1, "colour": "red"}, 400, "colour"),
    ({"facebookPageId": "900000000000001", "forceFull": "perhaps"}, 400, "forceFull"),
]


def test_invalid_requests_are_errors_and_queue_nothing(web, page, key):
    other = PageFactory(facebook_page_id="55", access_token="EAAother")
    two_pages = ({"pageId": page.pk, "facebookPageId": other.facebook_page_id}, 400, "different Pages")
    for body, status, text in [*INVALID, two_pages]:
        for route in ("sync", "sync-stream"):
            url = f"{web.url}/api/conversations/{route}"
            answer = requests.post(url, json=body, headers=key, timeout=60)
            assert answer.status_code == status, body
            assert text in answer.json()["error"]
    for method, route in (
        ("POST", "/api/conversations/sync"),
        ("POST", "/api/conversations/sync-stream"),
        ("GET", "/api/events"),
    ):
        answer = requests.request(
            method, web.url + route, headers={"Accept": "text/event-stream"}, timeout=60
        )
        assert answer.status_code == 401, route
        assert answer.json()["error"]
        unknown = requests.request(method, f"{web.url}{route}?nonsense=1", headers=key, timeout=60)
        assert (unknown.status_code, unknown.json()["field"]) == (400, "nonsense")
    assert not SyncRun.objects.exists()


def test_respond_async_returns_the_location(web, page, key):
    headers = key | {"Prefer": "respond-async"}
    answer = requests.post(
        f"{web.url}/api/conversations/sync", json={"pageId": page.pk}, headers=headers, timeout=60
    )
    run = SyncRun.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"run": run.pk, "status": "queued"}
    assert answer.headers["Location"] == f"/api/sync-runs/{run.pk}"


def test_failures_have_the_status_of_their_cause(web, page, world, shop, sandbox, key):
    sandbox.faults.add(faults.graph_error(2500, status=400), times=None)
    answer = sync(web, key, pageId=page.pk)
    assert (answer.status_code, answer.json()["status"]) == (502, "error")
    sandbox.faults.clear()
    world.break_token(shop.token, 463)
    answer = sync(web, key, pageId=page.pk)
    assert answer.status_code == 409
    assert (answer.json()["status"], answer.json()["success"]) == ("error", False)
    assert "Connect the Page again" in answer.json()["error"]


def test_without_a_worker_the_run_stays_queued(start_web, page, inbox, key, open_stream):
    assert settings.QUEUED_SECONDS == 10  # the contract; less in these tests
    web = start_web(EMBEDDED_WORKER="0", DJANGO_SETTINGS_MODULE="tests.live.settings")
    ready = requests.get(f"{web.url}/readyz", timeout=60)
    assert (ready.status_code, ready.json()["missing"] in ("listener", "worker")) == (503, True)
    stream = open_stream("POST", f"{web.url}/api/conversations/sync-stream", key, {"pageId": page.pk})
    answer = sync(web, key, pageId=page.pk)
    run = SyncRun.objects.get()
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["run"]) == ("queued", run.pk)
    assert run.status == "queued"
    assert not stream.ended.is_set()
    start_web()  # now there is one
    assert stream.wait_for(lambda state: state["status"] == "complete")["run"] == run.pk
