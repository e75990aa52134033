"""Slices of live lists, and the opaque cursors between them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol
from urllib.parse import urlencode

from conversations.sandbox.data.history import History, Listing, Message
from conversations.sandbox.data.world import Thread
from conversations.sandbox.switches import Switches

from .error_responses import bad_parameter, invalid_cursor

DEFAULT_LIMIT = 25
SEAL_BYTES = 64
TOKEN_PREFIX = "enc_"  # noqa: S105 - of a paging token
# Parameters of paging, which a link replaces, and the proof, which Graph does not repeat.
ARGUMENTS = ("after", "before", "until", "since", "__paging_token", "__previous", "appsecret_proof")


class Edge(Protocol):
    """A list, newest first. A mark identifies a position by an item and follows that item."""

    def __len__(self) -> int: ...
    def items(self, start: int, stop: int) -> Sequence[Any]: ...
    def mark(self, position: int) -> str: ...
    def position(self, mark: str) -> int: ...


class ThreadEdge:
    """The entries [low, high) of a listing, found by bisection of `updated_time`."""

    def __init__(self, listing: Listing, after: float | None = None, before: float | None = None) -> None:
        self.entries = listing.entries
        self.low = 0 if after is None else bisect_left(self.entries, (after,))
        self.high = len(listing) if before is None else bisect_left(self.entries, (before,))

    def __len__(self) -> int:
        return max(0, self.high - self.low)

    def items(self, start: int, stop: int) -> list[Thread]:
        return [
            entry[2] for entry in reversed(self.entries[max(self.low, self.high - stop) : self.high - start])
        ]

    def mark(self, position: int) -> str:
        if position == 0:
            return "head"
        time, id, _ = self.entries[self.high - position]
        return f"{time!r} {id}"

    def position(self, mark: str) -> int:
        if mark == "head":
            return 0
        time, id = mark.split(" ")
        return max(0, self.high - bisect_left(self.entries, (float(time), id)))


class MessageEdge:
    def __init__(self, history: History) -> None:
        self.history = history

    def __len__(self) -> int:
        return len(self.history)

    def items(self, start: int, stop: int) -> list[tuple[int, Message]]:
        return list(enumerate(self.history.newest(start, stop), start))

    def mark(self, position: int) -> str:
        return str(len(self) - position)

    def position(self, mark: str) -> int:
        return max(0, len(self) - int(mark))

    def time(self, position: int) -> int:
        """The second of the message at this position, of the nearest one, or 0 if there is none."""
        nearest = max(0, min(position, len(self) - 1))
        return int(self.history[len(self) - 1 - nearest].created_time) if len(self) else 0

    def position_at(self, second: int) -> int:
        """The position of the newest message that is not newer."""
        return next((n for n in range(len(self)) if self.time(n) <= second), len(self))


class ListEdge:
    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def items(self, start: int, stop: int) -> Sequence[Any]:
        return self.values[start:stop]

    def mark(self, position: int) -> str:
        return str(position)

    def position(self, mark: str) -> int:
        return int(mark)


@dataclass(frozen=True)
class CursorBook:
    """Encodes and decodes the cursors of one edge. Cursors of other edges or generations are invalid."""

    edge_name: str
    generation: int
    switches: Switches

    def write(self, edge: Edge, position: int, salt: int = 0) -> str:
        place = f"p{position}" if self.switches.cursors_follow == "position" else f"i{edge.mark(position)}"
        text = f"{place}|{salt}".encode()
        # The length and form of Facebook's cursors: base64 of a text that looks like base64.
        inner = b"AQHR" + urlsafe_b64encode(self._seal(text) + text)
        return urlsafe_b64encode(inner).decode().rstrip("=")

    def read(self, edge: Edge, cursor: str) -> int:
        try:
            sealed = urlsafe_b64decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[4:])
        except ValueError:
            raise invalid_cursor() from None
        text = sealed[SEAL_BYTES:]
        if sealed[:SEAL_BYTES] != self._seal(text):
            raise invalid_cursor()
        place = text.decode().rpartition("|")[0]
        return int(place[1:]) if place[0] == "p" else edge.position(place[1:])

    def _seal(self, text: bytes) -> bytes:
        return blake2b(
            f"{self.generation}:{self.edge_name}:".encode() + text, digest_size=SEAL_BYTES
        ).digest()


@dataclass(frozen=True)
class Slice:
    start: int
    stop: int
    total: int
    has_end: bool = True  # without an end there is always a next part

    @property
    def has_next(self) -> bool:
        return self.stop < self.total or not self.has_end


def read_limit(value: str | None, switches: Switches) -> int:
    if value is None:
        return DEFAULT_LIMIT
    if not value.isdecimal():
        raise bad_parameter("Param limit must be an unsigned integer")
    return min(int(value), switches.max_limit or int(value)) or DEFAULT_LIMIT


def cut(edge: Edge, arguments: dict[str, str], book: CursorBook, limit: int) -> Slice:
    total = len(edge)
    if isinstance(edge, MessageEdge) and book.switches.message_paging == "time":
        return _cut_by_time(edge, arguments, book, limit)
    if arguments.get("after"):  # some clients send an empty one first
        start = book.read(edge, arguments["after"])
        deepest = book.switches.deepest_position
        if deepest is not None and start > deepest:
            raise bad_parameter("The after cursor specified exceeds the max limit supported by this endpoint")
        return Slice(start, min(start + limit, total), total)
    if arguments.get("before"):
        stop = min(book.read(edge, arguments["before"]), total)
        return Slice(max(0, stop - limit), stop, total)
    return Slice(0, min(limit, total), total)


def _cut_by_time(edge: "MessageEdge", arguments: dict[str, str], book: CursorBook, limit: int) -> Slice:
    """By `__paging_token` or else by `until`, which alone repeats the messages of its second."""
    total, place = len(edge), 0
    if token := arguments.get("__paging_token"):
        place = book.read(edge, token.removeprefix(TOKEN_PREFIX))
    elif arguments.get("until", "").isdecimal():
        place = edge.position_at(int(arguments["until"]))
    if "__previous" in arguments:
        return Slice(max(0, place - limit), min(place, total), total)
    return Slice(place, min(place + limit, total), total)


def paging(
    edge: Edge, part: Slice, book: CursorBook, address: str, params: dict[str, str], salt: int
) -> dict[str, Any]:
    """Cursors, also on the last page; `next` and `previous` only if there is more."""
    if part.start >= part.total and part.has_end:
        return {}
    given = {name: value for name, value in params.items() if name not in ARGUMENTS}
    if isinstance(edge, MessageEdge) and book.switches.message_paging == "time":
        return {"paging": _time_paging(edge, part, book, f"{address}?{urlencode(given)}", salt)}
    before, after = book.write(edge, part.start), book.write(edge, part.stop, salt)
    answer: dict[str, Any] = (
        {} if book.switches.omit_cursors else {"cursors": {"before": before, "after": after}}
    )
    if part.start > 0:
        answer["previous"] = f"{address}?{urlencode({**given, 'before': before})}"
    if part.has_next:
        answer["next"] = f"{address}?{urlencode({**given, 'after': after})}"
    return {"paging": answer}


def _time_paging(edge: "MessageEdge", part: Slice, book: CursorBook, link: str, salt: int) -> dict[str, str]:
    """Links as Facebook gave them before it had cursors; `until` is the second of the last message."""
    first, last = (TOKEN_PREFIX + book.write(edge, at, salt) for at in (part.start, part.stop))
    newer = urlencode({"since": edge.time(part.start), "__paging_token": first, "__previous": 1})
    older = urlencode({"until": edge.time(part.stop - 1), "__paging_token": last})
    answer = {"previous": f"{link}&{newer}"}
    return answer | ({"next": f"{link}&{older}"} if part.has_next else {})
