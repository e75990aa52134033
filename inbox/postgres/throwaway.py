"""A temporary server for one run of the tests or benchmarks."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import owner
from .programs import Only
from .server import Server

IMPORTABLE_FROM = Path(__file__).resolve().parents[2]


@contextmanager
def throwaway(
    *, durable: bool = False, only: Only | None = None, prepare: Callable[[Path], None] | None = None
) -> Iterator[Server]:
    """Start a server in a temporary folder. Both are removed however this process ends, also by kill -9.

    `durable`: it writes to the disk as in production, for measurements.
    `only`: see Server. `prepare`: is called with the folder, where it may put data, before the server starts.
    """
    home = temporary_home()
    command = [sys.executable, "-m", "inbox.postgres", "guard", str(home)]
    with subprocess.Popen(command, cwd=IMPORTABLE_FROM, stdin=subprocess.PIPE, start_new_session=True):
        if prepare:
            prepare(home)
        server = Server(home, durable=durable, only=only)
        server.start()
        yield server
    # Leaving the block closes the guard's standard input and waits for it.


def temporary_home() -> Path:
    server_user = owner.of_new_data()
    parent = Path(tempfile.gettempdir())
    if not server_user.can_enter(parent):
        parent = Path("/tmp")  # noqa: S108 (mkdtemp makes a new folder in it)
    home = Path(tempfile.mkdtemp(prefix="inbox-test-", dir=parent))
    if server_user.is_someone_else:
        home.chmod(0o711)
    return home


def guard(home: Path) -> None:
    """Wait until the process that holds our standard input ends, then remove its server."""
    sys.stdin.read()
    server = Server(home, durable=False)
    server.stop()
    for folder in (home, server.socket_folder):
        shutil.rmtree(folder, ignore_errors=True)
