"""A folder of Parquet files, one for each table and month, and the manifest that tells what they hold.

Each file is replaced at once when it is complete, and the manifest after it: readers always see whole files,
and a run that was interrupted continues with the months that are missing.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils import timezone

from conversations.exports.data_tables import Month, Table
from conversations.exports.parquet import RowGroups

FORMAT, VERSION = "inbox-data", 1
MANIFEST, LOCK, UNFINISHED = "manifest.json", ".lock", ".part"
OURS = re.compile(r"\d{4,}-\d{2}\.parquet|unknown\.parquet|\..+\.part")
ROWS_OF_STEP = 1000  # between two reports of the progress


class FolderProblem(Exception):
    """The folder cannot be used. The text says why."""


@contextmanager
def opened(path: Path, pages: list[str]) -> Iterator["DataFolder"]:
    """Open the folder for one run; make it if it does not exist. Raises FolderProblem and OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(not one.name.startswith(".") for one in path.iterdir()) and not (path / MANIFEST).exists():
        raise FolderProblem(f"{path} is not empty, and has no {MANIFEST} of an earlier export.")
    with (path / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderProblem(f"Another process is writing to {path}.") from None
        folder = DataFolder(path, pages)
        folder.save(is_complete=False)
        yield folder
        folder.save(is_complete=True)


class DataFolder:
    def __init__(self, path: Path, pages: list[str]):
        self._path, self._pages = path, pages
        self._files = {one["path"]: one for one in self._read()}

    def _read(self) -> list[dict[str, Any]]:
        manifest = self._path / MANIFEST
        if not manifest.exists():
            return []
        try:
            content = json.loads(manifest.read_text())
            if (content["format"], content["version"]) != (FORMAT, VERSION):
                raise ValueError
            return content["files"]
        except (ValueError, KeyError, TypeError):
            raise FolderProblem(f"{manifest} is not the manifest of such an export.") from None

    def save(self, *, is_complete: bool) -> None:
        """Write the manifest. It is complete if it is of all tables at one time."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "complete": is_complete,
            "written_at": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
            "pages": self._pages,
            "files": [self._files[path] for path in sorted(self._files)],
        }
        with replacing(self._path / MANIFEST) as unfinished:
            unfinished.write_text(json.dumps(content, indent=1))

    def has(self, table: Table, name: str, month: Month) -> bool:
        """Whether the file of this month is there, with these rows."""
        path = path_of(table, name)
        entry, file = self._files.get(path), self._path / path
        if entry is None or entry["digest"] != month.digest:
            return False
        return file.exists() and file.stat().st_size == entry["bytes"]

    def write(
        self, table: Table, name: str, month: Month, rows: Iterable[Sequence], count: Callable[[int], None]
    ) -> None:
        """Write the file of a month. `count` is called with numbers of rows that were written."""
        path = path_of(table, name)
        (self._path / path).parent.mkdir(mode=0o700, exist_ok=True)
        with replacing(self._path / path) as unfinished:
            number = write_rows(table, unfinished, rows, count)
            size, digest = unfinished.stat().st_size, sha256_of(unfinished)
        about = {"path": path, "table": table.name, "month": name or None, "rows": number}
        self._files[path] = about | {"bytes": size, "sha256": digest, "digest": month.digest}
        self.save(is_complete=False)

    def keep_only(self, table: Table, names: Iterable[str]) -> None:
        """Remove the files of other months, and what interrupted runs have left."""
        kept = {path_of(table, name) for name in names}
        folder = self._path / table.name
        there = [f"{table.name}/{one.name}" for one in folder.glob("*") if OURS.fullmatch(one.name)]
        known = [path for path, entry in self._files.items() if entry["table"] == table.name]
        for path in {*there, *known} - kept:
            (self._path / path).unlink(missing_ok=True)
            self._files.pop(path, None)


def path_of(table: Table, name: str) -> str:
    return f"{table.name}/{name}.parquet" if name else f"{table.name}.parquet"


def write_rows(table: Table, path: Path, rows: Iterable[Sequence], count: Callable[[int], None]) -> int:
    """Write a whole file. Return the number of rows."""
    number = 0
    with path.open("wb") as file:
        groups = RowGroups(table.columns, file)
        for number, row in enumerate(rows, 1):
            groups.add(row)
            if number % ROWS_OF_STEP == 0:
                count(ROWS_OF_STEP)
        groups.close()
    count(number % ROWS_OF_STEP)
    return number


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new file, which then takes the place of this one at once. On an error, nothing changes."""
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)  # messages of customers are in it
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
