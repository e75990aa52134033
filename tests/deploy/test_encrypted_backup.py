"""deploy/backup makes backups that restore exactly, also during a sync, and that only the key can read."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conversations.models import Conversation, Page
from conversations.sandbox import SandboxServer, World, faults, seed_page
from inbox.postgres import Server, throwaway
from inbox.postgres.programs import newest
from tests import migrated
from tests.conversations.sync.copies import assert_exact
from tests.crash.processes import Command, wait_until
from tests.servers import django_connected_to, graph, graph_is, output_of, server_of

BACKUP = Path(__file__).parents[2] / "deploy" / "backup"
KEY = "the-key-of-tokens-that-is-kept-apart-from-dumps"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if shutil.which("age") is None:
        pytest.skip("age is not installed")
    yield from server_of("wheel")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Server]:
    with throwaway(only="wheel") as server:
        yield server


@pytest.fixture(scope="module")
def identity(tmp_path_factory) -> tuple[Path, str]:
    """The file of a private key, and its public key."""
    return new_identity(tmp_path_factory.mktemp("age"))


def new_identity(folder: Path) -> tuple[Path, str]:
    path = folder / "backup.key"
    subprocess.run(["age-keygen", "-o", path], capture_output=True, check=True)  # noqa: S607 - Debian's
    public = subprocess.run(["age-keygen", "-y", path], capture_output=True, text=True, check=True)  # noqa: S607 - found by PATH, as the user of the machine would
    return path, public.stdout.strip()


@pytest.fixture
def backup(server, identity, tmp_path):
    """Make a backup into tmp_path/backups; `variables` replace those of the installation."""
    folder = tmp_path / "backups"
    folder.mkdir()

    def run(url: str, **variables: str) -> subprocess.CompletedProcess[str]:
        programs = newest(server.owner, server.home, server.only).folder
        path = f"{variables.pop('FIRST', '')}:{programs}:{os.environ['PATH']}"
        environment = {"PATH": path, "DATABASE_URL": url, "BACKUP_DIR": str(folder)}
        environment |= {"BACKUP_RECIPIENT": identity[1]} | variables
        return subprocess.run(BACKUP, env=environment, capture_output=True, text=True, check=False)

    run.folder, run.made = folder, lambda: sorted(path.name for path in folder.glob("*.age"))
    return run


@pytest.fixture
def database(server, request) -> str:
    """The address of a new database with our tables, and no rows."""
    name = f"of_{request.node.name}"[:60]
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {migrated.DATABASE}")
    return server.url(name)


def restore(server: Server, dump: Path, identity: Path, url: str) -> subprocess.CompletedProcess[str]:
    """The lines of docs/backup.md."""
    programs = newest(server.owner, server.home, server.only).folder
    lines = (
        "set -o pipefail; age --decrypt --identity $KEY $DUMP | "
        "pg_restore --no-owner --no-privileges --single-transaction --dbname $URL"
    )
    path = f"{programs}:{os.environ['PATH']}"
    environment = {"PATH": path, "KEY": str(identity), "DUMP": str(dump), "URL": url}
    return subprocess.run(["bash", "-c", lines], env=environment, capture_output=True, text=True, check=False)  # noqa: S607 - found by PATH, as the user of the machine would


def test_drill_dump_during_a_sync_restore_elsewhere_and_sync_again(
    server, elsewhere, database, identity, backup, tmp_path, settings, monkeypatch, django_db_blocker
):
    settings.TOKEN_ENCRYPTION_KEYS = [KEY]
    elsewhere.create_database("restored")
    url = elsewhere.url("restored")
    world = World()
    shop = world.add_page()
    monkeypatch.setenv("PAGE_ACCESS_TOKEN", shop.token)
    seed_page(world, shop, conversations=300, seed=20261130)

    def sync(url: str, key: str = KEY) -> Command:
        environment = os.environ | graph(sandbox) | {"DATABASE_URL": url, "TOKEN_ENCRYPTION_KEYS": key}
        return Command(environment, shop.id, full=False)

    with SandboxServer(world) as sandbox, django_db_blocker.unblock(), graph_is(sandbox):
        with django_connected_to(database):
            output_of("connectpage", shop.id)
            sandbox.latency.scale = 1  # so that calls are on their way when the first rows are stored
            running = sync(database)
            wait_until(lambda: Conversation.objects.exists() or running.has_ended, "nothing is stored")
            sandbox.faults.add(faults.hang(), times=None)  # it does not end before the dump
            done = backup(database)
            assert (running.has_ended, done.returncode, done.stderr) == (False, 0, "")
            running.kill(signal.SIGKILL)
            ended(running)
        sandbox.faults.clear()
        sandbox.latency.scale = 0
        world.add_message(next(iter(shop.threads.values())), "Written after the backup")
        [dump] = backup.folder.glob("*.age")

        wrong = restore(elsewhere, dump, new_identity(tmp_path)[0], url)
        assert wrong.returncode != 0
        assert "no identity matched any of the recipients" in wrong.stderr
        cut = tmp_path / "cut.dump.age"
        cut.write_bytes(dump.read_bytes()[:-1000])
        assert restore(elsewhere, cut, identity[0], url).returncode != 0
        restored = restore(elsewhere, dump, identity[0], url)
        assert (restored.returncode, restored.stderr) == (0, "")
        with django_connected_to(url):
            assert "no issues" in output_of("check", "--database", "default")
            [page] = Page.objects.all()
            assert 0 < page.conversations.count() < 300
            code, said = ended(sync(url, key="another key that does not fit the tokens"))
            assert code != 0
            assert "TOKEN_ENCRYPTION_KEYS" in said
            code, said = ended(sync(url))
            assert code == 0, said
            assert_exact(page, world, shop)


def ended(command: Command) -> tuple[int, str]:
    command.wait()
    return command.process.returncode, command.output()


def test_password_is_in_no_argument(database, backup, tmp_path):
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text('#!/bin/sh\necho "$@" >"$0.arguments"; printf %s "$PGPASSWORD" >"$0.password"; exit 1\n')
    spy.chmod(0o755)
    secret = database.replace("@:", ":p%40ss%2F%5Cnw%25rd@:")
    assert backup(secret, FIRST=str(spy.parent)).returncode == 1
    assert spy.with_name("pg_dump.password").read_text() == "p@ss/\\nw%rd"
    assert "inbox@:" in (arguments := spy.with_name("pg_dump.arguments").read_text())
    assert "rd@" not in arguments
    assert backup(secret).returncode == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"BACKUP_RECIPIENT": ""}, "BACKUP_RECIPIENT is not set"),
        ({"BACKUP_RECIPIENT": "age1wrong"}, "no backup was made; earlier ones are unchanged"),
        ({"BACKUP_DIR": "/nowhere"}, "BACKUP_DIR is not a folder that can be written: /nowhere"),
        ({"BACKUP_DAYS": "-1"}, "BACKUP_DAYS must be a number"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/away"}, "no backup was made; earlier ones are unchanged"),
        ({"DATABASE_URL": "postgresql:///a?password=secret"}, "DATABASE_URL must have its password as in"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_failed_backup_says_so_and_leaves_nothing(backup, variables, message):
    done = backup("postgresql:///unused", **variables)
    assert (done.returncode, message in done.stderr, done.stdout) == (1, True, ""), done.stderr
    assert backup.made() == []
    assert "secret" not in done.stderr


def test_interrupted_backup_never_has_the_name_of_one(database, backup):
    (backup.folder / "inbox-2026-11-01T010203Z.dump.age.unfinished").write_text("half")
    assert backup(database).returncode == 0
    assert [path.name for path in backup.folder.iterdir() if path.name != ".lock"] == backup.made()
    held = subprocess.Popen(["flock", backup.folder / ".lock", "sleep", "60"])  # noqa: S607 - Debian's
    try:
        lock = ["flock", "--nonblock", backup.folder / ".lock", "true"]
        wait_until(lambda: subprocess.run(lock, check=False).returncode == 1, "flock does not hold it")
        assert "another backup is running" in backup(database).stderr
    finally:
        held.terminate()
        held.wait()


def test_newest_of_so_many_days_and_weeks_are_kept(database, backup):
    now = datetime.now(UTC).replace(microsecond=0)
    times = [now - timedelta(days=days, hours=hours) for days in range(1, 40) for hours in (0, 3)]
    for time in times:
        (backup.folder / f"inbox-{time:%Y-%m-%dT%H%M%SZ}.dump.age").touch()
    assert backup(database, BACKUP_DAYS="3", BACKUP_WEEKS="3").returncode == 0
    kept = [datetime.strptime(name[6:23], "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC) for name in backup.made()]
    days = sorted({time.date() for time in kept}, reverse=True)
    assert len(days) == len(kept)  # one of a day
    everyday = sorted({time.date() for time in [now, *times]}, reverse=True)
    assert days[:3] == everyday[:3]
    weeks = sorted({day.isocalendar()[:2] for day in everyday}, reverse=True)[:3]
    assert {day.isocalendar()[:2] for day in days} == set(weeks)
    newest_of_weeks = [next(day for day in everyday if day.isocalendar()[:2] == week) for week in weeks]
    assert set(days) == {*everyday[:3], *newest_of_weeks}


def test_kept_files_are_encrypted_once_and_leave_with_their_people(database, backup, identity, tmp_path):
    media = tmp_path / "media"
    (media / "ab").mkdir(parents=True)
    (media / "ab" / "abc").write_bytes(b"a picture")
    (media / "ab" / "abd").write_bytes(b"of somebody else")
    assert backup(database, MEDIA_ROOT=str(media)).returncode == 0
    (media / "ab" / "abd").unlink()
    copy = backup.folder / "media" / "ab" / "abc.age"
    before = copy.stat()
    assert backup(database, MEDIA_ROOT=str(media)).returncode == 0
    assert [path.name for path in (backup.folder / "media").rglob("*.age")] == ["abc.age"]
    assert copy.stat() == before
    read = subprocess.run(["age", "-d", "-i", identity[0], copy], capture_output=True, check=True)  # noqa: S607 - found by PATH, as the user of the machine would
    assert read.stdout == b"a picture"
