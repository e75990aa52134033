import json
import signal

import pytest

from conversations.lib.locks import sync_lock
from conversations.models import InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import faults
from tests.machine import output_in_time

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


def last_line(result) -> dict:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_first_run_is_full_and_the_second_changes_nothing(manage, page, world, shop):
    for number in range(3):
        world.add_conversation(shop, messages=number + 1)
    first = manage("syncconversations", "--json")
    assert first.returncode == 0, first.stderr
    report = last_line(first)
    assert set(report) == KEYS | {"runs"}
    assert set(report["runs"][0]) == KEYS | {"page", "run", "ledger"}
    threads = {"listed": 3, "stored": 3, "merged": 0, "unreadable": 0, "owed": 0}
    messages = {"listed": 6, "held": 6, "unreadable": 0}
    assert report["runs"][0]["ledger"] == {"threads": threads, "messages": messages}
    assert (report["status"], report["mode"], report["inserted"], report["eventsCreated"]) == (
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


def test_summary_adds_up_pages_and_has_the_worst_status(command, page, world, shop):
    other = world.add_page("900000000000002", "Other shop")
    Page.objects.create(facebook_page_id=other.id, name=other.name, access_token=other.token)
    world.add_conversation(shop, messages=2)
    world.add_conversation(other, messages=3)
    world.break_token(other.token, 463)
    result = command("syncconversations", "--json")
    report = last_line(result)
    assert result.returncode == 1
    assert report["status"] == "error"
    assert report["eventsCreated"] == 2
    assert [run["status"] for run in report["runs"]] == ["complete", "error"]
    assert "expired" in result.stderr
    assert other.token not in result.stdout + result.stderr
    assert Page.objects.get(facebook_page_id=other.id).probe_at is not None, "Facebook is asked again"


def test_only_the_selected_page_is_synced(command, page, world, shop):
    other = world.add_page("900000000000002", "Other shop")
    Page.objects.create(facebook_page_id=other.id, access_token=other.token)
    report = last_line(command("syncconversations", "--page", shop.id, "--json"))
    assert [run["page"] for run in report["runs"]] == [shop.id]


def test_full_option_syncs_all_conversations(command, page, world, shop):
    for minute in range(120):
        world.add_conversation(shop, updated_time=f"2026-11-20T{minute // 60:02}:{minute % 60:02}:00")
    command("syncconversations")
    assert last_line(command("syncconversations", "--json"))["unchanged"] < 120
    full = last_line(command("syncconversations", "--full", "--json"))
    assert (full["mode"], full["unchanged"], full["updated"]) == ("full", 120, 0)


def test_unknown_page_is_wrong_usage(command):
    result = command("syncconversations", "--page", "123")
    assert result.returncode == 2
    assert "123" in result.stderr


def test_error_without_a_page_explains_how_to_connect_one(command):
    result = command("syncconversations", "--json")
    assert result.returncode == 1
    assert "connectpage" in result.stderr
    assert last_line(result)["status"] == "error"


def test_running_sync_is_an_error_that_names_the_run(command, page):
    run = page.runs.create(mode="full", trigger="api", status=SyncRun.Status.SYNCING)
    with sync_lock(page.pk) as lock:
        assert lock.is_acquired
        result = command("syncconversations", "--json")
    assert result.returncode == 1
    assert last_line(result)["runs"][0]["run"] == run.pk
    assert f"run {run.pk}" in result.stderr


def test_lost_connection_is_an_error_and_the_next_run_completes(command, page, world, shop, sandbox):
    for _ in range(250):
        world.add_conversation(shop)
    sandbox.faults.add(faults.reset(), times=None, path="after=")
    result = command("syncconversations", "--json")
    assert result.returncode == 1
    assert "cannot be reached" in result.stderr
    assert "Traceback" not in result.stderr
    run = SyncRun.objects.get()
    assert (run.status, run.synced) == ("error", 100)
    sandbox.faults.clear()
    second = last_line(command("syncconversations", "--json"))
    assert (second["status"], second["mode"]) == ("complete", "full")
    assert Thread.objects.count() == 250


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_interrupts_the_run_and_the_next_continues(
    manage, command, page, world, shop, sandbox, number
):
    for _ in range(150):
        world.add_conversation(shop)
    sandbox.faults.add(faults.hang(), times=1, path="after=")
    process = manage.start("syncconversations", "--json")
    while not SyncRun.objects.filter(inserted=100).exists():
        assert process.poll() is None
    process.send_signal(number)
    out, err = output_in_time(process, 5)
    assert process.returncode == 1, err
    report = json.loads(out.splitlines()[-1])
    assert report["status"] == "interrupted", report
    assert "Traceback" not in err
    run = SyncRun.objects.get()
    assert (run.status, run.synced) == ("interrupted", 100)
    second = last_line(command("syncconversations", "--json"))
    assert (second["status"], second["inserted"]) == ("complete", 50)
    assert Thread.objects.count() == 150


def test_coverage_is_printed_with_problem_threads(command, page, world, shop, sandbox):
    world.add_conversation(shop)
    for _ in range(25):
        world.poison(world.add_conversation(shop), 9000001, "The message is not there")
    long = world.add_conversation(shop, messages=30)
    sandbox.faults.add(faults.graph_error(9999), times=None, path=f"/{long.id}/messages")
    result = command("syncconversations")
    assert result.returncode == 1
    assert f"{shop.id}: completed with errors. 1 pending" in result.stderr
    _, coverage, *problems, more = result.stdout.splitlines()
    assert coverage == "Facebook lists 27 threads: 1 stored, 0 duplicate, 25 unreadable, 1 pending"
    assert len(problems) == 20
    assert problems[0].startswith(f"  pending {long.id}: Facebook says: (#9999)")
    assert all("unreadable t_" in line and "not there" in line for line in problems[1:])
    assert more.startswith(f"  and 6 more: see /api/pages/{page.pk}/threads?state=owed and ")
    result = command("syncconversations", "--json")
    assert last_line(result)["runs"][0]["ledger"]["threads"]["unreadable"] == 25
    assert f"  pending {long.id}: " in result.stderr


def test_next_run_takes_over_from_a_killed_process_at_once(manage, command, page, world, shop, sandbox):
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
    result = command("syncconversations")
    note = f"The process of run {dead.pk} ended unexpectedly. This run resumes where it stopped."
    assert result.returncode == 0
    assert result.stderr.count(note) == 1
    dead.refresh_from_db()
    assert (dead.status, dead.ledger["threads"]["listed"]) == ("interrupted", 100)
    assert SyncRun.objects.latest("pk").inserted == 50


def test_database_without_tables_is_a_clear_error(manage):
    result = manage("syncconversations", DATABASE_URL=manage.url_of("postgres"))
    assert result.returncode == 1
    assert "migrate" in result.stderr
    assert "Traceback" not in result.stderr
