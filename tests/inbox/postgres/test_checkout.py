import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from inbox.postgres import PostgresError, Server, checkout, is_private, prepare, start, stop
from tests.machine import in_time

from .conftest import NOBODY, PROJECT, ask


def test_checkout_keeps_its_key_and_address_to_itself(new_checkout):
    server = prepare(new_checkout)
    state = new_checkout / ".inbox"
    kept = {name: (state / name).read_text() for name in ("secret_key", "database_url")}
    assert len(kept["secret_key"]) >= 50
    assert kept["database_url"] == server.url("inbox")
    assert {stat.S_IMODE((state / name).stat().st_mode) for name in kept} == {0o600}
    assert stat.S_IMODE(state.stat().st_mode) & 0o066 == 0
    assert not server.is_listening()
    start(new_checkout)
    assert {name: (state / name).read_text() for name in kept} == kept
    with psycopg.connect(kept["database_url"]) as connection:
        assert connection.info.dbname == "inbox"
    assert stop(new_checkout) == ["PostgreSQL"]
    assert stop(new_checkout) == []


MADE_BEFORE = """
CREATE TYPE mood AS ENUM ('good');
CREATE SCHEMA other;
CREATE TABLE other.notes (id bigserial PRIMARY KEY, mood mood);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE VIEW few AS SELECT * FROM other.notes;
"""
CHANGES = """
ALTER TYPE mood ADD VALUE 'bad';
ALTER TABLE other.notes ADD COLUMN text text;
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
DROP VIEW few;
CREATE TABLE new (id int);
"""


def test_the_application_is_no_superuser_also_with_data_of_an_earlier_version(a_checkout):
    earlier = Server(prepare(a_checkout).home)
    earlier.start()
    earlier.create_database("inbox")
    with psycopg.connect(earlier.url("inbox"), autocommit=True) as connection:
        connection.execute(MADE_BEFORE.encode())
    server = start(a_checkout)  # while it runs
    with psycopg.connect(server.url("inbox"), autocommit=True) as connection:
        assert connection.info.parameter_status("is_superuser") == "off"
        for change in filter(None, CHANGES.split(";\n")):
            connection.execute(change.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY new FROM PROGRAM 'id'")


def test_private_addresses_are_told_from_others(a_checkout):
    server = prepare(a_checkout)
    assert is_private(server.url("inbox_demo"), a_checkout)
    assert not is_private("postgresql://inbox@localhost:5432/inbox", a_checkout)
    assert not is_private("postgresql://inbox@:5432/inbox?host=/run/postgresql", a_checkout)


def test_checkout_that_was_moved_gets_its_new_address(a_checkout):
    first, second = a_checkout / "first", a_checkout / "second"
    first.mkdir()
    first.chmod(0o755)
    (a_checkout / ".inbox").rename(first / ".inbox")
    prepare(first)
    first.rename(second)
    server = start(second)
    try:
        assert (second / ".inbox" / "database_url").read_text() == server.url("inbox")
        assert "second" in server.url("inbox")
    finally:
        stop(second)


def test_checkout_closed_to_the_servers_user_keeps_its_data_elsewhere(as_root, monkeypatch, capsys):
    closed = Path(tempfile.mkdtemp())
    try:
        server = start(closed)
        assert server.home.parent == Path("/var/lib")
        assert f"see {server.home}" in capsys.readouterr().err
        assert ask(server, "SELECT 1") == (1,)
        assert prepare(closed).home == server.home
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert closed.stat().st_uid == 0
    finally:
        stop(closed)
        shutil.rmtree((closed / ".inbox" / "postgres").resolve())
        shutil.rmtree(closed)


def test_data_of_another_user_are_refused_in_one_line(new_checkout, as_root):
    (new_checkout / ".inbox").mkdir(mode=0o700)
    try:
        os.seteuid(NOBODY)
        with pytest.raises(PostgresError, match="belongs to root: run this as root"):
            prepare(new_checkout)
    finally:
        os.seteuid(0)


def test_stop_ends_the_process_that_wrote_the_pid_file_and_no_younger_one(a_checkout):
    prepare(a_checkout)
    pid_file = a_checkout / ".inbox" / "run" / "site.pid"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        pid_file.write_text(str(process.pid))
        os.utime(pid_file, (0, 0))  # from before this process began
        assert stop(a_checkout) == []
        assert process.poll() is None
        assert not pid_file.exists()
        pid_file.write_text(str(process.pid))
        assert checkout.stop(a_checkout) == ["site"]
        assert process.poll() is not None


# -- the command line ----------------------------------------------------------------------------------


@pytest.fixture
def copied_checkout(a_checkout) -> Path:
    shutil.copytree(PROJECT / "inbox" / "postgres", a_checkout / "inbox" / "postgres")
    for name in ("inbox/__init__.py", "inbox/locations.py", "manage.py"):
        shutil.copy(PROJECT / name, a_checkout / name)
    return a_checkout


def run_in(checkout: Path, *command: str, **options) -> subprocess.Popen:
    command = (sys.executable, "-m", "inbox.postgres", "run", "demo", "--", sys.executable, "-c", *command)
    return subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True, **options)


def test_run_gives_a_database_and_ends_the_server_that_it_started(copied_checkout):
    code = """if True:
        import os, psycopg
        connection = psycopg.connect(os.environ["DATABASE_URL"])
        print(connection.info.dbname, len(os.environ["SECRET_KEY"]) >= 50)
        raise SystemExit(3)"""
    with run_in(copied_checkout, code) as process:
        assert process.communicate()[0] == "demo True\n"
    assert process.returncode == 3
    assert stop(copied_checkout) == []


def test_run_leaves_a_server_that_was_there_before(copied_checkout):
    start(copied_checkout)
    with run_in(copied_checkout, "") as process:
        assert process.wait() == 0
    assert stop(copied_checkout) == ["PostgreSQL"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_passes_signals_on_and_leaves_nothing(copied_checkout, number):
    code = "import time; print('here', flush=True); time.sleep(60)"
    with run_in(copied_checkout, code, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        process.send_signal(number)
        assert in_time(5, process.wait) in (1, 128 + number)
    assert stop(copied_checkout) == []


def test_manage_py_without_the_packages_names_make_setup():
    command = [sys.executable, "-S", str(PROJECT / "manage.py"), "migrate"]
    answer = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "make setup" in answer.stderr
    assert answer.stderr.count("\n") == 1
