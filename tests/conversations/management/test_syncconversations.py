import json
import signal

import pytest

from conversations.locks import sync_lock
from conversations.models import InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import faults

KEYS = {
    "status",
    "synced",
    "inserted",
    "updated",
    "unchanged",
    "skipped",
    "eventsCreated",
    "requests",
    "mode",
    "duration",
}


@pytest.fixture
def page(manage, shop):
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


def last_line(done) -> dict:
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_first_run_is_full_and_the_second_changes_nothing(manage, page, world, shop):
    for number in range(3):
        world.add_conversation(shop, messages=number + 1)
    first = manage("syncconversations", "--json")
    assert first.returncode == 0, first.stderr
    answer = last_line(first)
    assert set(answer) == KEYS | {"runs"}
    assert set(answer["runs"][0]) == KEYS | {"page", "run", "ledger"}
    threads = {"listed": 3, "stored": 3, "merged": 0, "unreadable": 0, "owed": 0}
    messages = {"listed": 6, "held": 6, "unreadable": 0}
    assert answer["runs"][0]["ledger"] == {"threads": threads, "messages": messages}
    assert (answer["status"], answer["mode"], answer["inserted"], answer["eventsCreated"]) == (
        "complete",
        "full",
        3,
        6,
    )
    second = last_line(manage("syncconversations", "--json"))
    assert (second["mode"], second["inserted"], second["updated"], second["eventsCreated"]) == (
        "incremental",
        0,
        0,
        0,
    )
    assert second["requests"] == 1
    assert InteractionEvent.objects.count() == 6


def test_several_pages_are_summed_and_the_worst_status_is_on_top(command, page, world, shop):
    other = world.add_page("900000000000002", "Other shop")
    Page.objects.create(facebook_page_id=other.id, name=other.name, access_token=other.token)
    world.add_conversation(shop, messages=2)
    world.add_conversation(other, messages=3)
    world.break_token(other.token, 463)
    done = command("syncconversations", "--json")
    answer = last_line(done)
    assert done.returncode == 1
    assert answer["status"] == "error"
    assert answer["eventsCreated"] == 2
    assert [run["status"] for run in answer["runs"]] == ["complete", "error"]
    assert "expired" in done.stderr
    assert other.token not in done.stdout + done.stderr
    assert Page.objects.get(facebook_page_id=other.id).state == Page.State.RECONNECT


def test_chosen_page_alone_is_synced(command, page, world, shop):
    other = world.add_page("900000000000002", "Other shop")
    Page.objects.create(facebook_page_id=other.id, access_token=other.token)
    answer = last_line(command("syncconversations", "--page", shop.id, "--json"))
    assert [run["page"] for run in answer["runs"]] == [shop.id]


def test_full_walks_everything_again(command, page, world, shop):
    for minute in range(120):
        world.add_conversation(shop, updated_time=f"2026-11-20T{minute // 60:02}:{minute % 60:02}:00")
    command("syncconversations")
    assert last_line(command("syncconversations", "--json"))["unchanged"] < 120
    full = last_line(command("syncconversations", "--full", "--json"))
    assert (full["mode"], full["unchanged"], full["updated"]) == ("full", 120, 0)


def test_unknown_page_is_wrong_usage(command):
    done = command("syncconversations", "--page", "123")
    assert done.returncode == 2
    assert "123" in done.stderr


def test_without_any_page_it_says_how_to_connect_one(command):
    done = command("syncconversations", "--json")
    assert done.returncode == 1
    assert "connectpage" in done.stderr
    assert last_line(done)["status"] == "error"


def test_page_that_is_being_synced_is_refused_and_the_run_named(command, page):
    run = page.runs.create(mode="full", trigger="api", status=SyncRun.Status.SYNCING)
    with sync_lock(page.pk) as lock:
        assert lock.is_ours
        done = command("syncconversations", "--json")
    assert done.returncode == 1
    assert last_line(done)["runs"][0]["run"] == run.pk
    assert f"run {run.pk}" in done.stderr


def test_facebook_gone_in_mid_sync_is_an_error_and_the_next_run_completes(
    command, page, world, shop, sandbox
):
    for _ in range(250):
        world.add_conversation(shop)
    sandbox.faults.add(faults.reset(), times=None, path="after=")
    done = command("syncconversations", "--json")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    run = SyncRun.objects.get()
    assert (run.status, run.synced) == ("error", 100)
    sandbox.faults.clear()
    again = last_line(command("syncconversations", "--json"))
    assert (again["status"], again["mode"]) == ("complete", "full")
    assert Thread.objects.count() == 250


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_interrupts_the_run_and_the_next_goes_on(manage, command, page, world, shop, sandbox, number):
    for _ in range(150):
        world.add_conversation(shop)
    sandbox.faults.add(faults.hang(), times=1, path="after=")
    process = manage.start("syncconversations", "--json")
    while not SyncRun.objects.filter(inserted=100).exists():
        assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 1, err
    ended = json.loads(out.splitlines()[-1])
    assert ended["status"] == "interrupted", ended
    assert "Traceback" not in err
    run = SyncRun.objects.get()
    assert (run.status, run.synced) == ("interrupted", 100)
    again = last_line(command("syncconversations", "--json"))
    assert (again["status"], again["inserted"]) == ("complete", 50)
    assert Thread.objects.count() == 150


def test_ledger_is_told_with_every_thread_that_is_in_trouble(command, page, world, shop, sandbox):
    world.add_conversation(shop)
    for _ in range(25):
        world.poison(world.add_conversation(shop), 9000001, "The message is not there")
    long = world.add_conversation(shop, messages=30)
    sandbox.faults.add(faults.graph_error(9999), times=None, path=f"/{long.id}/messages")
    done = command("syncconversations")
    assert done.returncode == 1
    assert f"{shop.id}: complete_with_errors. 1 owed" in done.stderr
    _, sentence, *troubles, more = done.stdout.splitlines()
    assert sentence == "Facebook lists 27 threads: 1 stored, 0 merged, 25 unreadable, 1 owed"
    assert len(troubles) == 20
    assert troubles[0].startswith(f"  owed {long.id}: Facebook says: (#9999)")
    assert all("unreadable t_" in line and "not there" in line for line in troubles[1:])
    assert more.startswith(f"  and 6 more: see /api/pages/{page.pk}/threads?state=owed and ")
    done = command("syncconversations", "--json")
    assert last_line(done)["runs"][0]["ledger"]["threads"]["unreadable"] == 25
    assert f"  owed {long.id}: " in done.stderr


def test_next_run_says_whose_place_it_takes_and_waits_for_nothing(
    manage, command, page, world, shop, sandbox
):
    for _ in range(150):
        world.add_conversation(shop)
    sandbox.faults.add(faults.hang(), times=1, path="after=")
    process = manage.start("syncconversations")
    while not SyncRun.objects.filter(inserted=100).exists():
        assert process.poll() is None
    process.kill()
    process.communicate()
    dead = SyncRun.objects.get()
    assert dead.ended_at is None
    done = command("syncconversations")
    words = f"Run {dead.pk} was left by a process that is gone; going on from where it stopped."
    assert done.returncode == 0
    assert done.stderr.count(words) == 1
    dead.refresh_from_db()
    assert (dead.status, dead.ledger["threads"]["listed"]) == ("interrupted", 100)
    assert SyncRun.objects.latest("pk").inserted == 50


def test_a_database_without_our_tables_is_said_in_words(manage):
    done = manage("syncconversations", DATABASE_URL=manage.url_of("postgres"))
    assert done.returncode == 1
    assert "migrate" in done.stderr
    assert "Traceback" not in done.stderr
