"""Calls with patience: gated, signed, tried again, and turned into JSON or an error."""

import hashlib
import hmac
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from conversations.graph import answers, errors
from conversations.graph.answers import TypedConversation
from conversations.graph.errors import RateLimitError, TransientError
from conversations.graph.gate import THROTTLE_PAUSES_SECONDS, Gate, Ticket, Waiting
from conversations.graph.http import Answer, Http
from conversations.graph.usage import Usage

TRIES = 5
LONGEST_PAUSE_SECONDS = 30

Parse = Callable[[bytes], Any]
Check = Callable[[Any], Any]  # returns the body; raises TransientError where it is not what was asked for


class Caller:
    """`ask()` raises the errors of graph/errors.py and no others but those of `sleep` and the callbacks."""

    def __init__(
        self,
        http: Http,
        gate: Gate,
        *,
        token: str,
        url: str,
        version: str,
        app_secret: str,
        platform: str,
        retry_seconds: float,
        on_wait: Waiting,
        on_note: Callable[[str], None],
        on_start: Callable[[], None],
        sleep: Callable[[float], None],
    ):
        self.requests = 0
        self._http, self._gate, self._token, self._platform = http, gate, token, platform
        self._base, self._version = f"{url}/{version}", version
        self._origin = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
        self._proof = {"appsecret_proof": _proof(token, app_secret)} if app_secret else {}
        self._retry_seconds, self._on_wait, self._on_note = retry_seconds, on_wait, on_note
        self._on_start, self._sleep = on_start, sleep
        self._noted: set[str] = set()
        self._lock = threading.Lock()

    def ask(
        self,
        method: str,
        path: str,
        params: dict,
        *,
        check: Check,
        tries: int = TRIES,
        parse: Parse = answers.parsed,
    ) -> Any:
        """Asks until there is an answer, an error that lasts, or no patience left."""
        failures = throttles = 0
        while True:
            try:
                return check(self._call(method, path, params, parse))
            except TransientError as error:
                failures += 1
                if failures >= tries:
                    raise
                pause = self._backoff(failures)
                self._on_wait(error, pause)
                self._sleep(pause)
            except RateLimitError as error:
                throttles += 1
                # The gate's own patience begins anew when another thread is answered.
                if error.recovery is not errors.Recovery.WAIT or throttles > len(THROTTLE_PAUSES_SECONDS):
                    raise

    def _call(self, method: str, path: str, params: dict, parse: Parse) -> Any:
        ticket = self._gate.enter()
        self._on_start()
        with self._lock:
            self.requests += 1
        try:
            url = f"{self._base}/{path}"
            placed = self._placed(method, params)
            answer = self._http.ask(method, url, parse=parse, on_sent=self._gate.sent, **placed)
        except BaseException:
            self._gate.failed(ticket)
            raise
        return self._judged(ticket, answer)

    def _placed(self, method: str, params: dict) -> dict[str, dict]:
        return {"params" if method == "GET" else "data": params | self._proof}

    def _judged(self, ticket: Ticket, answer: Answer) -> Any:
        usage = Usage.of(answer.headers)
        error = self._error(answer)
        if isinstance(error, RateLimitError):
            self._gate.throttled(ticket, error, usage)
        elif isinstance(error, TransientError):
            self._gate.failed(ticket)
        else:
            self._gate.answered(ticket, usage)
        if error:
            raise error
        self._note_oddities(answer)
        return answer.body

    def _error(self, answer: Answer) -> errors.GraphError | None:
        body = answer.body
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            return errors.from_error(
                body["error"], status=answer.status, token=self._token, platform=self._platform
            )
        if answer.status != 200 or not isinstance(body, dict | list):
            return errors.from_status(answer.status)
        return None

    def _backoff(self, failures: int) -> float:
        pause = self._retry_seconds * 2 ** (failures - 1)
        return min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret

    # -- what the owner should know ------------------------------------------------------------------------
    def _note_oddities(self, answer: Answer) -> None:
        version = answer.headers.get("facebook-api-version", self._version)
        if version != self._version:
            shown = errors.in_short(version, self._token, 20)
            self._note(
                "version",
                f"Facebook answered as version {shown}, not {self._version}: check GRAPH_API_VERSION.",
            )
        for link in _links(answer.body):
            if not link.startswith(self._origin):
                place = errors.in_short(_place(link), self._token)
                self._note(
                    place, f"A list of Facebook's went on at another address, which was not called: {place}."
                )

    def _note(self, key: str, words: str) -> None:
        with self._lock:
            is_new = key not in self._noted and len(self._noted) < 10
            self._noted.add(key) if is_new else None
        if is_new:
            self._on_note(words)


def _links(body: Any) -> Iterator[str]:
    """The `next` of a list and of the lists in it."""
    if not isinstance(body, dict):
        return
    data = body.get("data")
    lists = [body, body.get("messages"), *(map(_messages, data) if isinstance(data, list) else ())]
    for part in lists:
        paging = part.get("paging") if isinstance(part, dict) else getattr(part, "paging", None)
        link = paging.get("next") if isinstance(paging, dict) else None
        if isinstance(link, str):
            yield link


def _messages(item: Any) -> Any:
    if isinstance(item, TypedConversation):
        return item.messages
    return item.get("messages") if isinstance(item, dict) else None


def _place(link: str) -> str:
    """Scheme and host: the rest may hold the token."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return "no address at all"
    return f"{parts.scheme}://{parts.hostname}" if parts.hostname else "no address at all"


def _proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
