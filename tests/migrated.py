"""PostgreSQL servers that have our tables already, because the migrations take several seconds.

`.inbox/tests` keeps the data of a server on which they have run, one folder for each version of PostgreSQL
and of the files that determine the tables. Each server of the tests starts with a copy of it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path

from inbox.postgres import Server, throwaway
from inbox.postgres.owner import of_new_data
from inbox.postgres.programs import Only, Programs, newest

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".inbox" / "tests"
MOST_KEPT = 4  # of 60 MB each: two versions of PostgreSQL on two branches
DATABASE = "migrated"  # with our tables: the template of the databases that tests create
# What `migrate` reads: the migrations, what they import, the SQL they install, and the versions of packages.
SOURCES = (
    "*/migrations/**/*",
    "inbox/accounts/**/*",
    "conversations/lib/**/*",
    "conversations/models/**/*",
    "conversations/upgrade/**/*",
    "tags/**/*",
    "inbox/settings.py",
    "requirements*.txt",
)


class MigrationsFailed(Exception):
    pass


def migrated_server(*, only: Only | None = None, durable: bool = False) -> AbstractContextManager[Server]:
    """A temporary server with the database `migrated`. Its other databases are those of a new server."""
    return throwaway(only=only, durable=durable, prepare=lambda home: copy_data(home, only))


def copy_data(home: Path, only: Only | None) -> None:
    """Raises PostgresError if there are no programs, MigrationsFailed if `migrate` ends with an error."""
    programs = newest(of_new_data(), home, only)
    with locked(KEPT):
        kept = KEPT / fingerprint(programs)
        if not kept.exists():
            make(kept, only)
        os.utime(kept)
        copy(kept / "data", home)
        for old in sorted(KEPT.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_KEPT]:
            shutil.rmtree(old)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Several processes of tests start at the same time: one makes the data, the others wait for it."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fingerprint(programs: Programs) -> str:
    """Return a name that changes with the programs, the path or the text of a source."""
    digest = sha256(f"{programs.folder} {programs.major}".encode())
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        if path.suffix in (".py", ".sql", ".txt"):
            digest.update(f"\n{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def make(kept: Path, only: Only | None) -> None:
    unfinished = KEPT / "unfinished"  # so that a crash leaves no incomplete data
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    with throwaway(only=only) as server:
        server.create_database(DATABASE)
        migrate(server.url(DATABASE))
        server.stop()
        copy(server.data, unfinished)
    unfinished.rename(kept)


def migrate(url: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    environment = os.environ | {"DATABASE_URL": url, "SECRET_KEY": "unused" * 10, "DEBUG": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MigrationsFailed(f"manage.py migrate failed:\n{done.stderr}")


def copy(data: Path, folder: Path) -> None:
    """Copy the data of a stopped server, with its OS user and permissions."""
    subprocess.run([shutil.which("cp") or "cp", "-a", str(data), str(folder)], check=True)
