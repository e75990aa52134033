"""Several Pages are synced at once: none delays or breaks another, and a signal ends all of them."""

import json
import re
import signal
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from conversations.lib.locks import sync_lock
from conversations.management.page_pool import MAX_CONCURRENT, PagePool
from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from tests.machine import output_in_time


@pytest.fixture
def connect(manage, world):
    """Return a function that connects a number of Pages, each with a few conversations on Facebook."""

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


def wait_until(process, condition) -> None:
    while not condition():
        assert process.poll() is None, process.stderr.read()


def has_default_handler(process, number: int) -> bool:
    """Return whether the process no longer catches this signal."""
    [line] = [
        line
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("SigCgt:")
    ]
    return not int(line.split()[1], 16) >> (number - 1) & 1


def test_two_pages_are_synced_and_reported_in_their_order(command, connect):
    pages = connect(2)
    result = command("syncconversations")
    assert result.returncode == 0, result.stderr
    assert [line.split(":")[0] for line in result.stdout.splitlines()[::2]] == ["Demo Shop", "Shop 2"]
    for page in pages:
        assert f"[{page.name}] complete: 2 threads" in result.stderr
        assert page.conversations.count() == 2


def test_dead_token_and_running_sync_do_not_affect_other_pages(command, connect, world):
    pages = connect(5)
    world.break_token(pages[1].access_token, 463)
    busy = pages[3]
    run = busy.runs.create(mode="full", trigger="api", status=SyncRun.Status.SYNCING)
    with sync_lock(busy.pk):
        result = command("syncconversations", "--json")
    report = last_line(result.stdout)
    assert (result.returncode, report["status"], report["inserted"]) == (1, "error", 6)
    assert [row["page"] for row in report["runs"]] == [page.facebook_page_id for page in pages]
    assert [row["status"] for row in report["runs"]] == ["complete", "error", "complete", "error", "complete"]
    assert (report["runs"][3]["run"], report["runs"][3]["ledger"]) == (run.pk, None)
    assert (
        f"{busy.facebook_page_id}: failed. Shop 4 is already being synced as run {run.pk}." in result.stderr
    )
    assert "has expired" in result.stderr
    assert report["eventsCreated"] == sum(2 * number for number in (1, 3, 5))


def test_hanging_page_delays_no_other_and_a_signal_ends_it(manage, command, connect, sandbox):
    hanging, other = connect(2)
    sandbox.faults.add(faults.hang(), page_id=hanging.facebook_page_id, path="/conversations", times=None)
    for number in (signal.SIGTERM, signal.SIGINT):
        process = manage.start("syncconversations", "--json")
        wait_until(process, other.runs.filter(status="complete").exists)
        wait_until(process, hanging.runs.filter(status="fetching").exists)
        process.send_signal(number)
        out, err = output_in_time(process, 5)
        report = last_line(out)
        assert (process.returncode, report["status"]) == (1, "interrupted"), err
        assert [row["status"] for row in report["runs"]] == ["interrupted", "complete"]
        assert "Traceback" not in err
        assert not SyncRun.objects.filter(ended_at=None).exists()
        other.runs.all().delete()
    sandbox.faults.clear()
    assert command("syncconversations").returncode == 0


def test_signal_during_five_waits_interrupts_all(manage, connect, sandbox):
    pages = connect(5)
    for page in pages:
        now = sandbox.clock.monotonic()
        sandbox.limits.block(page.facebook_page_id, "messenger", 120, now, code=613)
    process = manage.start("syncconversations", "--json")
    # A pause is stored first and shown then: only the lines tell that all five are shown.
    names: set[str] = set()
    for line in process.stderr:
        names.update(re.findall(r"\[(.+)\] waiting: Waiting for Facebook, [^.]+\. ", line))
        if len(names) == 5:
            break
    process.terminate()
    out, _ = output_in_time(process, 5)
    assert [row["status"] for row in last_line(out)["runs"]] == ["interrupted"] * 5
    assert names == {page.name for page in pages}
    assert SyncRun.objects.filter(status="interrupted").count() == 5


def test_second_signal_ends_the_process_at_once(manage, connect, sandbox):
    connect(2)
    sandbox.faults.add(faults.hang(), path="/conversations", times=None)
    process = manage.start("syncconversations")
    wait_until(process, lambda: SyncRun.objects.filter(status="fetching").count() == 2)
    with transaction.atomic():
        list(SyncRun.objects.select_for_update())  # the ends cannot be written, so the process would wait
        process.terminate()
        wait_until(process, lambda: has_default_handler(process, signal.SIGTERM))
        process.send_signal(signal.SIGINT)
        output_in_time(process, 5)
    assert process.returncode == -signal.SIGINT


def test_number_of_concurrent_syncs_is_limited():
    pages = [Page(pk=number) for number in range(3 * MAX_CONCURRENT)]
    barrier, lock, running, most = threading.Barrier(MAX_CONCURRENT), threading.Lock(), 0, 0

    def sync(page, stopping):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(120)  # passes only when MAX_CONCURRENT syncs run at the same time
        with lock:
            running -= 1
        return page.pk

    results = PagePool(pages, sync).run(stop_seconds=0)
    assert results == {page.pk: page.pk for page in pages}
    assert most == MAX_CONCURRENT


def test_syncs_that_start_after_a_stop_end_at_once():
    pages = [Page(pk=number) for number in range(2 * MAX_CONCURRENT)]
    pool = PagePool(pages, lambda page, stopping: pool.stop() or (stopping.wait(120) and page.pk))
    results = pool.run(stop_seconds=30)
    assert results == {page.pk: page.pk for page in pages}


@pytest.mark.django_db(transaction=True)
def test_database_connections_are_closed():
    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = connections()
    pages = [Page(pk=number) for number in range(5)]
    results = PagePool(pages, lambda page, stopping: Page.objects.count()).run(stop_seconds=0)
    assert results == dict.fromkeys(range(5), 0)
    while connections() > before:  # the server needs a moment to notice
        pass
