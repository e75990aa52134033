"""Servers and checkouts that a test may start, kill and take away."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from inbox.postgres import Server, stop
from inbox.postgres.throwaway import temporary_home
from tests.postgres import requested_server

PROJECT = Path(__file__).resolve().parents[3]
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that the server's OS user can enter (pytest's own is closed to others)."""
    folder = temporary_home()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new_server(folder: Path) -> Iterator[Server]:
    server = Server(folder, only=requested_server())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """Made once: initdb takes its second."""
    home = temporary_home()
    Server(home, durable=False, only=requested_server()).initialise()
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


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        assert "CI" not in os.environ, "in CI nothing is skipped: run the tests as root"
        pytest.skip("only root can act as other OS users")


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
