import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from conversations.lib.locks import lock_rows, lock_rows_and_fetch, sync_lock
from tests.factories import PageFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_page_is_synced_by_one_process_at_a_time():
    with sync_lock(1) as first, sync_lock(1) as second, sync_lock(2) as other:
        assert (first.is_acquired, second.is_acquired, other.is_acquired) == (True, False, True)
    with sync_lock(1) as again:
        assert again.is_acquired


def test_released_lock_is_free_at_once():
    with connection.cursor() as cursor:
        for _ in range(30):
            with sync_lock(1) as ours:
                assert ours.is_acquired
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert cursor.fetchone() == (0,)


def test_failed_attempt_does_not_release_the_lock():
    with sync_lock(1):
        with sync_lock(1) as refused:
            assert not refused.is_acquired
        with sync_lock(1) as still_refused:
            assert not still_refused.is_acquired


def test_lock_is_free_after_an_error():
    with pytest.raises(ZeroDivisionError), sync_lock(1):
        raise ZeroDivisionError
    with sync_lock(1) as free:
        assert free.is_acquired


def test_lock_ends_with_its_connection():
    with sync_lock(1):
        end_locks()
        with sync_lock(1) as free:
            assert free.is_acquired


def test_lock_that_cannot_be_reacquired_at_once_is_acquired_later():
    with sync_lock(1) as lock:
        end_locks()
        host, lock._connection.settings_dict["HOST"] = lock._connection.settings_dict["HOST"], "/nowhere"
        with pytest.raises(OperationalError):
            lock.ensure_acquired()
        lock._connection.settings_dict["HOST"] = host
        assert lock.ensure_acquired()
        with sync_lock(1) as other:
            assert not other.is_acquired


def test_lock_that_another_process_has_acquired_is_lost():
    with sync_lock(1) as lock:
        end_locks()
        with sync_lock(1) as other:
            assert other.is_acquired
            assert (lock.ensure_acquired(), lock.ensure_acquired()) == (False, False)


def end_locks() -> None:
    """End the connections that hold advisory locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )


def test_sync_does_not_wait_for_itself():
    with sync_lock(1) as ours, transaction.atomic():
        assert ours.is_acquired
        lock_rows([1])


def test_rows_are_locked_until_the_transaction_ends():
    order: list[str] = []
    started = threading.Event()

    def lock_in_another_thread() -> None:
        with transaction.atomic():
            started.set()
            lock_rows([2, 1])
            order.append("second")
        connections.close_all()

    other = threading.Thread(target=lock_in_another_thread)
    with transaction.atomic():
        lock_rows([1])
        other.start()
        started.wait()
        wait_for_a_waiting_lock()
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_query_that_is_sent_with_the_lock_sees_what_was_committed_while_it_waited():
    found: list[tuple] = []
    query = "SELECT name, 100 FROM conversations_page WHERE name <> %s"

    def read_in_another_thread() -> None:
        with transaction.atomic():
            found.extend(lock_rows_and_fetch([2, 1], query, ["Other"]))
        connections.close_all()

    other = threading.Thread(target=read_in_another_thread)
    with transaction.atomic():
        lock_rows([1])
        other.start()
        wait_for_a_waiting_lock()
        PageFactory(name="Late")
    other.join()
    assert found == [("Late", 100)]


def test_rows_of_several_pages_are_locked_in_one_order(django_assert_num_queries):
    with transaction.atomic(), connection.execute_wrapper(RecordedPages()) as _, django_assert_num_queries(3):
        lock_rows([3, 1, 2, 3, 1])
    assert RecordedPages.pages == [1, 2, 3]


class RecordedPages:
    pages: list[int] = []

    def __call__(self, execute, sql, params, many, context):
        self.pages.append(params[1])
        return execute(sql, params, many, context)


def wait_for_a_waiting_lock() -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
