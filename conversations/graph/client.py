"""What we ask Facebook of one Page, in the size that it bears, as records or errors."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from conversations.graph import fields
from conversations.graph.answers import parsed, parsed_conversations
from conversations.graph.caller import TRIES, Caller, Check, Parse
from conversations.graph.errors import GoneError, GraphError, Recovery, TooMuchDataError, TransientError
from conversations.graph.gate import Gate, Waiting
from conversations.graph.http import Http
from conversations.graph.ladder import Ladder
from conversations.graph.pace import Budget, ProcessBudget
from conversations.graph.records import Conversation, ConversationBatch, Message, MessageBatch
from conversations.graph.refusals import REFUSED_FIELDS, Refusals

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
ANSWER_SECONDS = 180  # a whole answer; Facebook itself gives up before that
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
SIZE = "size"
HEAVY_THREADS = 1000  # whose size is remembered


class GraphClient:
    """Calls for one Page with one token on one platform; safe to use from several threads.

    At most `calls_per_second` (0: no cap) start in any second, by `budget`, which other processes may
    share. What is transient is retried and a throttle waited for: `on_wait(error, seconds)` is told before
    such a pause, of a throttle once for all threads (RateLimitError). `on_note(words)` is told of what the
    owner should know, `on_start()`, in the thread of the call, when one may start. All pauses are slept by
    `sleep`, which may raise to stop its thread. `reading` is held while records are made of an answer: a lock
    lets threads do so one after the other.
    `learnt` is what to remember for this Page and platform, JSON-able and changed in place: `size`
    [conversations, messages] that was borne, `refused_fields`.
    Raises the errors of graph/errors.py and no others. Times are in seconds, `largest_answer` in bytes.
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
        answer_seconds: float = ANSWER_SECONDS,
        largest_answer: int = LARGEST_ANSWER_BYTES,
        learnt: dict | None = None,
        on_wait: Waiting = lambda error, seconds: None,
        on_note: Callable[[str], None] = lambda words: None,
        on_start: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        reading: AbstractContextManager | None = None,
    ):
        self.learnt = {} if learnt is None else learnt
        # All keys from the start on: the dict may be written down while threads change values.
        self.learnt.setdefault(SIZE, None)
        self.learnt.setdefault(REFUSED_FIELDS, [])
        self._platform = platform
        self._http = Http(
            token,
            timeout_seconds=timeout_seconds,
            answer_seconds=answer_seconds,
            largest_answer=largest_answer,
        )
        self._caller = Caller(
            self._http,
            Gate(
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
        self._refusals = Refusals(self.learnt)
        self._ladder = _list_ladder(platform, self.learnt)
        self._reading = reading or nullcontext()
        self._message_sizes = fields.message_sizes(platform)
        self._heavy: dict[str, Ladder[int]] = {}  # threads whose messages come in smaller batches
        self._lock = threading.Lock()

    @property
    def requests(self) -> int:
        """Calls made so far."""
        return self._caller.requests

    def close(self) -> None:
        self._http.close()

    # -- anything ------------------------------------------------------------------------------------------
    def get(self, path: str, **params: Any) -> dict:
        """The JSON object that Graph answers to GET {path}."""
        return self._caller.ask("GET", quote(path, errors="replace"), params, check=_object)

    def post(self, path: str, *, tries: int = TRIES, **form: Any) -> Any:
        """The JSON that Graph answers to POST {path}; the form goes into the body, not into the address."""
        return self._caller.ask("POST", quote(path, errors="replace"), form, check=_anything, tries=tries)

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
        """At most 100 conversations, newest first, each with its newest messages.

        Where that is too much for Facebook, the same place is asked for less; one that is too heavy even
        alone is read in parts (`problem`: what stays impossible). RefusedRequestError: `folder` or a bound is
        refused; CursorError: the place is lost.
        """
        path = f"{_quoted(page_id)}/conversations"
        params = _without_none(
            platform=self._platform,
            folder=folder,
            updated_after_ms=updated_after_ms,
            updated_before_ms=updated_before_ms,
            after=after,
        )

        def ask(size: tuple[int, int], tries: int) -> dict:
            limit, messages = size
            return self._asked(
                path,
                params | {"limit": limit},
                _list,
                lambda core: fields.conversation(messages, core=core),
                tries,
                parsed_conversations,
            )

        def is_less_useful(error: GraphError) -> bool:
            # What is gone may be one of all those in the list, unless it is the Page itself.
            return _is_too_much(error) or (isinstance(error, GoneError) and page_id not in error.words)

        try:
            raw = self._in_size(self._ladder, ask, is_less_useful)
            with self._reading:
                return ConversationBatch.from_graph(raw)
        except GraphError as error:
            if not is_less_useful(error):
                raise
        return self._light_batch(path, params)

    def conversations(self, page_id: str, *, after: str | None = None) -> Iterator[ConversationBatch]:
        """All conversations of the Page, batch after batch, from this cursor on."""
        return _walk(lambda cursor: self.conversation_batch(page_id, after=cursor), after)

    def conversation(self, graph_id: str) -> Conversation:
        """One conversation by its id, with its newest messages. GoneError: there is none."""
        path = _quoted(graph_id)
        messages = self._ladder.at(0)[1]
        try:
            raw = self._asked(path, {}, _object, lambda core: fields.conversation(messages, core=core))
            record = Conversation.from_graph(raw)
        except GraphError as error:
            if not _is_too_much(error):
                raise
            record = Conversation.from_graph(self._light(path, {}, _object))
            record = record and self._with_messages(record)
        if record is None:
            raise GoneError("Facebook answered without the conversation that was asked for.")
        return record

    def _light_batch(self, path: str, params: dict) -> ConversationBatch:
        """The one conversation that is too heavy with its messages: those are read apart."""
        batch = ConversationBatch.from_graph(self._light(path, params | {"limit": 1}, _list))
        return replace(batch, conversations=[self._with_messages(record) for record in batch.conversations])

    def _light(self, path: str, params: dict, check: Check) -> dict:
        try:
            return self._asked(path, params, check, lambda core: fields.light(core=core), tries=2)
        except GraphError as error:
            if not _is_too_much(error):
                raise
            return self._asked(path, params, check, lambda core: fields.BARE)

    def _with_messages(self, record: Conversation) -> Conversation:
        try:
            return replace(record, messages=self.message_batch(record.id))
        except (TooMuchDataError, GoneError) as error:
            return replace(record, problem=error.words)  # without the trace, which is another each time
        except GraphError as error:
            if error.stops:
                raise
            return record  # it says nothing of its messages: they are to be asked for again

    # -- messages ------------------------------------------------------------------------------------------
    def message_batch(
        self, graph_id: str, *, after: str | None = None, limit: int | None = None
    ) -> MessageBatch:
        """At most 100 (Instagram: 20) messages of a thread, newest first, or `limit` if that is fewer."""
        path, params = f"{_quoted(graph_id)}/messages", _without_none(after=after)

        def ask(size: int, tries: int) -> dict:
            count = min(size, limit) if limit else size
            return self._asked(
                path, params | {"limit": count}, _list, lambda core: fields.message(core=core), tries
            )

        ladder = self._heavy.get(graph_id) or Ladder(self._message_sizes)
        raw = self._in_size(ladder, ask, _is_too_much)
        with self._reading:
            batch = MessageBatch.from_graph(raw)
        self._remember(graph_id, ladder, is_end=batch.after is None)
        return batch

    def message(self, graph_id: str) -> Message:
        """One message by its id. GoneError: it is not shown any more."""
        raw = self._asked(_quoted(graph_id), {}, _object, lambda core: fields.message(core=core))
        found = Message.from_graph(raw)
        if found is None:
            raise GoneError("Facebook answered without the message that was asked for.")
        return found

    def messages(self, graph_id: str, *, after: str | None = None) -> Iterator[MessageBatch]:
        """The messages of a thread, newest first, from this cursor on to the oldest."""
        return _walk(lambda cursor: self.message_batch(graph_id, after=cursor), after)

    def _remember(self, graph_id: str, ladder: Ladder[int], *, is_end: bool) -> None:
        with self._lock:
            if is_end or not ladder.rung:
                self._heavy.pop(graph_id, None)
            elif graph_id in self._heavy or len(self._heavy) < HEAVY_THREADS:
                self._heavy[graph_id] = ladder

    # -- one answer ----------------------------------------------------------------------------------------
    def _in_size(
        self, ladder: Ladder, ask: Callable[[Any, int], dict], is_less_useful: Callable[[GraphError], bool]
    ) -> dict:
        """The answer in the largest size that Facebook bears, else the error of the smallest.

        Never larger again for the same place, even if other threads climb meanwhile.
        """
        rung = ladder.rung
        tries = TRIES
        while True:
            try:
                raw = ask(ladder.at(rung), tries)
            except GraphError as error:
                if not is_less_useful(error):
                    raise
                lower = ladder.down(rung)
                if lower is None:
                    raise
                rung = lower
                tries = 2  # what stays an unknown error is not tried as long again in each size
            else:
                ladder.bore(rung)
                return raw

    def _asked(
        self,
        path: str,
        params: dict,
        check: Check,
        fields_for: Callable[[bool], str],
        tries: int = TRIES,
        parse: Parse = parsed,
    ) -> dict:
        """With every field that we know; where Facebook refuses one, with those that it documents."""
        return self._refusals.ask(
            lambda core: self._caller.ask(
                "GET", path, params | {"fields": fields_for(core)}, check=check, tries=tries, parse=parse
            ),
            params,
        )


def _walk(read: Callable[[str | None], Any], after: str | None) -> Iterator[Any]:
    """Batch after batch to the end. A cursor that comes twice is an error: the walk would never end."""
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


def _list_ladder(platform: str, learnt: dict) -> Ladder[tuple[int, int]]:
    """On the rung that was learnt, as far as there still is one of its size."""
    sizes = fields.list_sizes(platform)
    known = learnt[SIZE]
    size = tuple(known) if isinstance(known, list | tuple) else None
    rung = sizes.index(size) if size in sizes else 0
    return Ladder(sizes, rung=rung, remember=lambda size: learnt.update({SIZE: list(size)}))


def _anything(body: Any) -> Any:
    return body


def _object(body: Any) -> dict:
    if not isinstance(body, dict):
        raise TransientError("Facebook answered without the object that was asked for.")
    return body


def _list(body: Any) -> dict:
    """An answer without a list is a fault of Facebook's, not an empty list."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise TransientError("Facebook answered without the list that was asked for.")
    return body


def _quoted(graph_id: str) -> str:
    """An id as one step of a path, whatever is in it."""
    return quote(graph_id, safe="", errors="replace")


def _is_too_much(error: GraphError) -> bool:
    """Whether a part of what was asked for may still come.

    Code 1 without a text that helps means too much as well, where asking again did not help; a message that
    is gone may be one of all those asked for.
    """
    return error.recovery in (Recovery.SHRINK, Recovery.SKIP_MESSAGE) or error.code == 1


def _without_none(**params: Any) -> dict:
    return {name: value for name, value in params.items() if value is not None}
