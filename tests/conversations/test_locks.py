import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from conversations.locks import lock_rows, sync_lock

pytestmark = pytest.mark.django_db(transaction=True)


def test_page_is_synced_by_one_at_a_time():
    with sync_lock(1) as first, sync_lock(1) as second, sync_lock(2) as other:
        assert (first.is_ours, second.is_ours, other.is_ours) == (True, False, True)
    with sync_lock(1) as again:
        assert again.is_ours


def test_lock_is_free_at_once():
    with connection.cursor() as cursor:
        for _ in range(30):
            with sync_lock(1) as ours:
                assert ours.is_ours
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert cursor.fetchone() == (0,)


def test_refused_one_does_not_take_the_lock_away():
    with sync_lock(1):
        with sync_lock(1) as refused:
            assert not refused.is_ours
        with sync_lock(1) as still_refused:
            assert not still_refused.is_ours


def test_lock_is_free_after_an_error():
    with pytest.raises(ZeroDivisionError), sync_lock(1):
        raise ZeroDivisionError
    with sync_lock(1) as free:
        assert free.is_ours


def test_lock_dies_with_its_connection():
    with sync_lock(1):
        end_locks()
        with sync_lock(1) as free:
            assert free.is_ours


def test_lock_that_could_not_be_taken_again_at_once_is_taken_later():
    with sync_lock(1) as lock:
        end_locks()
        found, lock._own.settings_dict["HOST"] = lock._own.settings_dict["HOST"], "/nowhere"
        with pytest.raises(OperationalError):
            lock.keep()
        lock._own.settings_dict["HOST"] = found
        assert lock.keep()
        with sync_lock(1) as other:
            assert not other.is_ours


def test_lock_that_somebody_else_has_taken_is_not_ours():
    with sync_lock(1) as lock:
        end_locks()
        with sync_lock(1) as other:
            assert other.is_ours
            assert (lock.keep(), lock.keep()) == (False, False)


def end_locks() -> None:
    """Ends the connections that hold them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )


def test_sync_does_not_wait_for_itself():
    with sync_lock(1) as ours, transaction.atomic():
        assert ours.is_ours
        lock_rows([1])


def test_rows_are_locked_until_the_transaction_ends():
    order: list[str] = []
    began = threading.Event()

    def elsewhere() -> None:
        with transaction.atomic():
            began.set()
            lock_rows([2, 1])
            order.append("second")
        connections.close_all()

    other = threading.Thread(target=elsewhere)
    with transaction.atomic():
        lock_rows([1])
        other.start()
        began.wait()
        wait_until_somebody_waits()
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_rows_of_several_pages_are_locked_in_one_order(django_assert_num_queries):
    with transaction.atomic(), connection.execute_wrapper(Noted()) as _, django_assert_num_queries(3):
        lock_rows([3, 1, 2, 3, 1])
    assert Noted.pages == [1, 2, 3]


class Noted:
    pages: list[int] = []

    def __call__(self, execute, sql, params, many, context):
        self.pages.append(params[1])
        return execute(sql, params, many, context)


def wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
