"""Where the databases of the benchmark are: a server that is kept until all is measured, so that it can go on."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from inbox.postgres import PostgresError, Server
from inbox.postgres.owner import of_new_data

# With its messages and all indexes, of a million or more; 100,000 take 6,400 each, as indexes of few rows are larger.
BYTES_OF_CONVERSATION = 4_500
WORKING_SHARE = 0.25  # of it: sorting of the largest index, and what bulk operations write
OTHER_BYTES = 3 * 10**9  # the server itself, its log of changes, and room for the machine


def needed_bytes(sizes: Sequence[int]) -> int:
    """Return what the databases of these numbers of conversations take at most."""
    data = sum(sizes) * BYTES_OF_CONVERSATION
    return round(data + max(sizes) * BYTES_OF_CONVERSATION * WORKING_SHARE + OTHER_BYTES)


def require_room(sizes: Sequence[int], folder: Path, *, held: int) -> None:
    """Say what is needed. Raises PostgresError if the disk has less, beside what is `held` there already."""
    needed, free = needed_bytes(sizes), shutil.disk_usage(folder.parent).free + held
    print(
        f"{gigabytes(needed)} of disk are needed in {folder.parent}, {gigabytes(free)} are free", flush=True
    )
    if needed > free:
        raise PostgresError(
            f"{folder.parent} has room for {gigabytes(free)}, and {gigabytes(needed)} are needed:"
            " set TMPDIR to a folder of a larger disk, or choose fewer ROWS"
        )


def gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"


@contextmanager
def kept_server(sizes: Sequence[int]) -> Iterator[Server]:
    """Start a server whose folder is named by the sizes. It is removed where the block ends without an exception."""
    folder = folder_of(sizes)
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
    require_room(sizes, folder, held=held)
    if held:
        print(
            f"going on with what {folder} has ({gigabytes(held)}); to begin anew: rm -r {folder}", flush=True
        )
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PostgresError(f"{folder} belongs to somebody else: remove it")
    server = Server(folder, durable=False)
    try:
        start_with_memory(server)
        yield server
    finally:
        server.stop()
    for made in (folder, server.socket_folder):
        shutil.rmtree(made, ignore_errors=True)


def start_with_memory(server: Server) -> None:
    """Start it with the memory that docs/deploying.md recommends, a quarter of the machine's."""
    quarter = psutil.virtual_memory().total // 4 // 2**20
    server.start()
    with server.connect() as admin:
        admin.execute(f"ALTER SYSTEM SET shared_buffers = '{quarter}MB'")
        admin.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
    server.stop()
    server.start()


def folder_of(sizes: Sequence[int]) -> Path:
    parent = Path(tempfile.gettempdir())
    if not of_new_data().can_enter(parent):
        parent = Path("/tmp")  # noqa: S108 - the folder is ours, or refused
    return parent / f"inbox-bench-reads-{'-'.join(map(str, sizes))}"
