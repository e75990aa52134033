"""Reads a plain or gzipped dump of the database: its COPY blocks as text. Nothing of it is ever executed."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from conversations.imports.legacy.copy_text import MAX_LINE, split_line
from conversations.imports.legacy.source import (
    CONVERSATIONS,
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
from conversations.imports.legacy.sql_scanner import SqlScanner

SELECTION = " ".join(f"-t public.{table}" for table in TABLES)
PG_DUMP = f'pg_dump "$LEGACY_DATABASE_URL" --data-only --encoding=UTF8 {SELECTION} -f legacy.sql'
PG_RESTORE = f"pg_restore --data-only {SELECTION.replace('public.', '')} -f legacy.sql FILE"
GZIP, CUSTOM = b"\x1f\x8b", b"PGDMP"
DAMAGED = "The dump is damaged: it ends early, or its compression is wrong."
HEAD = 512  # bytes by which a format is recognized
NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
COPY = re.compile(r"COPY\s.*\sFROM\s+stdin\b", re.IGNORECASE)
COPY_HEADER = re.compile(
    rf"COPY\s+(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})\s*(?:\((?P<columns>[^()]*)\)\s*)?FROM\s+stdin(?P<rest>.*)",
    re.IGNORECASE,
)
INSERT = re.compile(
    rf"INSERT\s+INTO\s+(?:ONLY\s+)?(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})[\s(]", re.IGNORECASE
)
ENCODING = re.compile(r"SET\s+client_encoding\s*(?:=|TO)\s*'?(?P<name>[\w-]+)", re.IGNORECASE)
READABLE_ENCODINGS = {"utf8", "utf-8", "unicode", "sql_ascii"}


class DumpFile:
    """A dump. WrongSource, for what is no plain dump with COPY blocks, tells the command that makes one."""

    def __init__(self, path: Path):
        self.notes: list[str] = []
        try:
            self._raw = path.open("rb")
            self.total = path.stat().st_size
        except OSError as error:
            raise WrongSource(f"The dump cannot be opened: {error.strerror}.") from None
        self._stream: BinaryIO = self._raw
        self._found: set[str] = set()
        try:
            self._stream = self._open()
        except SourceError:
            self._raw.close()
            raise

    @property
    def done(self) -> int:
        return self._raw.tell()

    @property
    def absent(self) -> list[str]:
        return absent_tables(self._found)

    def close(self) -> None:
        self._stream.close()
        self._raw.close()

    def _open(self) -> BinaryIO:
        head = self._raw.read(HEAD)
        self._raw.seek(0)
        stream: BinaryIO = self._raw
        if head.startswith(GZIP):
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))
            try:
                head = stream.read(HEAD)
                stream.seek(0)
            except (OSError, EOFError, zlib.error):
                raise SourceError(DAMAGED) from None
        refuse_other_formats(head)
        return stream

    def blocks(self) -> Iterator[Block]:
        yield from self._blocks()
        if CONVERSATIONS not in self._found:
            raise WrongSource(f"The dump has no rows of {CONVERSATIONS}. Make one that has:\n  {PG_DUMP}")

    def _blocks(self) -> Iterator[Block]:
        scanner, is_start = SqlScanner(), True
        while piece := self._read_line():
            line = piece.decode("latin-1")
            if is_start and scanner.is_top:
                line = line.removeprefix("\xef\xbb\xbf")
                if COPY.match(line):
                    yield from self._copy(line.encode("latin-1").decode("utf-8", "replace"))
                    continue
                refuse_statement(line)
            scanner.feed(line)
            is_start = piece.endswith(b"\n")

    def _read_line(self) -> bytes:
        """Return a line, or a part of a long one; nothing at the end."""
        try:
            return self._stream.readline(MAX_LINE)
        except (OSError, EOFError, zlib.error):
            raise SourceError(DAMAGED) from None

    def _copy(self, header: str) -> Iterator[Block]:
        """Yield the block that begins after this line, or pass over it."""
        match = COPY_HEADER.match(header)
        table = wanted_table(match) if match else None
        if match is None or table is None:
            for _ in self._lines(""):
                pass
            return
        if match["columns"] is None or match["rest"].strip(" ;\r\n"):
            raise WrongSource(f"The rows of {table} are not in the form of pg_dump. Use:\n  {PG_DUMP}")
        self._found.add(table)
        columns = [unquote(name.strip()) for name in match["columns"].split(",")]
        if TOKENS in columns:
            self.notes.append("The dump holds access tokens, which were not read. Delete the file.")
        yield Block(table, self._rows(table, columns))

    def _rows(self, table: str, columns: list[str]) -> Iterator[Row | None]:
        places = places_of(table, columns)
        for line in self._lines(table):
            values = split_line(line) if line is not None else []
            yield pick(values, places) if len(values) == len(columns) else None

    def _lines(self, table: str) -> Iterator[bytes | None]:
        """Yield the lines of a block up to its end; None for one that is too long, which is never held."""
        while line := self._read_line():
            if line.startswith(b"\\.") and line.rstrip(b"\r\n") == b"\\.":
                return
            is_whole = line.endswith(b"\n")
            yield line if is_whole else None
            while not is_whole and (line := self._read_line()):
                is_whole = line.endswith(b"\n")
        raise SourceError(
            f"The dump ends in the middle of a table{table and f', {table}'}: it is not complete."
        )


def refuse_other_formats(head: bytes) -> None:
    """Raise WrongSource if a file that begins so is no plain dump."""
    if head.startswith(CUSTOM):
        problem = f"is in PostgreSQL's custom format. Convert it:\n  {PG_RESTORE}"
    elif head[257:262] == b"ustar":
        problem = f"is a tar file. If pg_dump made it, convert it:\n  {PG_RESTORE}"
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")):
        problem = f"is in UTF-16, as PowerShell's > writes it. Let pg_dump write the file:\n  {PG_DUMP}"
    elif b"\x00" in head:
        problem = f"is neither plain SQL nor gzip. Make a plain dump:\n  {PG_DUMP}"
    else:
        return
    raise WrongSource(f"The file {problem}")


def refuse_statement(line: str) -> None:
    """Raise WrongSource if the dump has rows as INSERT statements, or in an encoding that is not read."""
    if (match := INSERT.match(line)) and (table := wanted_table(match)):
        raise WrongSource(
            f"The dump has the rows of {table} as INSERT statements, which are code: Inbox does not execute a"
            f" dump. Make one with COPY blocks (without --inserts and --column-inserts):\n  {PG_DUMP}"
        )
    if (match := ENCODING.match(line)) and match["name"].lower() not in READABLE_ENCODINGS:
        raise WrongSource(f"The dump is not in UTF-8. Make one that is:\n  {PG_DUMP}")


def wanted_table(match: re.Match[str]) -> str | None:
    """Return the table that a statement names, if its rows are read."""
    schema, table = unquote(match["schema"] or "public"), unquote(match["table"])
    return table if schema == "public" and table in TABLES else None


def unquote(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
