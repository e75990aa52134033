"""Calls to Facebook: paced, authorised, retried, and turned into records or errors."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import requests
import urllib3

from conversations.graph import errors, fields
from conversations.graph.errors import (
    AccessTokenError,
    GoneError,
    GraphError,
    RateLimitError,
    RefusedRequestError,
    TooMuchDataError,
    TransientError,
)
from conversations.graph.ladder import Ladder
from conversations.graph.pace import Pace
from conversations.graph.records import Conversation, ConversationBatch, MessageBatch
from conversations.graph.usage import regain_seconds

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
TRIES = 5
LONGEST_PAUSE_SECONDS = 30
THROTTLE_PAUSES_SECONDS = (2, 10, 60, 60, 60, 60, 60)  # where Facebook does not say how long
LONGEST_WAIT_SECONDS = 3600
LONGEST_NUMBER = 1000  # digits; Python refuses to read more than 4,300, and the whole answer with them

Waiting = Callable[[GraphError, float], None]


class TokenAuth(requests.auth.AuthBase):
    """The token in the header: in no URL, and a .netrc file does not replace it."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request):
        if not (self.token.isascii() and self.token.isprintable()):  # its error would show it
            raise AccessTokenError(f"The access token has characters that none has. {errors.RECONNECT}.")
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class GraphClient:
    """Calls with one token, at most `calls_per_second` (0: no cap) of them started in any second.

    What is transient is retried and a throttle waited for; `on_wait(error, seconds)` is told before each
    such pause. Raises the errors of graph/errors.py and no others. `requests` counts the calls made.
    """

    def __init__(
        self,
        token: str,
        *,
        url: str = "https://graph.facebook.com",
        version: str = "v26.0",
        app_secret: str = "",
        calls_per_second: float = 2,
        retry_seconds: float = 1,
        timeout_seconds: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
        on_wait: Waiting = lambda error, seconds: None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.requests = 0
        self._base, self._token = f"{url}/{version}", token
        self._proof = _proof(token, app_secret) if app_secret else ""
        self._retry_seconds, self._timeout_seconds = retry_seconds, timeout_seconds
        self._on_wait, self._sleep = on_wait, sleep
        self._pace = Pace(calls_per_second, sleep=sleep)
        self._fields = fields.EVERYTHING
        self._session = requests.Session()
        self._session.auth = TokenAuth(token)

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, **params: Any) -> dict:
        """The JSON object that Graph answers to GET {path}."""
        return self._get(quote(path, errors="replace"), params)

    def conversations(
        self, page_id: str, *, platform: str = "messenger", after: str | None = None
    ) -> Iterator[ConversationBatch]:
        """All conversations of a Page, newest first, in batches of at most 100 with 25 messages each.

        Where that is too much for Facebook, the same place is asked for less. Goes on from the cursor
        `after` if one is given.
        """
        ladder = Ladder(fields.CONVERSATIONS_PER_CALL)
        return _walk(
            lambda cursor: self._conversation_batch(
                f"{_quoted(page_id)}/conversations", platform, cursor, ladder
            ),
            after,
        )

    def conversation(self, graph_id: str) -> Conversation:
        """One conversation by its id, with its newest messages."""
        path = _quoted(graph_id)
        try:
            record = Conversation.from_graph(self._with_fields("conversation", self._get, path, {}))
        except GraphError as error:
            if not _is_too_much(error):
                raise
            record = Conversation.from_graph(self._with_fields("light", self._get, path, {}))
            record = record and self._with_messages(record)
        if record is None:
            raise GoneError("Facebook answered without the conversation that was asked for.")
        return record

    def messages(self, graph_id: str, *, after: str | None = None) -> Iterator[MessageBatch]:
        """The messages of a thread, newest first, from this cursor on to the oldest."""
        ladder = Ladder(fields.MESSAGES_PER_CALL)
        return _walk(lambda cursor: self._message_batch(graph_id, cursor, ladder), after)

    # -- one batch, in the size that Facebook bears --------------------------------------------------------
    def _conversation_batch(
        self, path: str, platform: str, after: str | None, ladder: Ladder
    ) -> ConversationBatch:
        while True:
            params = _without_none(platform=platform, limit=ladder.size, after=after)
            try:
                raw = self._with_fields("conversation", self._get_list, path, params)
            except GraphError as error:
                if not (_is_too_much(error) or isinstance(error, GoneError)):
                    raise
                if not ladder.down():
                    return self._light_batch(path, params)
            else:
                ladder.bore()
                return ConversationBatch.from_graph(raw)

    def _light_batch(self, path: str, params: dict) -> ConversationBatch:
        """The one conversation that is too heavy with its messages: those are read apart."""
        batch = ConversationBatch.from_graph(self._with_fields("light", self._get_list, path, params))
        return replace(batch, conversations=[self._with_messages(record) for record in batch.conversations])

    def _with_messages(self, record: Conversation) -> Conversation:
        try:
            return replace(record, messages=next(self.messages(record.id)))
        except (TooMuchDataError, GoneError) as error:
            return replace(record, problem=error.words)  # without the trace, which is another each time
        except (AccessTokenError, RateLimitError):
            raise
        except GraphError:
            return record  # it says nothing of its messages: they are to be asked for again

    def _message_batch(self, graph_id: str, after: str | None, ladder: Ladder) -> MessageBatch:
        path = f"{_quoted(graph_id)}/messages"
        while True:
            params = _without_none(limit=ladder.size, after=after)
            try:
                raw = self._with_fields("message", self._get_list, path, params)
            except GraphError as error:
                if not _is_too_much(error) or not ladder.down():
                    raise
            else:
                ladder.bore()
                return MessageBatch.from_graph(raw)

    def _with_fields(self, which: str, ask: Callable[[str, dict], dict], path: str, params: dict) -> dict:
        """With every field that we know; where Facebook refuses one, with those that it documents."""
        try:
            return ask(path, params | {"fields": getattr(self._fields, which)})
        except RefusedRequestError:
            if self._fields is fields.DOCUMENTED:
                raise
            answer = ask(path, params | {"fields": getattr(fields.DOCUMENTED, which)})
            self._fields = fields.DOCUMENTED  # only now: it may have been something else that was wrong
            return answer

    # -- one answer ----------------------------------------------------------------------------------------
    def _get(self, path: str, params: dict) -> dict:
        return self._patiently(lambda: self._call(path, params))

    def _get_list(self, path: str, params: dict) -> dict:
        return self._patiently(lambda: _checked_list(self._call(path, params)))

    def _patiently(self, ask: Callable[[], dict]) -> dict:
        """Asks until there is an answer, an error that lasts, or no patience left."""
        failures = throttles = 0
        while True:
            try:
                return ask()
            except TransientError as error:
                failures += 1
                if failures == TRIES:
                    raise
                self._wait(error, self._backoff(failures))
            except RateLimitError as error:
                pause = self._throttle_pause(error, throttles)
                throttles += 1
                self._wait(error, pause)

    def _call(self, path: str, params: dict) -> dict:
        self._pace.wait()
        self.requests += 1
        response, failure = self._response(path, params)
        if response is None:
            # Not where it is caught: the first error repeats the address, and would stay with this one.
            raise TransientError(failure)
        return self._body(response)

    def _response(self, path: str, params: dict) -> tuple[requests.Response | None, str]:
        """What came, or why nothing did."""
        proof = {"appsecret_proof": self._proof} if self._proof else {}
        try:
            response = self._session.get(
                f"{self._base}/{path}",
                params=params | proof,
                timeout=self._timeout_seconds,
                allow_redirects=False,
            )
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            # Not only requests' own: a redirect to an odd address is a ValueError, though it is not followed.
            return None, _in_words(error)
        return response, ""

    def _body(self, response: requests.Response) -> dict:
        body = _parsed(response.content)
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            error = errors.from_error(body["error"], status=response.status_code, token=self._token)
            if isinstance(error, RateLimitError):
                error.wait_seconds = regain_seconds(response.headers)
            raise error
        if not isinstance(body, dict) or response.status_code != 200:
            raise errors.from_status(response.status_code)
        return body

    # -- pauses --------------------------------------------------------------------------------------------
    def _backoff(self, failures: int) -> float:
        pause = self._retry_seconds * 2 ** (failures - 1)
        return min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret

    def _throttle_pause(self, error: RateLimitError, throttles: int) -> float:
        if throttles == len(THROTTLE_PAUSES_SECONDS) or error.wait_seconds > LONGEST_WAIT_SECONDS:
            raise error
        return error.wait_seconds or THROTTLE_PAUSES_SECONDS[throttles] * self._retry_seconds

    def _wait(self, error: GraphError, seconds: float) -> None:
        self._on_wait(error, seconds)
        self._sleep(seconds)


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


def _checked_list(body: dict) -> dict:
    """An answer without a list is a fault of Facebook's, not an empty list."""
    if not isinstance(body.get("data"), list):
        raise TransientError("Facebook answered without the list that was asked for.")
    return body


def _parsed(content: bytes) -> Any:
    """The JSON, None where it is none."""
    try:
        # Not orjson: Graph cuts texts in the middle of a character, which only json accepts.
        return json.loads(content, parse_constant=lambda name: None, parse_int=_number)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) < LONGEST_NUMBER else digits


def _quoted(graph_id: str) -> str:
    """An id as one step of a path, whatever is in it."""
    return quote(graph_id, safe="", errors="replace")


def _is_too_much(error: GraphError) -> bool:
    """Whether a part of what was asked for may still come.

    Code 1 without a text that helps means too much as well, where asking again did not help; code 9000001
    is about one message of all those asked for.
    """
    return isinstance(error, TooMuchDataError) or error.code in (1, 9000001)


def _without_none(**params: Any) -> dict:
    return {name: value for name, value in params.items() if value is not None}


def _proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "Facebook did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return "No secure connection to Facebook: its certificate is not accepted here."
    if isinstance(error, requests.ConnectionError):
        return "Facebook cannot be reached, or the connection broke."
    return f"The call to Facebook failed ({type(error).__name__})."
