"""The server of the checkout and its files in `.inbox/`, which the settings read."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg

from inbox.locations import INSTALLATION, STATE

from . import owner
from .exceptions import PostgresError
from .roles import APPLICATION
from .server import Server

CHECKOUT = INSTALLATION
DATABASE = "inbox"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report a full disk or an unwritable folder as one sentence, without a traceback."""
    try:
        yield
    except (OSError, psycopg.Error) as error:
        raise PostgresError(f"the private PostgreSQL: {error}") from error


@plain_errors()
def prepare(checkout: Path = CHECKOUT) -> Server:
    """Create what is missing: the state folder, the secret key, the database files and the database URL."""
    state = state_folder(checkout)
    keep_once(state / "secret_key", secrets.token_urlsafe(50))
    server = Server(home(state), role=APPLICATION)
    if not server.is_listening():
        with server.locked():
            server.initialise()
    address = state / "database_url"
    if not address.exists() or address.read_text() != server.url(DATABASE):
        unfinished(address, server.url(DATABASE)).replace(address)
    return server


@plain_errors()
def start(checkout: Path = CHECKOUT) -> Server:
    """Attach to the checkout's server or start it."""
    server = prepare(checkout)
    if server.start():
        server.create_database(DATABASE)
        if not server.home.is_relative_to(checkout):
            note = f"PostgreSQL runs as {server.owner.name}, who cannot enter {checkout}: see {server.home}"
            print(note, file=sys.stderr)  # noqa: T201 - for who is at the terminal
    return server


@plain_errors()
def stop(checkout: Path = CHECKOUT) -> list[str]:
    """Stop what the checkout started and return its names: processes with a PID file, then the server."""
    if not (checkout / STATE).exists():
        return []
    state = state_folder(checkout)
    stopped = [path.stem for path in sorted(state.glob("run/*.pid")) if stop_process(path)]
    if (state / "postgres").exists() and Server(state / "postgres").stop():
        stopped.append("PostgreSQL")
    return stopped


def is_private(url: str, checkout: Path = CHECKOUT) -> bool:
    """Whether this URL is of a database on the server of the checkout."""
    place = checkout / STATE / "postgres"
    host = parse_qs(urlsplit(url).query).get("host")
    return place.exists() and host == [str(Server(place).socket_folder)]


def state_folder(checkout: Path) -> Path:
    state = checkout / STATE
    state.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() not in (0, state.stat().st_uid):
        name = owner.of_uid(state.stat().st_uid).name
        raise PostgresError(f"{state} belongs to {name}: run this as {name} or as root")
    (state / "run").mkdir(mode=0o700, exist_ok=True)
    return state


def home(state: Path) -> Path:
    """The folder of the server: in the checkout, or in /var/lib if its OS user cannot enter the checkout."""
    place = state / "postgres"
    server_user = owner.of_data(place / "data")
    if not place.is_symlink() and not place.exists() and not server_user.can_enter(state.parent):
        # Named after the key, so that another checkout, also a later one at this path, has its own data.
        key = (state / "secret_key").read_bytes()
        with suppress(FileExistsError):
            place.symlink_to(f"/var/lib/inbox-{sha256(key).hexdigest()[:12]}")
    home = place.resolve()
    home.mkdir(mode=0o700, exist_ok=True)
    for folder in (state, home):
        if folder.stat().st_uid != server_user.uid:
            folder.chmod(0o711)  # enough to reach the folders of the server
    return home


def keep_once(path: Path, text: str) -> None:
    if not path.exists():
        written = unfinished(path, text)
        with suppress(FileExistsError):  # another process was faster: use its file
            os.link(written, path)
        written.unlink()


def unfinished(path: Path, text: str) -> Path:
    """Write a file that only the owner of the folder can read; the caller moves it into place."""
    written = path.with_name(f"{path.name}.{os.getpid()}")
    written.touch(mode=0o600)
    written.write_text(text)
    folder = path.parent.stat()
    os.chown(written, folder.st_uid, folder.st_gid)  # root may work in the checkout of another user
    return written


def stop_process(pid_file: Path) -> bool:
    """Stop the process that wrote this file. A process that is younger than the file reuses its PID."""
    try:
        process = psutil.Process(int(pid_file.read_text()))
        is_the_writer = process.create_time() <= pid_file.stat().st_mtime + 1
    except (psutil.Error, ValueError, OSError):
        is_the_writer = False
    if is_the_writer:
        end(process)
    pid_file.unlink(missing_ok=True)
    return is_the_writer


def end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            process.kill()
