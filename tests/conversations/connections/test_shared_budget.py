"""The call budget of a Page and platform, which all processes share through PostgreSQL."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from conversations.connections.shared_budget import SharedBudget, closed_seconds, shared_connection
from conversations.graph.call_budget import MARGIN
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, RateLimitError
from conversations.graph.options import GraphOptions
from conversations.models import CallBudget
from conversations.sandbox import faults

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "900000000000001"
HOUR = 3600.0

IN_ANOTHER_PROCESS = """
from conversations.connections.shared_budget import SharedBudget
with SharedBudget("{page}", "messenger") as budget:
    {statement}
"""
RESERVE_TWENTY = "print(*(budget.reserve(0.5) for _ in range(20)))"


@pytest.fixture
def start_process(manage):
    """Return a function that starts a process that runs one statement on the Page's budget, and then ends."""

    def start(statement: str):
        return manage.start("shell", "--command", IN_ANOTHER_PROCESS.format(page=PAGE, statement=statement))

    return start


def finish(process) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


# -- one budget for all ------------------------------------------------------------------------------------
def test_two_processes_never_get_the_same_start(start_process):
    """While the budget is closed, it gives out starts after the closure, half a second apart."""
    with SharedBudget(PAGE, "messenger") as budget:
        budget.close(HOUR, "Far in the future, so that nothing waits.")
    processes = [start_process(RESERVE_TWENTY) for _ in range(2)]
    starts = [float(number) for process in processes for number in finish(process).splitlines()[-1].split()]
    assert len(starts) == 40
    budget = CallBudget.objects.get()
    assert (budget.next_at - budget.closed_until).total_seconds() == pytest.approx(40 * 0.5, abs=1e-3)


def test_two_clients_of_a_page_share_one_budget(sandbox):
    """Two clients of one Page, such as those of a sync and a check."""

    def call() -> None:
        with SharedBudget(PAGE, "messenger") as budget:
            options = GraphOptions(url=sandbox.url, calls_per_second=40)
            client = GraphClient(sandbox.world.pages[PAGE].token, options, budget=budget)
            for _ in range(6):
                client.get(PAGE, fields="id")
            client.close()

    threads = [threading.Thread(target=call) for _ in range(2)]
    began = database_now()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.call_log) == 12
    reserved = (CallBudget.objects.get().next_at - began).total_seconds()
    assert reserved >= 12 * MARGIN / 40 - 1e-4  # with separate budgets they would take half of that
    assert database_now() >= began + timedelta(seconds=11 * MARGIN / 40 - 1e-4), "and no call is early"


def database_now() -> datetime:
    """Return the time of the clock that the budget uses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_platforms_and_pages_have_separate_budgets():
    with SharedBudget(PAGE, "messenger") as budget, SharedBudget(PAGE, "instagram") as other:
        budget.close(HOUR, "Wait.")
        assert other.reserve(0.5) < 60
        with SharedBudget("2", "messenger") as third:
            assert third.reserve(0.5) < 60
        assert budget.reserve(0.5) > 60


def test_unused_starts_are_not_saved():
    """There is no burst after a pause: the next start is now, the one after it a gap later."""
    with SharedBudget(PAGE, "messenger") as budget:
        budget.reserve(HOUR)
        CallBudget.objects.update(next_at="2001-01-01T00:00:00Z")
        assert budget.reserve(HOUR) < 60
        assert budget.reserve(HOUR) > HOUR - 60


# -- counters ----------------------------------------------------------------------------------------------
def test_calls_of_all_processes_are_counted_with_their_waits(start_process):
    """/metrics shows them. The first start waits for nothing, the others half a second longer each."""
    finish(start_process(RESERVE_TWENTY))
    with SharedBudget(PAGE, "messenger") as budget:
        last = budget.reserve(0.5)
    row = CallBudget.objects.get()
    assert row.calls == 21
    assert 0 < last <= row.waited_seconds <= sum(0.5 * number for number in range(21))


def test_calls_are_counted_where_nothing_limits_them(sandbox):
    options = GraphOptions(url=sandbox.url, calls_per_second=0)
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(sandbox.world.pages[PAGE].token, options, budget=budget)
        for _ in range(5):
            client.get(PAGE, fields="id")
        client.close()
    row = CallBudget.objects.get()
    assert (row.calls, row.waited_seconds) == (len(sandbox.call_log), 0)


@pytest.mark.parametrize(
    ("fault", "calls", "outcome"),
    [
        (faults.unavailable(), 2, "transient"),  # and once more, which succeeds
        (faults.reset(), 2, "transient"),
        (faults.permission_error(), 1, "refused"),
        (faults.graph_error(368), 1, "throttled"),
    ],
    ids=["unavailable", "reset", "refused", "throttled"],
)
def test_calls_that_fail_are_counted_by_outcome(sandbox, fault, calls, outcome):
    sandbox.faults.add(fault, path=PAGE)
    options = GraphOptions(url=sandbox.url, calls_per_second=1000, retry_seconds=0.001)
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(sandbox.world.pages[PAGE].token, options, budget=budget)
        with suppress(GraphError):
            client.get(PAGE, fields="id")
        client.close()
    row = CallBudget.objects.get()
    assert row.calls == calls
    counted = {name: getattr(row, name) for name in ("throttled", "transient", "refused")}
    assert counted == {"throttled": 0, "transient": 0, "refused": 0} | {outcome: 1}


# -- a closure ---------------------------------------------------------------------------------------------
def test_closure_holds_for_others_after_its_process_has_ended(start_process):
    finish(start_process(f"budget.close({HOUR}, 'Facebook says: wait.')"))
    assert closed_seconds(PAGE, "messenger") == pytest.approx(HOUR, abs=60)
    assert CallBudget.objects.get().reason == "Facebook says: wait."
    with SharedBudget(PAGE, "messenger") as budget:
        assert budget.reserve(0.5) == pytest.approx(HOUR, abs=60)


def test_shorter_closure_does_not_shorten_a_longer_one():
    with SharedBudget(PAGE, "messenger") as budget:
        budget.close(HOUR, "Long.")
        budget.close(1, "Short.")
        assert budget.reserve(0.5) == pytest.approx(HOUR, abs=60)


def test_throttled_client_closes_the_budget_for_the_next_one(sandbox, start_process):
    sandbox.faults.add(faults.graph_error(368), path=PAGE)
    token = sandbox.world.pages[PAGE].token
    options = GraphOptions(url=sandbox.url, calls_per_second=0)
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(token, options, budget=budget)
        with pytest.raises(RateLimitError):
            client.get(PAGE, fields="id")
        client.close()
    output = finish(start_process("print(budget.reserve(0))")).splitlines()[-1]
    assert float(output) == pytest.approx(6 * HOUR, abs=60)
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(token, options, budget=budget)
        with pytest.raises(RateLimitError, match="no calls"):
            client.get(PAGE, fields="id")
        client.close()
    assert len(sandbox.call_log) == 1


# -- without PostgreSQL ------------------------------------------------------------------------------------
@pytest.fixture
def break_connection(monkeypatch):
    """Return a function that breaks the connection of the budgets, but not that of the test."""

    def lose() -> None:
        nowhere = connection.settings_dict | {"HOST": "127.0.0.1", "PORT": "1"}
        monkeypatch.setattr(connections["default"], "settings_dict", nowhere)

    return lose


def test_process_uses_its_own_budget_without_postgresql(break_connection):
    break_connection()
    with SharedBudget(PAGE, "messenger") as budget:
        assert [round(budget.reserve(100)) for _ in range(3)] == [0, 100, 200]
        budget.close(HOUR, "Wait.")
        assert budget.reserve(100) == pytest.approx(HOUR, abs=60)


def test_budget_continues_when_the_connection_breaks():
    with SharedBudget(PAGE, "messenger") as budget:
        assert [round(budget.reserve(HOUR)) for _ in range(2)] == [0, HOUR]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [_backend()])
        assert round(budget.reserve(HOUR)) == 2 * HOUR, "by its own count, without an error"
        # Connected again. PostgreSQL does not know that start; the process's own budget keeps the gap.
        assert round(budget.reserve(HOUR) / HOUR) == 2
        assert round(budget.reserve(HOUR) / HOUR) == 3


def _backend() -> int:
    own = shared_connection._connection
    assert own is not None
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


# -- its connection ----------------------------------------------------------------------------------------
def test_budgets_share_a_connection_that_the_last_one_closes():
    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = count()
    with SharedBudget(PAGE, "messenger") as first:
        first.reserve(0.5)
        with SharedBudget(PAGE, "instagram") as second:
            second.reserve(0.5)
            assert count() == before + 1
        first.reserve(0.5)
        assert count() == before + 1
    assert shared_connection._connection is None
    with SharedBudget(PAGE, "messenger") as third:
        assert third.reserve(0.5) >= 0


def test_closed_budget_object_opens_no_connection():
    """It may belong to a thread that still sleeps when its run ends."""
    with SharedBudget(PAGE, "messenger") as budget:
        pass
    budget.reserve(0.5)
    budget.close(1, "Late.")
    assert shared_connection._connection is None
    assert not CallBudget.objects.exists()
