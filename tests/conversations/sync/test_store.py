"""Transactions that PostgreSQL gives up: done again where that helps, else told, never half a batch."""

import pytest
from django.db import connection
from psycopg import OperationalError

from conversations.models import InteractionEvent, SyncRun
from conversations.sync.fetch import Call, Fetcher
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refuse():
    """PostgreSQL refuses the next writes to a table with this error, `times` of them."""

    def begin(table: str, code: str, times: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE refusals")
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF nextval('refusals') <= {times} THEN"
                f" RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END IF; RETURN NULL; END $$"
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
def test_what_passes_is_done_again_and_counted_once(
    sync, page, world, shop, add_threads, small_batches, refuse, table, code
):
    add_threads(25, messages=3)
    refuse(table, code, times=2)
    result = sync()
    assert (result.status, result.inserted, result.events_created) == ("complete", 25, 75)
    assert InteractionEvent.objects.count() == 75
    assert_exact(page, world, shop)


@pytest.mark.parametrize("table", ["conversation", "interactionevent", "thread"])
def test_full_disk_is_told_and_leaves_no_half_batch(
    sync, page, world, shop, add_threads, small_batches, refuse, table
):
    add_threads(25, messages=3)
    refuse(table, "53100", times=1)
    result = sync()
    assert (result.status, result.inserted) == ("error", 0)
    assert "made to fail" in result.error
    assert page.conversations.count() == page.threads.count() == InteractionEvent.objects.count() == 0
    assert SyncRun.objects.get().blame == "inbox"
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.mark.parametrize("number", [3, 4, 5])
def test_commit_whose_answer_was_lost_is_not_counted_twice(
    sync, page, world, shop, add_threads, small_batches, monkeypatch, number
):
    """The connection breaks between PostgreSQL's commit and its answer: no server can be asked to do that."""
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


def test_answers_wait_for_the_writer_and_not_in_memory():
    """A fetcher of which nobody takes anything asks for a few answers and then no more."""
    asked: list[int] = []

    class Endless:
        def has_work(self) -> bool:
            return True

        def take(self):
            return Call(self, lambda client: asked.append(1))

        def answered(self, call, value) -> None:
            pass

    fetcher = Fetcher()
    fetcher.start("messenger", None)
    fetcher.add("messenger", Endless())
    taken = [fetcher.next(5) for _ in range(20)]
    fetcher.stop()
    assert len(taken) == 20
    assert len(asked) <= 20 + 4 + 6
