"""Several Pages at once: none waits for another, none suffers from another, a signal ends them all."""

import json
import re
import signal
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from conversations.locks import sync_lock
from conversations.management.side_by_side import AT_ONCE, SideBySide
from conversations.models import Page, SyncRun
from conversations.sandbox import faults


@pytest.fixture
def connect(manage, world):
    """Connects so many Pages, each with a few conversations at Facebook."""

    def add(count: int, *, conversations: int = 2) -> list[Page]:
        pages = []
        for number in range(1, count + 1):
            shop = world.pages.get(f"90000000000000{number}") or world.add_page(
                f"90000000000000{number}", f"Shop {number}"
            )
            for _ in range(conversations):
                world.add_conversation(shop, messages=number)
            pages.append(
                Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)
            )
        return pages

    return add


def last_line(out: str) -> dict:
    return json.loads(out.strip().splitlines()[-1])


def until(process, condition) -> None:
    while not condition():
        assert process.poll() is None, process.stderr.read()


def is_at_its_default(process, number: int) -> bool:
    """Whether the process no longer catches this signal."""
    [line] = [
        line
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("SigCgt:")
    ]
    return not int(line.split()[1], 16) >> (number - 1) & 1


def test_two_pages_are_synced_and_told_in_their_order(command, connect):
    pages = connect(2)
    done = command("syncconversations")
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()[::2]] == ["Demo Shop", "Shop 2"]
    for page in pages:
        assert f"[page {page.pk}] complete: 2 threads" in done.stderr
        assert page.conversations.count() == 2


def test_of_five_pages_the_dead_token_and_the_busy_one_do_not_touch_the_others(command, connect, world):
    pages = connect(5)
    world.break_token(pages[1].access_token, 463)
    busy = pages[3]
    run = busy.runs.create(mode="full", trigger="api", status=SyncRun.Status.SYNCING)
    with sync_lock(busy.pk):
        done = command("syncconversations", "--json")
    answer = last_line(done.stdout)
    assert (done.returncode, answer["status"], answer["inserted"]) == (1, "error", 6)
    assert [row["page"] for row in answer["runs"]] == [page.facebook_page_id for page in pages]
    assert [row["status"] for row in answer["runs"]] == ["complete", "error", "complete", "error", "complete"]
    assert (answer["runs"][3]["run"], answer["runs"][3]["ledger"]) == (run.pk, None)
    assert f"{busy.facebook_page_id}: error. Shop 4 is being synced already as run {run.pk}." in done.stderr
    assert "has expired" in done.stderr
    assert answer["eventsCreated"] == sum(2 * number for number in (1, 3, 5))


def test_a_page_that_hangs_holds_up_no_other_and_a_signal_ends_it(manage, command, connect, sandbox):
    hanging, other = connect(2)
    sandbox.faults.add(faults.hang(), page_id=hanging.facebook_page_id, path="/conversations", times=None)
    for number in (signal.SIGTERM, signal.SIGINT):
        process = manage.start("syncconversations", "--json")
        until(process, other.runs.filter(status="complete").exists)
        until(process, hanging.runs.filter(status="fetching").exists)
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
        answer = last_line(out)
        assert (process.returncode, answer["status"]) == (1, "interrupted"), err
        assert [row["status"] for row in answer["runs"]] == ["interrupted", "complete"]
        assert "Traceback" not in err
        assert not SyncRun.objects.filter(ended_at=None).exists()
        other.runs.all().delete()
    sandbox.faults.clear()
    assert command("syncconversations").returncode == 0


def test_a_signal_in_the_middle_of_five_pauses_interrupts_them_all(manage, connect, sandbox):
    pages = connect(5)
    for page in pages:
        now = sandbox.clock.monotonic()
        sandbox.limits.block(page.facebook_page_id, "messenger", 120, now, code=613)
    process = manage.start("syncconversations", "--json")
    until(process, lambda: SyncRun.objects.filter(status="waiting").count() == 5)
    process.terminate()
    out, err = process.communicate(timeout=5)
    assert [row["status"] for row in last_line(out)["runs"]] == ["interrupted"] * 5
    waited = re.findall(r"\[page (\d+)\] waiting: Waiting for Facebook, \d+ s\. ", err)
    assert {int(pk) for pk in waited} == {page.pk for page in pages}
    assert SyncRun.objects.filter(status="interrupted").count() == 5


def test_a_second_signal_ends_the_process_at_once(manage, connect, sandbox):
    connect(2)
    sandbox.faults.add(faults.hang(), path="/conversations", times=None)
    process = manage.start("syncconversations")
    until(process, lambda: SyncRun.objects.filter(status="fetching").count() == 2)
    with transaction.atomic():
        list(SyncRun.objects.select_for_update())  # their ends cannot be written: the process would wait
        process.terminate()
        until(process, lambda: is_at_its_default(process, signal.SIGTERM))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=5)
    assert process.returncode == -signal.SIGINT


def test_not_more_than_a_few_at_once():
    pages = [Page(pk=number) for number in range(3 * AT_ONCE)]
    meeting, lock, now, most = threading.Barrier(AT_ONCE), threading.Lock(), 0, 0

    def sync(page, stopping):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meeting.wait(30)  # each third of them meets: so many do run side by side
        with lock:
            now -= 1
        return page.pk

    results = SideBySide(pages, sync).run(stop_seconds=0)
    assert results == {page.pk: page.pk for page in pages}
    assert most == AT_ONCE


def test_stopped_before_all_began_the_others_are_asked_to_stop():
    pages = [Page(pk=number) for number in range(2 * AT_ONCE)]
    side_by_side = SideBySide(
        pages, lambda page, stopping: side_by_side.stop() or (stopping.wait(30) and page.pk)
    )
    results = side_by_side.run(stop_seconds=30)
    assert results == {page.pk: page.pk for page in pages}


@pytest.mark.django_db(transaction=True)
def test_each_connection_is_closed():
    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = connections()
    pages = [Page(pk=number) for number in range(5)]
    results = SideBySide(pages, lambda page, stopping: Page.objects.count()).run(stop_seconds=0)
    assert results == dict.fromkeys(range(5), 0)
    while connections() > before:  # the server takes a moment to notice
        pass
