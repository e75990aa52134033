"""`manage.py migrate` beside others that use the tables."""

import io
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from conversations.lib.locks import MIGRATIONS, WORK
from tests import migrated
from tests.conftest import url_of
from tests.machine import condition_in_time
from tests.servers import django_connected_to

BEFORE, NEWEST = "0163_blocked_sending", "0165_saved_replies"  # it refers to tables of before
READ = "SELECT 'a secret of Ada' FROM conversations_page"
REFUSE_RECORD = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no record''; END';
CREATE TRIGGER refuse BEFORE INSERT ON django_migrations FOR EACH ROW WHEN (NEW.name = '0165_saved_replies')
EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def url(django_db_blocker) -> Iterator[str]:
    """The address of a database with our tables. Django is connected to it."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as admin, django_db_blocker.unblock():
        admin.execute(f"CREATE DATABASE migrating TEMPLATE {migrated.DATABASE}")
        with django_connected_to(url_of("migrating")):
            yield url_of("migrating")
        admin.execute("DROP DATABASE migrating WITH (FORCE)")


class Migrate(threading.Thread):
    """The command in a thread, as in another process."""

    def __init__(self, *arguments: str, **options):
        super().__init__()
        self.out, self.err = io.StringIO(), io.StringIO()
        self._arguments, self._options = arguments, options
        self.start()

    def run(self) -> None:
        try:
            call_command("migrate", *self._arguments, stdout=self.out, stderr=self.err, **self._options)
        finally:
            connection.close()


def applied() -> bool:
    """Whether the newest migration is applied; its table and its record must say the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('conversations_draft') IS NOT NULL")
        [there] = cursor.fetchone()
        cursor.execute("SELECT EXISTS (SELECT FROM django_migrations WHERE name = %s)", [NEWEST])
        assert cursor.fetchone() == (there,)
    return there


def test_a_locked_table_is_tried_again_and_its_holder_named_without_values(url):
    with psycopg.connect(url, application_name="report") as other:
        other.execute(READ)
        pid = other.info.backend_pid
        migrate = Migrate("conversations", BEFORE)
        condition_in_time(60, lambda: "Attempt 2 of 20" in migrate.err.getvalue())
        assert applied()
    migrate.join()
    assert not applied()
    # A slow machine reports the time that a migration has taken between these lines.
    first = next(line for line in migrate.err.getvalue().splitlines() if "no lock" in line)
    assert first.startswith(
        f"conversations.{NEWEST}: no lock on its tables within 0.3 s, held by pid {pid} (report,"
    )
    assert first.endswith(" s: SELECT…). Attempt 2 of 20 in 0.5 s.")


def test_a_table_that_stays_locked_ends_it_and_nothing_is_written(url):
    with psycopg.connect(url) as other:
        other.execute(READ)
        message = "no lock on its tables .* pid [0-9]+ .* It was not applied"
        with pytest.raises(CommandError, match=message):
            call_command("migrate", "conversations", BEFORE, verbosity=0, attempts=1)
    assert applied()


def test_the_second_of_two_waits_and_finds_nothing_to_do(url):
    with psycopg.connect(url, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s, %s)", [MIGRATIONS, WORK])
        second = Migrate()
        condition_in_time(60, lambda: "Another `migrate` is at work" in second.err.getvalue())
        assert second.out.getvalue() == ""
    second.join()
    assert "No migrations to apply." in second.out.getvalue()


def test_a_migration_and_its_record_are_one_transaction(url):
    """Django itself writes the record after the transaction if it has constraints left for its end."""
    call_command("migrate", "conversations", BEFORE, verbosity=0)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(REFUSE_RECORD)
        with pytest.raises(ProgrammingError, match="no record"):
            call_command("migrate", verbosity=0)
        assert not applied()
        other.execute("DROP TRIGGER refuse ON django_migrations")
    call_command("migrate", verbosity=0)
    assert applied()
