"""The Graph client: requests conversations and messages of a Page, and returns them as records."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from conversations.graph import fields
from conversations.graph.batch_size import AdaptiveBatchSize
from conversations.graph.call_budget import Budget, ProcessBudget
from conversations.graph.decoding import decode, decode_conversations
from conversations.graph.errors import GraphError, NotFoundError, PayloadTooLargeError, Recovery
from conversations.graph.field_fallback import REFUSED_FIELDS, FieldFallback
from conversations.graph.http import HttpSession
from conversations.graph.rate_limiter import OnWait, RateLimiter
from conversations.graph.records import Conversation, ConversationBatch, Message, MessageBatch
from conversations.graph.response_checks import any_json, json_list, json_object
from conversations.graph.transport import MAX_TRIES, Check, Parse, Transport

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
RESPONSE_SECONDS = 180  # for a whole response; Facebook itself gives up before that
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
SIZE = "size"
MAX_REMEMBERED_THREADS = 1000  # threads whose message batch size is remembered


class GraphClient:
    """Requests for one Page with one token on one platform. Safe to use from several threads.

    At most `calls_per_second` requests (0: no limit) start in any second, as `budget` allows, which other
    processes may share. Transient errors are retried, and rate limits are waited for.

    Callbacks: `on_wait(error, seconds)` before each pause, for a rate limit (RateLimitError) once for all
    threads; `on_note(text)` with what the owner should know; `on_start()`, in the thread of the request, when
    it may start. All pauses use `sleep`, which may raise to stop its thread. `parse_lock` is held while
    records are made of a response; with a lock, threads do so one after the other.

    `capabilities` is what to remember for this Page and platform. It is JSON-able and changed in place:
    `size` is the last [conversations, messages] that succeeded, `refused_fields` a list of names.

    Times are in seconds: `timeout_seconds` to connect and between two parts of a response,
    `response_seconds` for the whole response. Raises the errors of graph/errors.py and no others.
    """

    def __init__(
        self,
        token: str,
        *,
        platform: str = "messenger",
        url: str = "https://graph.facebook.com",
        version: str = "v26.0",
        app_secret: str = "",
        calls_per_second: float = 2,
        budget: Budget | None = None,
        retry_seconds: float = 1,
        timeout_seconds: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
        response_seconds: float = RESPONSE_SECONDS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        capabilities: dict | None = None,
        on_wait: OnWait = lambda error, seconds: None,
        on_note: Callable[[str], None] = lambda text: None,
        on_start: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        parse_lock: AbstractContextManager | None = None,
    ):
        self.capabilities = {} if capabilities is None else capabilities
        # Create all keys at once: the dict may be serialized while other threads change values.
        self.capabilities.setdefault(SIZE, None)
        self.capabilities.setdefault(REFUSED_FIELDS, [])
        self._platform = platform
        self._http = HttpSession(
            token,
            timeout_seconds=timeout_seconds,
            response_seconds=response_seconds,
            max_response_bytes=max_response_bytes,
        )
        self._transport = Transport(
            self._http,
            RateLimiter(
                budget or ProcessBudget(),
                calls_per_second=calls_per_second,
                retry_seconds=retry_seconds,
                on_wait=on_wait,
                sleep=sleep,
            ),
            token=token,
            url=url,
            version=version,
            app_secret=app_secret,
            platform=platform,
            retry_seconds=retry_seconds,
            on_wait=on_wait,
            on_note=on_note,
            on_start=on_start,
            sleep=sleep,
        )
        self._field_fallback = FieldFallback(self.capabilities)
        self._list_size = _list_size(platform, self.capabilities)
        self._parse_lock = parse_lock or nullcontext()
        self._message_sizes = fields.message_sizes(platform)
        # Of threads whose messages must be requested in smaller batches, by thread ID.
        self._message_batch_sizes: dict[str, AdaptiveBatchSize[int]] = {}
        self._lock = threading.Lock()

    @property
    def request_count(self) -> int:
        """The number of requests made so far."""
        return self._transport.request_count

    def close(self) -> None:
        self._http.close()

    # -- anything ------------------------------------------------------------------------------------------
    def get(self, path: str, **params: Any) -> dict:
        """Return the JSON object that Graph sends for GET {path}."""
        return self._transport.request("GET", quote(path, errors="replace"), params, check=json_object)

    def post(self, path: str, *, tries: int = MAX_TRIES, **form: Any) -> Any:
        """Return the JSON that Graph sends for POST {path}. The form is sent in the body, not in the URL."""
        return self._transport.request(
            "POST", quote(path, errors="replace"), form, check=any_json, tries=tries
        )

    # -- conversations -------------------------------------------------------------------------------------
    def conversation_batch(
        self,
        page_id: str,
        *,
        after: str | None = None,
        folder: str | None = None,
        updated_after_ms: int | None = None,
        updated_before_ms: int | None = None,
    ) -> ConversationBatch:
        """Return at most 100 conversations, newest first, each with its newest messages.

        If that is too much for Facebook, a smaller size is requested at the same position. A conversation
        that is too large even alone is read in parts; `problem` says what remains impossible. Raises
        InvalidRequestError if `folder` or a bound is refused, and StaleCursorError if the position is lost.
        """
        path = f"{_quote_id(page_id)}/conversations"
        params = _without_none(
            platform=self._platform,
            folder=folder,
            updated_after_ms=updated_after_ms,
            updated_before_ms=updated_before_ms,
            after=after,
        )

        def request(size: tuple[int, int], tries: int) -> dict:
            limit, messages = size
            return self._request_with_fields(
                path,
                params | {"limit": limit},
                json_list,
                lambda core: fields.conversation(messages, core=core),
                tries,
                decode_conversations,
            )

        def may_shrink(error: GraphError) -> bool:
            # Something not found may be one item of the list, unless it is the Page itself.
            return _is_too_much(error) or (isinstance(error, NotFoundError) and page_id not in error.text)

        try:
            raw = self._request_in_size(self._list_size, request, may_shrink)
            with self._parse_lock:
                return ConversationBatch.from_graph(raw)
        except GraphError as error:
            if not may_shrink(error):
                raise
        return self._batch_without_messages(path, params)

    def conversations(self, page_id: str, *, after: str | None = None) -> Iterator[ConversationBatch]:
        """Yield all conversations of the Page in batches, starting at this cursor."""
        return _follow_cursors(lambda cursor: self.conversation_batch(page_id, after=cursor), after)

    def conversation(self, graph_id: str) -> Conversation:
        """Return one conversation with its newest messages. Raises NotFoundError."""
        path = _quote_id(graph_id)
        messages = self._list_size.size_at(0)[1]
        try:
            raw = self._request_with_fields(
                path, {}, json_object, lambda core: fields.conversation(messages, core=core)
            )
            record = Conversation.from_graph(raw)
        except GraphError as error:
            if not _is_too_much(error):
                raise
            record = Conversation.from_graph(self._request_without_messages(path, {}, json_object))
            record = record and self._with_messages(record)
        if record is None:
            raise NotFoundError("Facebook's response does not contain the requested conversation.")
        return record

    def _batch_without_messages(self, path: str, params: dict) -> ConversationBatch:
        """Return a batch of the one conversation that is too large, with its messages read separately."""
        raw = self._request_without_messages(path, params | {"limit": 1}, json_list)
        batch = ConversationBatch.from_graph(raw)
        return replace(batch, conversations=[self._with_messages(record) for record in batch.conversations])

    def _request_without_messages(self, path: str, params: dict, check: Check) -> dict:
        try:
            return self._request_with_fields(
                path, params, check, lambda core: fields.without_messages(core=core), tries=2
            )
        except GraphError as error:
            if not _is_too_much(error):
                raise
            return self._request_with_fields(path, params, check, lambda core: fields.ID_ONLY)

    def _with_messages(self, record: Conversation) -> Conversation:
        try:
            return replace(record, messages=self.message_batch(record.id))
        except (PayloadTooLargeError, NotFoundError) as error:
            return replace(record, problem=error.text)  # without the trace, which differs each time
        except GraphError as error:
            if error.stops:
                raise
            return record  # `messages` stays None: they must be requested again

    # -- messages ------------------------------------------------------------------------------------------
    def message_batch(
        self, graph_id: str, *, after: str | None = None, limit: int | None = None
    ) -> MessageBatch:
        """Return at most 100 (Instagram: 20) messages of a thread, newest first, or at most `limit`."""
        path, params = f"{_quote_id(graph_id)}/messages", _without_none(after=after)

        def request(size: int, tries: int) -> dict:
            count = min(size, limit) if limit else size
            return self._request_with_fields(
                path, params | {"limit": count}, json_list, lambda core: fields.message(core=core), tries
            )

        batch_size = self._message_batch_sizes.get(graph_id) or AdaptiveBatchSize(self._message_sizes)
        raw = self._request_in_size(batch_size, request, _is_too_much)
        with self._parse_lock:
            batch = MessageBatch.from_graph(raw)
        self._remember_size(graph_id, batch_size, is_end=batch.after is None)
        return batch

    def message(self, graph_id: str) -> Message:
        """Return one message. Raises NotFoundError if Facebook no longer shows it."""
        path = _quote_id(graph_id)
        raw = self._request_with_fields(path, {}, json_object, lambda core: fields.message(core=core))
        message = Message.from_graph(raw)
        if message is None:
            raise NotFoundError("Facebook's response does not contain the requested message.")
        return message

    def messages(self, graph_id: str, *, after: str | None = None) -> Iterator[MessageBatch]:
        """Yield the messages of a thread in batches, newest first, from this cursor to the oldest."""
        return _follow_cursors(lambda cursor: self.message_batch(graph_id, after=cursor), after)

    def _remember_size(self, graph_id: str, batch_size: AdaptiveBatchSize[int], *, is_end: bool) -> None:
        with self._lock:
            if is_end or not batch_size.level:
                self._message_batch_sizes.pop(graph_id, None)
            elif (
                graph_id in self._message_batch_sizes
                or len(self._message_batch_sizes) < MAX_REMEMBERED_THREADS
            ):
                self._message_batch_sizes[graph_id] = batch_size

    # -- one response --------------------------------------------------------------------------------------
    def _request_in_size(
        self,
        batch_size: AdaptiveBatchSize,
        request: Callable[[Any, int], dict],
        may_shrink: Callable[[GraphError], bool],
    ) -> dict:
        """Return the response in the largest size that succeeds, or raise the error of the smallest.

        The size never grows at the same position, even if other threads increase it meanwhile.
        """
        level = batch_size.level
        tries = MAX_TRIES
        while True:
            try:
                raw = request(batch_size.size_at(level), tries)
            except GraphError as error:
                if not may_shrink(error):
                    raise
                lower = batch_size.step_down(level)
                if lower is None:
                    raise
                level = lower
                tries = 2  # a lasting unknown error is not retried as often in each size
            else:
                batch_size.succeeded(level)
                return raw

    def _request_with_fields(
        self,
        path: str,
        params: dict,
        check: Check,
        fields_for: Callable[[bool], str],
        tries: int = MAX_TRIES,
        parse: Parse = decode,
    ) -> dict:
        """Request every field that we know or, if Facebook refuses one, the documented fields."""
        return self._field_fallback.request(
            lambda core: self._transport.request(
                "GET", path, params | {"fields": fields_for(core)}, check=check, tries=tries, parse=parse
            ),
            params,
        )


def _follow_cursors(read: Callable[[str | None], Any], after: str | None) -> Iterator[Any]:
    """Yield batches up to the end. A repeated cursor is an error: the list would never end."""
    seen = {hash(after)}
    while True:
        batch = read(after)
        yield batch
        after = batch.after
        if after is None:
            return
        if hash(after) in seen:
            raise GraphError("Facebook repeated a cursor: the list would never end.")
        seen.add(hash(after))


def _list_size(platform: str, capabilities: dict) -> AdaptiveBatchSize[tuple[int, int]]:
    """Start at the remembered size, if it is still one of the sizes."""
    sizes = fields.list_sizes(platform)
    known = capabilities[SIZE]
    size = tuple(known) if isinstance(known, list | tuple) else None
    level = sizes.index(size) if size in sizes else 0
    return AdaptiveBatchSize(
        sizes, level=level, on_change=lambda size: capabilities.update({SIZE: list(size)})
    )


def _quote_id(graph_id: str) -> str:
    """Return the ID as one segment of a path, whatever characters it has."""
    return quote(graph_id, safe="", errors="replace")


def _is_too_much(error: GraphError) -> bool:
    """Return whether a smaller request may succeed.

    Code 1 without a helpful text also means too much data if it remained after retries. A deleted message
    may be one of all that were requested.
    """
    return error.recovery in (Recovery.SHRINK, Recovery.SKIP_MESSAGE) or error.code == 1


def _without_none(**params: Any) -> dict:
    return {name: value for name, value in params.items() if value is not None}
