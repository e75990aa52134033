"""The budget of calls of a Page and platform, which all processes share through PostgreSQL."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from conversations.budget import SharedBudget, closed_seconds, shared
from conversations.graph.client import GraphClient
from conversations.graph.errors import RateLimitError
from conversations.graph.pace import MARGIN
from conversations.models import CallBudget
from conversations.sandbox import faults

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "900000000000001"
HOUR = 3600.0

IN_ANOTHER_PROCESS = """
from conversations.budget import SharedBudget
with SharedBudget("{page}", "messenger") as budget:
    {act}
"""
RESERVE_TWENTY = "print(*(budget.reserve(0.5) for _ in range(20)))"


@pytest.fixture
def elsewhere(manage):
    """Runs a line on the Page's budget in a process of its own, which then ends; returns the process."""

    def start(act: str):
        return manage.start("shell", "--command", IN_ANOTHER_PROCESS.format(page=PAGE, act=act))

    return start


def finish(process) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


# -- one pace for all --------------------------------------------------------------------------------------
def test_two_processes_never_get_the_same_start(elsewhere):
    """While the budget is closed starts are given out behind the closing, each half a second further."""
    with SharedBudget(PAGE, "messenger") as budget:
        budget.close(HOUR, "Far away, so that nobody waits.")
    processes = [elsewhere(RESERVE_TWENTY) for _ in range(2)]
    given = [float(number) for process in processes for number in finish(process).splitlines()[-1].split()]
    assert len(given) == 40
    budget = CallBudget.objects.get()
    assert (budget.next_at - budget.closed_until).total_seconds() == pytest.approx(40 * 0.5, abs=1e-3)


def test_two_clients_of_a_page_share_one_pace(sandbox):
    """Two clients of one Page, as the sync and a check of it have them."""

    def call() -> None:
        with SharedBudget(PAGE, "messenger") as budget:
            client = GraphClient(
                sandbox.world.pages[PAGE].token, url=sandbox.url, calls_per_second=40, budget=budget
            )
            for _ in range(6):
                client.get(PAGE, fields="id")
            client.close()

    threads = [threading.Thread(target=call) for _ in range(2)]
    began = now_of_the_database()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.ledger) == 12
    taken = (CallBudget.objects.get().next_at - began).total_seconds()
    assert taken >= 12 * MARGIN / 40 - 1e-4  # apart, they would take half of that
    assert now_of_the_database() >= began + timedelta(seconds=11 * MARGIN / 40 - 1e-4), "and no call is early"


def now_of_the_database() -> datetime:
    """By the clock of which the starts are given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_platforms_and_pages_have_their_own():
    with SharedBudget(PAGE, "messenger") as budget, SharedBudget(PAGE, "instagram") as other:
        budget.close(HOUR, "Wait.")
        assert other.reserve(0.5) < 60
        with SharedBudget("2", "messenger") as third:
            assert third.reserve(0.5) < 60
        assert budget.reserve(0.5) > 60


def test_what_was_not_used_is_not_saved():
    """No burst after a pause: the next start is now, the one after it a gap later."""
    with SharedBudget(PAGE, "messenger") as budget:
        budget.reserve(HOUR)
        CallBudget.objects.update(next_at="2001-01-01T00:00:00Z")
        assert budget.reserve(HOUR) < 60
        assert budget.reserve(HOUR) > HOUR - 60


# -- a closing ---------------------------------------------------------------------------------------------
def test_closing_is_kept_by_others_after_its_process_has_ended(elsewhere):
    finish(elsewhere(f"budget.close({HOUR}, 'Facebook says: wait.')"))
    assert closed_seconds(PAGE, "messenger") == pytest.approx(HOUR, abs=60)
    assert CallBudget.objects.get().reason == "Facebook says: wait."
    with SharedBudget(PAGE, "messenger") as budget:
        assert budget.reserve(0.5) == pytest.approx(HOUR, abs=60)


def test_shorter_closing_does_not_shorten_a_longer_one():
    with SharedBudget(PAGE, "messenger") as budget:
        budget.close(HOUR, "Long.")
        budget.close(1, "Short.")
        assert budget.reserve(0.5) == pytest.approx(HOUR, abs=60)


def test_client_that_is_told_to_wait_closes_the_budget_for_the_next(sandbox, elsewhere):
    sandbox.faults.add(faults.graph_error(368), path=PAGE)
    token = sandbox.world.pages[PAGE].token
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(token, url=sandbox.url, calls_per_second=0, budget=budget)
        with pytest.raises(RateLimitError):
            client.get(PAGE, fields="id")
        client.close()
    given = finish(elsewhere("print(budget.reserve(0))")).splitlines()[-1]
    assert float(given) == pytest.approx(6 * HOUR, abs=60)
    with SharedBudget(PAGE, "messenger") as budget:
        client = GraphClient(token, url=sandbox.url, calls_per_second=0, budget=budget)
        with pytest.raises(RateLimitError, match="no calls"):
            client.get(PAGE, fields="id")
        client.close()
    assert len(sandbox.ledger) == 1


# -- PostgreSQL away ---------------------------------------------------------------------------------------
@pytest.fixture
def database_away(monkeypatch):
    """The budgets' own connection leads nowhere; the test's stays."""

    def lose() -> None:
        nowhere = connection.settings_dict | {"HOST": "127.0.0.1", "PORT": "1"}
        monkeypatch.setattr(connections["default"], "settings_dict", nowhere)

    return lose


def test_process_keeps_to_its_own_pace_while_postgresql_is_away(database_away):
    database_away()
    with SharedBudget(PAGE, "messenger") as budget:
        assert [round(budget.reserve(100)) for _ in range(3)] == [0, 100, 200]
        budget.close(HOUR, "Wait.")
        assert budget.reserve(100) == pytest.approx(HOUR, abs=60)


def test_pace_goes_on_where_it_was_when_the_connection_breaks():
    with SharedBudget(PAGE, "messenger") as budget:
        assert [round(budget.reserve(HOUR)) for _ in range(2)] == [0, HOUR]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [_backend()])
        assert round(budget.reserve(HOUR)) == 2 * HOUR, "by its own count, without an error"
        # Back again. PostgreSQL did not hear of that start; our own gate keeps the next one apart from it.
        assert round(budget.reserve(HOUR) / HOUR) == 2
        assert round(budget.reserve(HOUR) / HOUR) == 3


def _backend() -> int:
    own = shared._connection
    assert own is not None
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


# -- its connection ----------------------------------------------------------------------------------------
def test_budgets_share_a_connection_that_is_closed_when_the_last_one_leaves():
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
    assert shared._connection is None
    with SharedBudget(PAGE, "messenger") as third:
        assert third.reserve(0.5) >= 0


def test_budget_that_has_left_opens_no_connection():
    """A thread that is still asleep when its run ends."""
    with SharedBudget(PAGE, "messenger") as budget:
        pass
    budget.reserve(0.5)
    budget.close(1, "Late.")
    assert shared._connection is None
    assert not CallBudget.objects.exists()
