"""Reads a part of any edge: from the arguments of a call, or from the modifiers of a nested field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conversations.sandbox.data.endless import Endless
from conversations.sandbox.data.history import ABSENT
from conversations.sandbox.data.people import Token
from conversations.sandbox.data.world import World
from conversations.sandbox.request import Request
from conversations.sandbox.switches import Switches

from .arguments import Arguments
from .error_responses import bad_parameter
from .paging import CursorBook, Edge, Slice, cut, paging, read_limit


def _add_nothing(count: int) -> None:
    pass


@dataclass(frozen=True)
class EdgeQuery:
    """One edge of one call. `name` seals its cursors; `address` is the path of its links."""

    make: Callable[[], Edge]
    name: str
    address: str
    arguments: Arguments
    params: Arguments  # of its links
    endless: Endless | None = None
    lengthen: Callable[[int], None] = _add_nothing  # adds that many older items
    arrange: Callable[[Sequence[Any]], Sequence[Any]] = list


@dataclass
class EdgeReader:
    request: Request
    token: Token
    world: World
    switches: Switches
    list_number: int = 0  # the number of this list answer in the sandbox; 0: not a list

    def limit(self, arguments: Arguments) -> int:
        nested = None if self.is_own(arguments) else self.switches.max_nested_limit
        limit = read_limit(arguments.get("limit"), self.switches)
        return min(limit, nested or limit)

    def is_own(self, arguments: Arguments) -> bool:
        """Whether they are those of the call, not of a nested edge."""
        return arguments is self.request.params

    def read(self, query: EdgeQuery, show: Callable[[Any], Any]) -> dict[str, Any]:
        book = CursorBook(query.name, self.world.cursor_generation, self.switches)
        limit = self._shortened(query.arguments)
        edge, part = self._cut(query, book, limit)
        items = edge.items(part.start, part.stop)
        if query.endless and query.endless.data == "repeated" and part.start >= part.total:
            items = edge.items(max(0, part.total - limit), part.total)
        shown = (show(item) for item in query.arrange(items))
        data = [item for item in shown if item is not ABSENT]
        links = {"access_token": self.token.value, "pretty": "0", **query.params}
        url, salt = self._url(query.address), self._salt(query, part)
        answer = {"data": data, **paging(edge, part, book, url, links, salt)}
        return self._completed(answer, part, query.arguments)

    def _cut(self, query: EdgeQuery, book: CursorBook, limit: int) -> tuple[Edge, Slice]:
        edge = query.make()
        part = cut(edge, query.arguments, book, limit)
        if query.endless and query.endless.data == "new" and part.stop >= part.total:
            query.lengthen(limit)
            edge = query.make()
            part = cut(edge, query.arguments, book, limit)
        return edge, replace(part, has_end=query.endless is None)

    def _salt(self, query: EdgeQuery, part: Slice) -> int:
        """Without salt an empty page would repeat the cursor that led to it."""
        if query.endless and part.stop >= part.total:
            return self.list_number if query.endless.cursor == "new" else 0
        return self.list_number if part.start == part.stop else 0

    def _completed(self, answer: dict[str, Any], part: Slice, arguments: Arguments) -> dict[str, Any]:
        if not self.is_own(arguments) and not self.switches.nested_next:
            answer.get("paging", {}).pop("next", None)
        return answer | self._summary(part, arguments)

    def _summary(self, part: Slice, arguments: Arguments) -> dict[str, Any]:
        if arguments.get("summary", "").lower() not in ("1", "true", "total_count"):
            return {}
        match self.switches.total_count if self.list_number else "honoured":
            case "refused":
                raise bad_parameter("Unsupported summary: total_count")
            case "ignored":
                return {}
            case "wrong":
                return {"summary": {"total_count": part.total + 1000}}
        return {"summary": {"total_count": part.total}}

    def _shortened(self, arguments: Arguments) -> int:
        limit, switches, number = self.limit(arguments), self.switches, self.list_number
        if not number or not self.is_own(arguments):
            return limit
        if switches.empty_pages and number % switches.empty_pages == 0:
            return 0
        if switches.short_pages and number % switches.short_pages == 0:
            return max(1, limit // 2)
        return limit

    def _url(self, address: str) -> str:
        base = self.switches.next_url or f"http://{self.request.host}"
        return f"{base}/{self.request.served_version}/{address}"
