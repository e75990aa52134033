"""Reads a folder of CSV files as the dashboard of the database writes them, one file for each table."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from conversations.imports.legacy.copy_text import MAX_LINE
from conversations.imports.legacy.source import (
    CONVERSATIONS,
    EXPECTED,
    MAX_VALUE,
    TABLES,
    TOKENS,
    Block,
    Row,
    SourceError,
    WrongSource,
    absent_tables,
    pick,
    places_of,
)
from conversations.lib.text import clean

# tags.csv, tags_rows.csv, and what a browser makes of a second download: tags_rows (1).csv
FILE_NAME = re.compile(r"(?:public[._])?(?P<table>\w+?)(?:_rows)?(?: ?\(\d+\))?\.csv", re.IGNORECASE)


class CsvFolder:
    """The files of a folder. Several of one table are its parts, and repeated rows count once."""

    def __init__(self, path: Path):
        if not path.is_dir():
            raise WrongSource("The folder of the CSV files does not exist.")
        self._files = files_in(path)
        self.total = sum(file.stat().st_size for files in self._files.values() for file in files)
        self.notes: list[str] = []
        self.absent = absent_tables(self._files)
        self._read = 0
        if CONVERSATIONS not in self._files:
            names = ", ".join(f"{table}.csv" for table in EXPECTED)
            raise WrongSource(f"The folder has no {CONVERSATIONS}.csv. Export these tables: {names}.")

    @property
    def done(self) -> int:
        return self._read

    def close(self) -> None:
        """Each file is closed after its last row."""

    def blocks(self) -> Iterator[Block]:
        for table, files in self._files.items():
            for file in files:
                yield Block(table, self._rows(table, file))

    def _rows(self, table: str, file: Path) -> Iterator[Row | None]:
        try:
            yield from self._read_rows(table, file)
        except (csv.Error, OSError):
            raise SourceError(
                f"{file.name} cannot be read: it is no CSV file, or a value is longer than {MAX_LINE:,}."
            ) from None

    def _read_rows(self, table: str, file: Path) -> Iterator[Row | None]:
        csv.field_size_limit(MAX_LINE)
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.reader(bounded_lines(stream))
            columns = [name.strip() for name in next(reader, [])]
            if TOKENS in columns:
                self.notes.append(f"{file.name} holds access tokens, which were not read. Delete the file.")
            places = places_of(table, columns)
            for values in reader:
                if values:
                    yield pick(list(map(_value, values)), places) if len(values) == len(columns) else None
        self._read += file.stat().st_size


def bounded_lines(stream) -> Iterator[str]:
    """Yield the lines of a file. Raises csv.Error for one that is too long to be held."""
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise csv.Error
        yield line


def _value(text: str) -> str | None:
    """Return a value. The dashboard writes null as nothing."""
    return clean(text[:MAX_VALUE]) if text else None


def files_in(path: Path) -> dict[str, list[Path]]:
    """Return the files of each table, in the order in which tables are read."""
    found: dict[str, list[Path]] = {}
    for file in sorted(path.iterdir()):
        match = FILE_NAME.fullmatch(file.name)
        if match and match["table"].lower() in TABLES and file.is_file():
            found.setdefault(match["table"].lower(), []).append(file)
    return {table: found[table] for table in TABLES if table in found}
