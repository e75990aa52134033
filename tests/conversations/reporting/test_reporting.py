"""`manage.py reporting` where the application is no superuser, psql as the role, and `migrate`."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import DatabaseError, connection, transaction

from conversations.reporting import reporting_schema
from inbox.postgres import Server
from inbox.postgres.roles import ADMIN
from inbox.postgres.server import PORT
from tests import migrated
from tests.conftest import exit_code_of
from tests.servers import django_connected_to, program, server_of
from tests.test_backup import assert_clean

PASSWORD = "a very long password"
VIP = "INSERT INTO tags_tag (name, slug, color, name_key, sort_key) VALUES ('VIP', 'vip', '', '', '')"
OPEN = "local all inbox_reporting scram-sha-256\nlocal all all trust\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    for server in server_of(None):
        with server.connect() as admin:
            admin.execute("CREATE ROLE shop LOGIN")
            (server.home / "pg_hba.conf").write_text(OPEN)
            admin.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def url(server) -> Iterator[str]:
    """The address of a database of the role `shop`, which may not create roles."""
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE shop TEMPLATE {migrated.DATABASE}")
        with psycopg.connect(server.url("shop", ADMIN), autocommit=True) as own:
            give_to_shop(own)
    yield server.url("shop", "shop")
    with server.connect() as admin:
        admin.execute("DROP DATABASE shop WITH (FORCE)")
        admin.execute("DROP ROLE IF EXISTS inbox_reporting")
        admin.execute("ALTER ROLE shop NOCREATEROLE NOSUPERUSER")


def give_to_shop(own: psycopg.Connection) -> None:
    own.execute("ALTER DATABASE shop OWNER TO shop")
    own.execute("ALTER SCHEMA public OWNER TO shop")
    statements = """
    SELECT format('ALTER TABLE %s OWNER TO shop', oid::regclass) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
    """
    for (statement,) in own.execute(statements).fetchall():
        own.execute(statement)


@pytest.fixture(autouse=True)
def other_databases(django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def reporting(url: str, *arguments: str, stdin: str = "", **variables: str) -> Done:
    """The command on this database, in this process, which saves the start of another one."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        for name, value in variables.items():
            patch.setenv(name, value)
        with django_connected_to(url):
            code = exit_code_of(["reporting", *arguments], err)
    return Done(code, out.getvalue(), err.getvalue())


def psql(server: Server, statement: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    address = f"{server.url('shop', 'inbox_reporting')}&password={password.replace(' ', '%20')}"
    return program(server, "psql", "--no-psqlrc", "-At", "--command", statement, address)


def test_what_the_user_may_not_do_is_printed_for_somebody_who_may(server, url, tmp_path):
    first = reporting(url)
    assert first.returncode == 1
    assert "CREATE ROLE inbox_reporting" in first.stdout
    assert "see the SQL" in first.stderr
    script = tmp_path / "role.sql"
    script.write_text(first.stdout)
    arguments = ("--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--quiet", "--file", str(script))
    assert_clean(program(server, "psql", *arguments, server.url("shop", ADMIN)))

    second = reporting(url)
    assert (second.returncode, second.stderr) == (0, "")
    assert "It cannot log in yet" in second.stdout
    third = reporting(url, REPORTING_PASSWORD=PASSWORD)
    assert third.returncode == 1
    assert "\\password inbox_reporting" in third.stdout
    assert PASSWORD not in third.stdout + third.stderr


def test_psql_reads_the_views_as_the_role(server, url):
    with server.connect() as admin:
        admin.execute("ALTER ROLE shop CREATEROLE")
    with psycopg.connect(url, autocommit=True) as own:
        own.execute(VIP)
    done = reporting(url, REPORTING_PASSWORD=PASSWORD)
    assert (done.returncode, done.stderr) == (0, "")
    assert PASSWORD not in done.stdout
    assert "-U inbox_reporting shop" in done.stdout

    assert psql(server, "SELECT name FROM tags").stdout == "VIP\n"
    assert psql(server, "SHOW statement_timeout").stdout == "1min\n"
    assert psql(server, "SHOW transaction_read_only").stdout == "on\n"
    assert "permission denied" in psql(server, "TABLE public.tags_tag").stderr
    assert "read-only" in psql(server, "CREATE TEMP TABLE own ()").stderr
    assert "password authentication failed" in psql(server, "SELECT 1", "another one").stderr

    other = reporting(url, "--password", stdin="another long password\n")
    assert other.returncode == 0
    assert psql(server, "SELECT count(*) FROM pages", "another long password").stdout == "0\n"
    assert psql(server, "SELECT 1").returncode == 2
    with django_connected_to(url):
        call_command("migrate", verbosity=0)
    assert psql(server, "SELECT name FROM tags", "another long password").stdout == "VIP\n"


@pytest.mark.skipif(
    find_spec("duckdb") is None and not os.environ.get("CI"),
    reason="duckdb is missing: python3 inbox/install.py requirements-dev.txt",
)
def test_duckdb_reads_the_views_as_the_role(server, url, tmp_path):
    import duckdb
    import duckdb_extension_postgres_scanner as extension

    (driver,) = Path(extension.__path__[0]).rglob("*.duckdb_extension")
    with server.connect() as admin:
        admin.execute("ALTER ROLE shop CREATEROLE")
    with psycopg.connect(url, autocommit=True) as own:
        own.execute(VIP)
    assert reporting(url, REPORTING_PASSWORD=PASSWORD).returncode == 0

    where = (
        f"host={server.socket_folder} port={PORT} dbname=shop user=inbox_reporting password=''{PASSWORD}''"
    )
    with duckdb.connect() as analyst:
        analyst.execute(f"LOAD '{driver}'")
        analyst.execute(f"ATTACH '{where}' AS inbox (TYPE postgres, READ_ONLY)")
        assert analyst.execute("SELECT name FROM inbox.reporting.tags").fetchall() == [("VIP",)]
        for view in ("pages", "conversations", "messages", "conversation_tags", "sync_runs"):
            assert analyst.execute(f"FROM inbox.reporting.{view}").fetchall() == []
        with pytest.raises(duckdb.Error, match="permission denied"):
            analyst.execute("FROM postgres_query('inbox', 'SELECT * FROM public.conversations_page')")


def test_a_role_that_can_do_more_is_refused(server, url):
    with server.connect() as admin:
        admin.execute("CREATE ROLE inbox_reporting SUPERUSER LOGIN")
        admin.execute("ALTER ROLE shop SUPERUSER")
    done = reporting(url)
    assert done.returncode == 1
    assert "it is a superuser" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [([], {"REPORTING_PASSWORD": "short"}), (["--password"], {}), (["--password"], {"stdin": "short\n"})],
)
def test_a_bad_password_changes_nothing(server, url, arguments, variables):
    done = reporting(url, *arguments, **variables)
    assert done.returncode == 2
    with psycopg.connect(url) as own:
        assert own.execute("SELECT FROM pg_namespace WHERE nspname = 'reporting'").rowcount == 0


def test_a_schema_of_others_stays(server, url):
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("CREATE SCHEMA reporting")
        own.execute("CREATE VIEW reporting.pages AS SELECT 1 AS one")
        done = reporting(url)
        assert done.returncode == 1
        assert "that Inbox has not made" in done.stderr
        with django_connected_to(url):
            call_command("migrate", verbosity=0)
        assert own.execute("SELECT one FROM reporting.pages").fetchall() == [(1,)]


# -- migrate -----------------------------------------------------------------------------------------------
CHANGE = "ALTER TABLE conversations_conversation ALTER COLUMN message_count TYPE numeric"
BEFORE = "0156_facebook_users"  # the views have a column of the migration after it
RENAME = "ALTER TABLE conversations_conversation RENAME COLUMN message_count TO others"


@pytest.fixture
def migrations(monkeypatch):
    """Let `migrate` execute this instead of migrations."""

    def execute(statement: str) -> None:
        def handle(self, *args, **options):
            with connection.cursor() as cursor:
                cursor.execute(statement)

        monkeypatch.setattr(migrate.Command, "handle", handle)

    return execute


def count_views() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_views WHERE schemaname = 'reporting'")
        return cursor.fetchone()[0]


def test_migrations_change_columns_that_the_views_read(db, migrations, capsys):
    reporting_schema.make(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW public.own AS SELECT id FROM reporting.pages")
    with pytest.raises(DatabaseError, match="used by a view"):
        change_without_help()
    migrations(CHANGE)
    call_command("migrate", verbosity=0)
    assert count_views() == 6
    assert "which they read: own." in capsys.readouterr().err


def change_without_help() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHANGE)


def test_an_older_version_of_the_tables_has_no_views(db, migrations, capsys):
    reporting_schema.make(connection)
    migrations(RENAME)
    call_command("migrate", verbosity=0)
    assert count_views() == 0
    assert "Run `manage.py reporting` later." in capsys.readouterr().err


def test_without_the_schema_nothing_is_made(db, migrations):
    migrations(CHANGE)
    call_command("migrate", verbosity=0)
    assert count_views() == 0


def test_migrations_of_ours_go_back_and_forth_under_the_views(server, url, capsys):
    with django_connected_to(url):
        reporting_schema.make(connection)
        call_command("migrate", "conversations", BEFORE, verbosity=0)
        assert count_views() == 0
        assert "Run `manage.py reporting` later." in capsys.readouterr().err
        call_command("migrate", verbosity=0)
        assert count_views() == 6
        with connection.cursor() as cursor:
            cursor.execute("SELECT kept_from FROM reporting.pages")
