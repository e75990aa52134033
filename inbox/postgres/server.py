"""A PostgreSQL server in its own folder, on a Unix socket that only its OS user and root can use."""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import errors, sql

from . import owner, programs, roles
from .cluster import initdb, write_configuration
from .exceptions import PostgresError

PORT = 5432  # part of the socket's name; the server does not listen on the network
START_SECONDS = 120  # recovery after a crash may take long
# Together under five seconds.
FAST_STOP_SECONDS = 2.5
IMMEDIATE_STOP_SECONDS = 1.0
LEFTOVERS_STOP_SECONDS = 1.0
LOG_BYTES = 1_000_000


class Server:
    """`only`: use only the programs of the machine ("system") or of the wheel; None: any that fit.

    `role`: who uses the databases. Tests and benchmarks do more there than the application may.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        only: programs.Only | None = None,
        role: str = roles.ADMIN,
    ) -> None:
        self.role = role
        self.home = home.resolve()
        self.durable = durable
        self.only = only
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.name = "inbox-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]

    @cached_property
    def owner(self) -> owner.Owner:
        return owner.of_data(self.data)

    @property
    def socket_folder(self) -> Path:
        """In `home`, or in /tmp if that path is too long for a socket or has special characters."""
        folder = self.home / "socket"
        if re.fullmatch(r"[\w/.+@-]{1,85}", str(folder), re.ASCII):
            return folder
        return Path("/tmp") / self.name  # noqa: S108 (its owner is checked; TMPDIR may differ at the next start)

    def url(self, database: str, role: str = "") -> str:
        # As a parameter: URL parsers convert the host to lower case.
        return f"postgresql://{role or self.role}@:{PORT}/{database}?host={quote(str(self.socket_folder))}"

    # -- start and stop -----------------------------------------------------------------------------------

    def start(self) -> bool:
        """Use the running server or start one. Returns True if this call started it."""
        was_running = self.is_ready()
        if not was_running:
            with self.locked():
                was_running = self.is_listening() and self.wait_until_ready(self.is_listening)
                if not was_running:
                    found = self.initialise()
                    self.end_leftovers()
                    self.launch(found)
        if self.role == roles.APPLICATION:
            self.prepare_application_role()
        return not was_running

    def prepare_application_role(self) -> None:
        """Create the role, and give it the databases that an earlier version made as superuser."""
        with self.connect() as admin:
            if roles.create_application_role(admin):
                self.configure()  # a running server may be one that an earlier version has started
                admin.execute("SELECT pg_reload_conf()")
            for name in roles.databases_of_admin(admin):
                with psycopg.connect(self.url(name, roles.ADMIN)) as database:
                    roles.give_to_application(database)

    def stop(self) -> bool:
        """Stop the server within five seconds. Returns True if it was running."""
        with self.locked():
            was_running = self.is_listening()
            if was_running and not self.signal_and_wait(signal.SIGINT, FAST_STOP_SECONDS):
                self.signal_and_wait(signal.SIGQUIT, IMMEDIATE_STOP_SECONDS)
            self.end_leftovers()
            return was_running

    def initialise(self) -> programs.Programs:
        """Create the data if there is none. Raises PostgresError if no program here can run the data."""
        made_by = self.data / "PG_VERSION"
        if made_by.exists():
            return programs.of_major(int(made_by.read_text()), self.owner, self.home, self.only)
        if self.data.exists():
            raise PostgresError(f"{self.data} holds no PostgreSQL data: move it away to start empty")
        found = programs.newest(self.owner, self.home, self.only)
        unfinished = self.home / "data.unfinished"  # so that a crash leaves no incomplete data
        shutil.rmtree(unfinished, ignore_errors=True)
        self.owner.make_folder(unfinished)
        initdb(unfinished, self.owner, found, durable=self.durable)
        unfinished.rename(self.data)
        return found

    def configure(self) -> list[str | Path]:
        """Write the configuration; return the options with which the server finds it."""
        return write_configuration(
            self.home,
            self.owner,
            socket=self.socket_folder,
            port=PORT,
            name=self.name,
            durable=self.durable,
        )

    def launch(self, found: programs.Programs) -> None:
        self.make_socket_folder()
        options = self.configure()
        # Through a shell that exits at once, so that the server has no parent, and in its own session, so
        # that neither Ctrl-C nor the end of the terminal reaches it.
        start_and_leave = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh"]
        command = [*start_and_leave, found.folder / "postgres", "-D", self.data, *options]
        with self.fresh_log().open("a") as log:
            pid = self.owner.run(*command, stdout=subprocess.PIPE, stderr=log, start_new_session=True).stdout
        if not self.wait_until_ready(lambda: is_alive(int(pid))):
            raise PostgresError(f"PostgreSQL did not start: {self.last_words()} (more in {self.log})")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time starts or stops; the lock dies with its process."""
        handle = os.open(self.home, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    # -- what is running ----------------------------------------------------------------------------------

    def is_listening(self) -> bool:
        """A server that answers on the socket in our folder is ours, whatever a stale pid file says."""
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.connect(str(self.socket_folder / f".s.PGSQL.{PORT}"))
            return True
        return False

    def is_ready(self) -> bool:
        return self.is_listening() and self.pid_file_line(7) == "ready"

    def pid_file_line(self, number: int) -> str:
        with suppress(OSError, IndexError):
            return (self.data / "postmaster.pid").read_text().splitlines()[number].strip()
        return ""

    def wait_until_ready(self, keep_waiting: Callable[[], bool]) -> bool:
        begun = time.monotonic()
        patient = True
        while not self.is_ready():
            waited = time.monotonic() - begun
            if waited > START_SECONDS or not keep_waiting():
                return False
            if patient and waited > 2:
                patient = False
                print("PostgreSQL is starting …", file=sys.stderr)  # noqa: T201 - for who is at the terminal
            time.sleep(0.02)
        return True

    def signal_and_wait(self, number: signal.Signals, seconds: float) -> bool:
        """Our socket answered, so the PID file is that of the running server, which removes it at its end."""
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(self.pid_file_line(0)), number)
        deadline = time.monotonic() + seconds
        while self.pid_file_line(0) or self.is_listening():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def end_leftovers(self) -> None:
        """After kill -9: stop the remaining processes of the old server, and remove its PID file and socket.

        PostgreSQL does not start while the PID in these files belongs to another process.
        """
        left = [process for process in psutil.process_iter(["cmdline", "uids"]) if self.is_ours(process)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        for process in psutil.wait_procs(left, timeout=LEFTOVERS_STOP_SECONDS)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        stale = self.socket_folder / f".s.PGSQL.{PORT}"
        for path in (self.data / "postmaster.pid", stale, stale.with_name(f"{stale.name}.lock")):
            path.unlink(missing_ok=True)

    def is_ours(self, process: psutil.Process) -> bool:
        command, uids = process.info["cmdline"] or [], process.info["uids"]
        if not uids or uids.real != self.owner.uid:
            return False
        return str(self.data) in command or "".join(command).startswith(f"postgres: {self.name}:")

    # -- databases and files ------------------------------------------------------------------------------

    def connect(self) -> psycopg.Connection:
        """Connect as the superuser."""
        return psycopg.connect(self.url("postgres", roles.ADMIN), autocommit=True)

    def create_database(self, name: str) -> None:
        """Create the database if it does not exist."""
        with self.connect() as connection, suppress(errors.DuplicateDatabase, errors.UniqueViolation):
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                names = sql.Identifier(name), sql.Identifier(self.role)
                connection.execute(statement.format(*names))

    def has_clients(self) -> bool:
        others = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
        with self.connect() as connection:
            return bool(connection.execute(f"SELECT FROM pg_stat_activity WHERE {others}").rowcount)

    def make_socket_folder(self) -> None:
        folder = self.socket_folder
        with suppress(FileExistsError):
            self.owner.make_folder(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.owner.uid or found.st_mode & 0o077:
            raise PostgresError(f"{folder} is not a folder of {self.owner.name} alone: remove it")

    def fresh_log(self) -> Path:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.home / "log.old")
        return self.log

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-20:]
        fatal = [line.split("FATAL:")[1].strip() for line in lines if "FATAL:" in line]
        return (fatal or lines or ["it said nothing"])[-1]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
