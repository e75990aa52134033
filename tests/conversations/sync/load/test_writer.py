"""Transactions that PostgreSQL aborts are repeated if that can help; no batch is ever stored in part."""

import pytest
from django.db import connection
from psycopg import OperationalError

from conversations.models import InteractionEvent, SyncRun
from conversations.sync.crawl.worker_pool import Call, WorkerPool
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fail_writes():
    """PostgreSQL rejects the next `times` writes to a table with this error."""

    def begin(table: str, code: str, times: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE refusals")
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF nextval('refusals') <= {times} THEN"
                f" RAISE EXCEPTION 'injected failure' USING ERRCODE = '{code}'; END IF; RETURN NULL; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER refuse AFTER INSERT ON conversations_{table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
            )

    yield begin
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS refuse CASCADE")
        cursor.execute("DROP SEQUENCE IF EXISTS refusals")


@pytest.mark.parametrize("table", ["conversation", "interactionevent", "thread"])
@pytest.mark.parametrize("code", ["40001", "40P01", "57P03"])
def test_transient_error_is_retried_and_counted_once(
    sync, page, world, shop, add_threads, small_batches, fail_writes, table, code
):
    add_threads(25, messages=3)
    fail_writes(table, code, times=2)
    result = sync()
    assert (result.status, result.inserted, result.events_created) == ("complete", 25, 75)
    assert InteractionEvent.objects.count() == 75
    assert_exact(page, world, shop)


@pytest.mark.parametrize("table", ["conversation", "interactionevent", "thread"])
def test_full_disk_ends_the_run_and_leaves_no_partial_batch(
    sync, page, world, shop, add_threads, small_batches, fail_writes, table
):
    add_threads(25, messages=3)
    fail_writes(table, "53100", times=1)
    result = sync()
    assert (result.status, result.inserted) == ("error", 0)
    assert "injected failure" in result.error
    assert page.conversations.count() == page.threads.count() == InteractionEvent.objects.count() == 0
    assert SyncRun.objects.get().fault == "inbox"
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.mark.parametrize("number", [3, 4, 5])
def test_commit_without_an_answer_is_not_counted_twice(
    sync, page, world, shop, add_threads, small_batches, monkeypatch, number
):
    """The connection breaks between PostgreSQL's commit and its answer. No server can simulate that."""
    add_threads(25, messages=3)
    session = connection.connection
    commit, commits = session.commit, []

    def break_after_commit() -> None:
        commit()
        commits.append(True)
        if len(commits) == number:
            session.close()
            raise OperationalError("consuming input failed: server closed the connection unexpectedly")

    monkeypatch.setattr(session, "commit", break_after_commit)
    result = sync()
    assert len(commits) == number
    assert (result.status, result.inserted, result.events_created) == ("complete", 25, 75)
    assert_exact(page, world, shop)


def test_pool_stops_requesting_if_nobody_takes_the_answers():
    """The pool requests a few answers, and then no more until somebody takes one."""
    requests: list[int] = []

    class Endless:
        def has_work(self) -> bool:
            return True

        def take(self):
            return Call(self, lambda client: requests.append(1))

        def on_result(self, call, value) -> None:
            pass

    pool = WorkerPool()
    pool.start("messenger", None)
    pool.add("messenger", Endless())
    taken = [pool.next(5) for _ in range(20)]
    pool.stop()
    assert len(taken) == 20
    assert len(requests) <= 20 + 4 + 6
