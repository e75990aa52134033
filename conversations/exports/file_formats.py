"""What can be exported, and in which formats: the bytes of a file, from the rows of its conversations.

A file is written in parts, each of which knows where in the file it begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from conversations.exports import conversation_lines, message_lines, parquet
from conversations.exports.csv_cells import BYTE_ORDER_MARK, csv_lines
from conversations.search.criteria import SearchCriteria
from conversations.search.results import read_all

LINES = {"conversations": conversation_lines, "messages": message_lines}
FORMATS = ("csv", "ndjson", "parquet")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
AT_ONCE = {"conversations": 1000, "messages": 50}  # conversations that are read at once
PARQUET_BATCHES = 10  # so many times as many make a part: each has a row group of its own
PIECE_BYTES = 256 * 1024


class Part(Protocol):
    """What writes a part of a file."""

    def pieces(self, conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
        """Yield what can be written of these conversations by now."""

    def rest(self) -> bytes:
        """Return what is left to be written."""

    def footer(self) -> bytes:
        """End the part, and return what follows it if it is the last one and the only one."""


def part_of(what: str, kind: str, *, position: int = 0) -> Part:
    """Return what writes the part of a file that begins at this position."""
    return ParquetPart(what, position) if kind == "parquet" else TextPart(what, kind, position)


def conversations_of_part(what: str, kind: str) -> int:
    return AT_ONCE[what] * (PARQUET_BATCHES if kind == "parquet" else 1)


def end_of(what: str, kind: str, footers: Sequence[bytes]) -> bytes:
    """Return the end of a file whose parts have these footers. Without parts, this follows head_of()."""
    if kind != "parquet":
        return b""
    if footers:
        return parquet.footer_of(footers)
    part = part_of(what, kind)
    return part.rest() + part.footer()


def head_of(what: str, kind: str) -> bytes:
    """The beginning of a file: the names of the columns."""
    return (BYTE_ORDER_MARK + csv_lines([LINES[what].COLUMNS])).encode() if kind == "csv" else b""


def whole_file(
    what: str, kind: str, criteria: SearchCriteria, page_names: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield the file of all matches, newest conversation first. Memory use is constant.

    The head comes with the first rows: if these are too slow, nothing has been sent yet.
    """
    part = part_of(what, kind)
    for conversations in read_all(criteria, chunk_rows=AT_ONCE[what]):
        yield from part.pieces(conversations, page_names)
    yield from filter(None, (part.rest(), part.footer()))


class TextPart:
    """Lines of CSV or NDJSON, after the head if it is the beginning of the file."""

    def __init__(self, what: str, kind: str, position: int):
        self._head = b"" if position else head_of(what, kind)
        self._write = LINES[what].as_csv if kind == "csv" else LINES[what].as_ndjson

    def pieces(self, conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
        """Yield the lines of these conversations, in pieces of about PIECE_BYTES."""
        for piece in joined(self._write(conversations, page_names)):
            yield self.rest() + piece

    def rest(self) -> bytes:
        head, self._head = self._head, b""
        return head

    def footer(self) -> bytes:
        return b""


def joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


class ParquetPart:
    """Row groups of Parquet."""

    def __init__(self, what: str, position: int):
        self._as_records = LINES[what].as_records
        self._part = parquet.Part(LINES[what].PARQUET, position)

    def pieces(self, conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
        return self._part.pieces(self._as_records(conversations, page_names))

    def rest(self) -> bytes:
        return self._part.rest()

    def footer(self) -> bytes:
        return self._part.footer()
