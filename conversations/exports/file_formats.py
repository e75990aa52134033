"""What can be exported, and in which formats: the bytes of a file, from the rows of its conversations."""

from collections.abc import Iterator, Mapping

from conversations.exports import conversation_lines, message_lines
from conversations.exports.csv_cells import BYTE_ORDER_MARK, csv_lines
from conversations.search.criteria import SearchCriteria
from conversations.search.results import read_all

LINES = {"conversations": conversation_lines, "messages": message_lines}
FORMATS = ("csv", "ndjson")
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
AT_ONCE = {"conversations": 1000, "messages": 50}  # conversations that are read at once
PIECE_BYTES = 256 * 1024


def head_of(what: str, kind: str) -> bytes:
    """The beginning of a file: the names of the columns."""
    return (BYTE_ORDER_MARK + csv_lines([LINES[what].COLUMNS])).encode() if kind == "csv" else b""


def pieces_of(
    what: str, kind: str, conversations: list[dict], page_names: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield the lines of these conversations, in pieces of about PIECE_BYTES."""
    write = LINES[what].as_csv if kind == "csv" else LINES[what].as_ndjson
    piece: list[bytes] = []
    size = 0
    for line in write(conversations, page_names):
        piece.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


def whole_file(
    what: str, kind: str, criteria: SearchCriteria, page_names: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield the file of all matches, newest conversation first. Memory use is constant.

    The head comes with the first rows: if these are too slow, nothing has been sent yet.
    """
    head = head_of(what, kind)
    for conversations in read_all(criteria, chunk_rows=AT_ONCE[what]):
        for piece in pieces_of(what, kind, conversations, page_names):
            yield head + piece
            head = b""
    if head:
        yield head
