"""One web process serves many tests, and no test finds the work of another in it."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from conversations.models.audit import Action, AuditEntry, record
from conversations.tasks import sync_page
from tests.conftest import environment_of
from tests.leftovers import stop_web

run_twice = pytest.mark.parametrize("run", ["first", "second"])
processes: list[int] = []


@pytest.fixture
def start_shared(transactional_db, sandbox, shared_web):
    yield lambda: shared_web.start(environment_of(sandbox))
    shared_web.stop()


def test_process_is_stopped_that_does_not_end_its_work_or_was_restarted(start_shared, shared_web):
    web = start_shared()
    shared_web.end_test(connection)
    assert start_shared() is web
    sync_page.configure(schedule_in={"hours": 1}).defer(run_id=0)
    shared_web.end_test(connection)
    assert not shared_web.is_running
    ProcrastinateJob.objects.all().delete()
    other = start_shared()
    assert other is not web
    other.stop()
    other.start()
    shared_web.end_test(connection)
    assert other.process.wait(60) < 0


def test_what_it_writes_after_a_test_is_not_found_by_the_next(start_shared, shared_web, beside, empty_tables):
    start_shared()
    record(Action.REFUSED)
    stop_web(shared_web, empty_tables, beside)
    assert not AuditEntry.objects.exists()
    assert not ProcrastinateWorker.objects.exists()


def test_worker_is_gone_in_tests_that_do_not_use_the_process(transactional_db, shared_web):
    assert not shared_web.is_running
    assert not ProcrastinateWorker.objects.exists()


@run_twice
def test_process_worker_and_rows_of_the_migrations_stay(web, page, run):
    assert page.state == "connected"
    assert ContentType.objects.exists()
    assert ProcrastinateWorker.objects.count() == 1
    processes.append(web.process.pid)
    assert set(processes) == {web.process.pid}
