"""Calls to Facebook: paced, authorised, retried, and turned into records or errors."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import requests

from conversations.graph import errors, fields
from conversations.graph.errors import (
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

Waiting = Callable[[GraphError, float], None]


class TokenAuth(requests.auth.AuthBase):
    """The token in the header: in no URL, and a .netrc file does not replace it."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request):
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
        on_wait: Waiting = lambda error, seconds: None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.requests = 0
        self._base, self._token = f"{url}/{version}", token
        self._proof = _proof(token, app_secret) if app_secret else ""
        self._retry_seconds, self._on_wait, self._sleep = retry_seconds, on_wait, sleep
        self._pace = Pace(calls_per_second, sleep=sleep)
        self._fields = fields.EVERYTHING
        self._session = requests.Session()
        self._session.auth = TokenAuth(token)

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, **params: Any) -> dict:
        """The JSON object that Graph answers to GET {path}."""
        return self._patiently(lambda: self._call(path, params))

    def conversations(
        self, page_id: str, *, platform: str = "messenger", after: str | None = None
    ) -> Iterator[ConversationBatch]:
        """All conversations of a Page, newest first, in batches of at most 100 with 25 messages each.

        Where that is too much for Facebook, the same place is asked for less. Goes on from the cursor
        `after` if one is given.
        """
        ladder = Ladder(fields.CONVERSATIONS_PER_CALL)
        return _walk(
            lambda cursor: self._conversation_batch(f"{page_id}/conversations", platform, cursor, ladder),
            after,
        )

    def conversation(self, graph_id: str) -> Conversation:
        """One conversation by its id, with its newest messages."""
        try:
            record = Conversation.from_graph(self._with_fields(self.get, graph_id, {}))
        except TooMuchDataError:
            record = Conversation.from_graph(self.get(graph_id, fields=fields.LIGHT))
            record = record and self._with_messages(record)
        if record is None:
            raise GoneError(f"Facebook answered without the conversation {graph_id}.")
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
                raw = self._with_fields(self._get_list, path, params)
            except (TooMuchDataError, TransientError) as error:
                if not _too_heavy(error):
                    raise
                if not ladder.down():
                    return self._light_batch(path, params)
            else:
                ladder.bore()
                return ConversationBatch.from_graph(raw)

    def _light_batch(self, path: str, params: dict) -> ConversationBatch:
        """The one conversation that is too heavy with its messages: those are read apart."""
        batch = ConversationBatch.from_graph(self._get_list(path, fields=fields.LIGHT, **params))
        return replace(batch, conversations=[self._with_messages(record) for record in batch.conversations])

    def _with_messages(self, record: Conversation) -> Conversation:
        try:
            return replace(record, messages=next(self.messages(record.id)))
        except (TooMuchDataError, GoneError) as error:
            return replace(record, problem=str(error))

    def _message_batch(self, graph_id: str, after: str | None, ladder: Ladder) -> MessageBatch:
        path = f"{graph_id}/messages"
        while True:
            params = _without_none(limit=ladder.size, fields=self._fields.message, after=after)
            try:
                raw = self._get_list(path, **params)
            except (TooMuchDataError, TransientError) as error:
                if not _too_heavy(error) or not ladder.down():
                    raise
            else:
                ladder.bore()
                return MessageBatch.from_graph(raw)

    def _with_fields(self, ask: Callable[..., dict], path: str, params: dict) -> dict:
        """With every field that we know; where Facebook refuses one, with those that it documents."""
        try:
            return ask(path, fields=self._fields.conversation, **params)
        except RefusedRequestError:
            if self._fields is fields.DOCUMENTED:
                raise
            self._fields = fields.DOCUMENTED
            return ask(path, fields=self._fields.conversation, **params)

    # -- one answer ----------------------------------------------------------------------------------------
    def _get_list(self, path: str, **params: Any) -> dict:
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
        proof = {"appsecret_proof": self._proof} if self._proof else {}
        try:
            response = self._session.get(
                f"{self._base}/{path}",
                params=params | proof,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The cause is left out: it repeats the address.
            raise TransientError(_in_words(error)) from None
        return self._body(response)

    def _body(self, response: requests.Response) -> dict:
        try:
            # Not orjson: Graph cuts texts in the middle of a character, which only json accepts.
            body = json.loads(response.content, parse_constant=lambda name: None)
        except (ValueError, RecursionError):
            raise errors.from_status(response.status_code) from None
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


def _too_heavy(error: GraphError) -> bool:
    """Code 1 without a text that helps means too much as well, where asking again did not help."""
    return isinstance(error, TooMuchDataError) or error.code == 1


def _without_none(**params: Any) -> dict:
    return {name: value for name, value in params.items() if value is not None}


def _proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _in_words(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "Facebook did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return "No secure connection to Facebook: its certificate is not accepted here."
    if isinstance(error, requests.ConnectionError):
        return "Facebook cannot be reached, or the connection broke."
    return f"The call to Facebook failed ({type(error).__name__})."
