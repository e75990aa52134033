"""A part of the list of conversations: rows, whether more follow, and how many there are."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import orjson

from conversations.reading import totals
from conversations.reading.finding import Place, ids, needs_sizes, read_sizes
from conversations.reading.messages import catch_up, with_matches
from conversations.reading.rows import in_chunks, with_tags
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, at_most
from conversations.reading.totals import Total

SEARCH_SECONDS = 5.0
TOTALS = {"exact": totals.exact, "estimate": totals.estimate}


@dataclass
class Part:
    pieces: list[bytes] = field(default_factory=list)  # of the JSON list: 10,000 rows are held once, as that
    has_next: bool = False
    last: Place | None = None
    total: Total | None = None
    behind: int = 0  # conversations whose newest messages the search does not know yet

    @property
    def json(self) -> orjson.Fragment:
        return orjson.Fragment(b"[" + b",".join(self.pieces) + b"]")


def time_limit(selection: Selection) -> AbstractContextManager:
    """A search that would take long ends. Raises TooSlow."""
    return nullcontext() if selection.search is None else at_most(SEARCH_SECONDS)


def read_part(
    selection: Selection, *, total: str, limit: int, start: int = 0, after: Place | None = None
) -> Part:
    """`total`: exact, estimate or none. Raises TooSlow."""
    behind = catch_up() if selection.in_messages else 0
    with time_limit(selection):
        sizes = read_sizes(selection) if total != "none" or needs_sizes(selection) else None
        part = Part(behind=behind)
        if sizes and total != "none":
            part.total = TOTALS[total](selection, sizes)
        number = part.total.number if part.total and part.total.is_exact and after is None else None
        if not selection.is_impossible and (number is None or start < number):
            question = ids(selection, sizes, start=start, count=limit + 1, after=after, total=number)
            fill(part, selection, question, limit)
    return part


def fill(part: Part, selection: Selection, question: Sql, limit: int) -> None:
    shown = 0
    for chunk in in_chunks(question):
        part.has_next = shown + len(chunk) > limit
        chunk = complete(selection, chunk[: limit - shown])
        shown += len(chunk)
        if chunk:
            part.pieces.append(orjson.dumps(chunk, option=orjson.OPT_UTC_Z)[1:-1])
            part.last = (chunk[-1]["last_message_time"], chunk[-1]["id"])


def complete(selection: Selection, chunk: list[dict]) -> list[dict]:
    with_tags(chunk)
    return with_matches(selection, chunk) if selection.in_messages and selection.search else chunk


def read_all(selection: Selection, *, at_once: int = 1000) -> Iterator[list[dict]]:
    """All of it in parts, each asked by itself where the last one ended: constant memory, no open cursor."""
    after: Place | None = None
    while not selection.is_impossible:
        with time_limit(selection):
            sizes = read_sizes(selection) if needs_sizes(selection) else None
            found = [
                row for chunk in in_chunks(ids(selection, sizes, count=at_once, after=after)) for row in chunk
            ]
            complete(selection, found)
        if found:
            yield found
        if len(found) < at_once:
            return
        after = (found[-1]["last_message_time"], found[-1]["id"])
