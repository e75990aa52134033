"""Requests with the fields that Facebook accepts, in the largest size that succeeds."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from conversations.graph.capabilities import Capabilities
from conversations.graph.decoding import decode
from conversations.graph.errors import GraphError, Recovery
from conversations.graph.readers.batch_size import AdaptiveBatchSize
from conversations.graph.readers.field_fallback import FieldFallback
from conversations.graph.readers.list_progress import ListProgress
from conversations.graph.transport import MAX_TRIES, Check, OnResponse, Parse, Transport

TRIES_IN_SMALLER_SIZE = 2  # a lasting unknown error is not retried as often in each size


class Batch(Protocol):
    """A part of a list with the `ids` of its items. `after`: where the next part begins, None at the end."""

    @property
    def after(self) -> str | None: ...

    @property
    def ids(self) -> list[str]: ...


BatchType = TypeVar("BatchType", bound=Batch)
Answer = TypeVar("Answer")


class FieldRequests:
    """Requests every field that we know or, once Facebook refused one, the documented fields."""

    def __init__(self, transport: Transport, capabilities: Capabilities):
        self._transport = transport
        self._field_fallback = FieldFallback(capabilities)

    def get(
        self,
        path: str,
        params: dict,
        check: Check,
        fields_for: Callable[[bool], str],
        tries: int = MAX_TRIES,
        parse: Parse = decode,
        on_response: OnResponse = lambda response: None,
    ) -> dict:
        """Return the checked body. `fields_for(core)` returns the fields; with `core` the documented ones."""
        return self._field_fallback.request(
            lambda core: self._transport.request(
                "GET",
                path,
                params | {"fields": fields_for(core)},
                check=check,
                tries=tries,
                parse=parse,
                on_response=on_response,
            ),
            params,
        )


def request_in_size(
    batch_size: AdaptiveBatchSize,
    request: Callable[[Any, int], Answer],
    may_shrink: Callable[[GraphError], bool],
) -> Answer:
    """Return `request(size, tries)` of the largest size that succeeds, or raise the error of the smallest.

    The size never grows at the same position, even if other threads increase it meanwhile.
    """
    level = batch_size.level
    tries = MAX_TRIES
    while True:
        try:
            answer = request(batch_size.size_at(level), tries)
        except GraphError as error:
            if not may_shrink(error):
                raise
            lower = batch_size.step_down(level)
            if lower is None:
                raise
            level, tries = lower, TRIES_IN_SMALLER_SIZE
        else:
            batch_size.succeeded(level)
            return answer


def is_too_much(error: GraphError) -> bool:
    """Return whether a smaller request may succeed.

    Code 1 without a helpful text, and a time-out, also mean too much data if they remained after retries. A
    deleted message may be one of all that were requested.
    """
    return error.recovery in (Recovery.SHRINK, Recovery.SKIP_MESSAGE) or error.code == 1 or error.timed_out


def follow_cursors(read: Callable[[str | None], BatchType], after: str | None) -> Iterator[BatchType]:
    """Yield batches up to the end. Raises EndlessListError if the list never ends."""
    progress = ListProgress()
    while True:
        batch = read(after)
        yield batch
        after = batch.after
        if after is None:
            return
        progress.record(batch.ids)
        if progress.error:
            raise progress.error


def quote_id(graph_id: str) -> str:
    """Return the ID as one segment of a path, whatever characters it has."""
    return quote(graph_id, safe="", errors="replace")


def without_none(**params: Any) -> dict:
    return {name: value for name, value in params.items() if value is not None}
