"""Every process streams the progress of all runs, and final events are never lost."""

import signal

import pytest
import requests
from django.db import connection

from conversations.models import PageMember, SyncRun
from conversations.sandbox import faults
from tests.factories import PageFactory, new_key
from tests.machine import in_time, pause

ENDS = {"complete", "complete_with_errors", "error", "interrupted", "cancelled"}


def is_end(state: dict) -> bool:
    return state["status"] in ENDS


@pytest.fixture
def inbox(world, shop):
    return [world.add_conversation(shop, messages=2) for _ in range(350)]


def events(web) -> tuple[str, str]:
    return "GET", f"{web.url}/api/events"


def sync_stream(web) -> tuple[str, str]:
    return "POST", f"{web.url}/api/conversations/sync-stream"


def test_every_subscriber_of_every_process_sees_a_sync_in_a_third(
    start_web, manage, page, inbox, key, open_stream
):
    webs = [start_web(EMBEDDED_WORKER="0"), start_web(EMBEDDED_WORKER="0")]
    subscribers = [open_stream(*events(web), key) for web in webs for _ in range(3)]
    done = manage("syncconversations")
    assert done.returncode == 0, done.stderr
    for subscriber in subscribers:
        end = subscriber.wait_for(is_end)
        assert (end["status"], end["synced"], end["page_id"]) == ("complete", 350, page.facebook_page_id)
        seen = [state["synced"] for state in subscriber.states]
        assert seen == sorted(seen)
        assert "event: progress" in subscriber.text


def test_late_subscriber_first_gets_the_current_state(web, page, inbox, key, open_stream, sandbox):
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    first = open_stream(*sync_stream(web), key, {"pageId": page.pk})
    first.wait_for(lambda state: state["synced"] == 200)
    late = open_stream(*events(web), key)
    assert late.wait_for(lambda state: True)["synced"] == 200
    joined = open_stream(*sync_stream(web), key, {"pageId": page.pk})
    assert joined.wait_for(lambda state: True)["synced"] == 200
    assert SyncRun.objects.count() == 1


def test_run_is_joined_from_another_process(start_web, command, page, inbox, key, open_stream, sandbox):
    """Two web processes, of which one has the worker; then the command, which is refused."""
    # The others must join while one answer is awaited, which takes them longer on a busy machine.
    sandbox.faults.add(faults.slow(pause(5, maximum=25)), after=1, path="/conversations.*&after=")
    webs = [start_web(), start_web(EMBEDDED_WORKER="0")]
    webs[0].wait_until_ready()
    first = open_stream(*sync_stream(webs[0]), key, {"pageId": page.pk})
    run = first.wait_for(lambda state: state["synced"] == 200)["run"]
    joined = open_stream(*sync_stream(webs[1]), key, {"facebookPageId": page.facebook_page_id})
    assert joined.wait_for(lambda state: True)["run"] == run
    done = command("syncconversations")
    assert done.returncode == 1
    assert f"already being synced as run {run}" in done.stderr
    url = f"{webs[1].url}/api/conversations/sync"
    answer = requests.post(url, json={"pageId": page.pk}, headers=key, timeout=60)
    assert (answer.json()["run"], answer.json()["status"]) == (run, "complete")
    assert {stream.wait_for(is_end)["status"] for stream in (first, joined)} == {"complete"}
    assert SyncRun.objects.count() == 1


def test_stream_has_exactly_one_final_event(web, page, inbox, key, open_stream):
    stream = open_stream(*sync_stream(web), key, {"pageId": page.pk})
    assert stream.ended.wait(60)
    assert [is_end(state) for state in stream.states].count(True) == 1
    assert is_end(stream.states[-1])
    assert all(len(line) < 1000 for line in stream.text.splitlines())


def test_run_continues_when_its_client_disconnects(web, page, inbox, key, open_stream):
    method, url = sync_stream(web)
    with requests.request(
        method, url, json={"pageId": page.pk}, headers=key, stream=True, timeout=60
    ) as left:
        assert next(left.iter_lines())
    watcher = open_stream(*events(web), key)
    assert watcher.wait_for(is_end)["status"] == "complete"


def test_users_get_no_events_of_other_pages(web, page, inbox, world, key, open_stream, django_user_model):

    other = PageFactory(facebook_page_id="55", access_token="EAAother")
    guest = django_user_model.objects.create_user("guest")
    PageMember.objects.create(page=other, user=guest, role="manager")
    theirs = {"Authorization": f"Token {new_key(guest)}"}
    viewer = django_user_model.objects.create_user("viewer")
    PageMember.objects.create(page=other, user=viewer, role="viewer")
    viewers = {"Authorization": f"Token {new_key(viewer)}"}
    stream = open_stream(*events(web), theirs)
    hidden = requests.get(
        f"{web.url}/api/events", {"facebookPageId": page.facebook_page_id}, headers=theirs, timeout=60
    )
    assert hidden.status_code == 404
    all_of_it = open_stream(*events(web), key)
    requests.post(f"{web.url}/api/conversations/sync", json={"pageId": page.pk}, headers=key, timeout=60)
    all_of_it.wait_for(is_end)
    guests = open_stream(*events(web), viewers)
    run = requests.post(
        f"{web.url}/api/conversations/sync", json={"pageId": other.pk}, headers=theirs, timeout=60
    )
    assert stream.wait_for(is_end)["run"] == run.json()["run"]
    assert {state["page_id"] for state in stream.states} == {"55"}
    assert "access token" in stream.states[-1]["message"]
    assert guests.wait_for(lambda state: state["status"] == "error")["message"] == "The sync failed."


def test_open_streams_hold_no_database_connection(web, page, inbox, key, open_stream, django_user_model):
    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    users = [django_user_model.objects.create_superuser(f"boss{number}") for number in range(10)]
    keys = [{"Authorization": f"Token {new_key(user)}"} for user in users]
    before = connections()
    streams = [open_stream(*events(web), one) for one in keys * 20]  # as many as a user may have
    requests.post(f"{web.url}/api/conversations/sync", json={"pageId": page.pk}, headers=key, timeout=60)
    for stream in streams:
        stream.wait_for(is_end)
    answer = requests.get(f"{web.url}/api/conversations", headers=key, timeout=60)
    assert answer.json()["pagination"]["total"] == 350
    assert connections() <= before + 20  # those of the pool


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_interrupts_the_sync_and_the_next_start_resumes(
    web, page, inbox, key, open_stream, sandbox, number
):
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    stream = open_stream(*sync_stream(web), key, {"pageId": page.pk})
    listener = open_stream(*events(web), key)
    stream.wait_for(lambda state: state["synced"] == 200)
    web.process.send_signal(number)
    in_time(5, web.process.wait)
    assert stream.ended.wait(60)
    assert listener.ended.wait(60)
    assert stream.wait_for(is_end)["status"] == "interrupted"
    run = SyncRun.objects.get()
    assert (run.status, run.synced) == ("interrupted", 200)
    web.start()
    after = open_stream(*events(web), key)
    end = after.wait_for(lambda state: state["run"] != run.pk and is_end(state))
    assert (end["status"], end["inserted"]) == ("complete", 150)


def test_run_of_a_killed_process_is_taken_over_and_reported(
    start_web, page, inbox, key, open_stream, sandbox
):
    victim = start_web()
    victim.wait_until_ready()
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    requests.post(
        f"{victim.url}/api/conversations/sync",
        json={"pageId": page.pk},
        headers=key | {"Prefer": "respond-async"},
        timeout=60,
    )
    heir = start_web(EMBEDDED_WORKER="0")
    watcher = open_stream(*sync_stream(heir), key, {"pageId": page.pk})
    run = watcher.wait_for(lambda state: state["synced"] == 200)["run"]
    victim.stop(signal.SIGKILL)
    start_web()
    end = watcher.wait_for(is_end)
    assert (end["run"], end["status"]) == (run, "interrupted")
    successor = SyncRun.objects.exclude(pk=run).get()
    assert f"Run {successor.pk} resumes" in end["message"]
    listener = open_stream(*events(heir), key)
    done = listener.wait_for(lambda state: state["run"] == successor.pk and is_end(state))
    assert (done["status"], done["inserted"]) == ("complete", 150)
