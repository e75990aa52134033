"""Makes requests to Graph: rate limited, signed, retried, and turned into JSON or an exception."""

import hashlib
import hmac
import logging
import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from conversations.graph import decoding, error_table, errors
from conversations.graph.call_budget import Budget
from conversations.graph.decoding import TypedConversation
from conversations.graph.error_rules.envelopes import find_error
from conversations.graph.errors import GraphError, RateLimitError, TransientError
from conversations.graph.http import HttpResponse, HttpSession
from conversations.graph.options import GraphOptions, Hooks
from conversations.graph.rate_limiter import THROTTLE_PAUSES_SECONDS, Permit, RateLimiter
from conversations.graph.usage import Usage, UsageScope

logger = logging.getLogger(__name__)

MAX_TRIES = 5
MAX_PAUSE_SECONDS = 30

Parse = Callable[[bytes], Any]
Check = Callable[[Any], Any]  # returns the body; raises TransientError if its shape is wrong
OnResponse = Callable[[HttpResponse], None]


class Transport:
    """Makes the requests of a GraphClient, which describes the parameters.

    `request()` raises the errors of graph/errors.py, and those of the hooks.
    """

    def __init__(self, token: str, options: GraphOptions, hooks: Hooks, budget: Budget):
        self.request_count = 0
        self._token, self._options, self._hooks = token, options, hooks
        self._http = HttpSession(token, options.limits)
        self._budget, self._rate_limiter = budget, RateLimiter(budget, options, hooks)
        self._base = f"{options.url}/{options.version}"
        self._origin = "{0.scheme}://{0.netloc}/".format(urlsplit(options.url))
        self._usage_scope = UsageScope(frozenset({options.platform}), frozenset(options.account_ids))
        self._proof = _proof(token, options.app_secret)
        self._noted: set[str] = set()
        self._lock = threading.Lock()

    @property
    def gap_seconds(self) -> float:
        """The seconds between the starts of two requests, 0 if there is no limit."""
        return self._rate_limiter.gap_seconds

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        params: dict,
        *,
        check: Check,
        tries: int = MAX_TRIES,
        parse: Parse = decoding.decode,
        on_response: OnResponse = lambda response: None,
    ) -> Any:
        """Return the checked body. Repeats the request a limited number of times after temporary errors.

        `on_response` is called with each response that is not an error.
        """
        failures = throttles = 0
        while True:
            try:
                response = self._send(method, path, params, parse)
                body = check(response.body)
                on_response(response)
                return body
            except RateLimitError as error:
                throttles += 1
                # The rate limiter counts again from zero when another thread succeeds.
                if error.recovery is not errors.Recovery.WAIT or throttles > len(THROTTLE_PAUSES_SECONDS):
                    raise
            except GraphError as error:
                failures += 1
                if failures >= tries or not error.is_retried:
                    raise
                pause = self._backoff(failures)
                self._hooks.on_wait(error, pause)
                self._hooks.sleep(pause)

    def _send(self, method: str, path: str, params: dict, parse: Parse) -> HttpResponse:
        permit = self._rate_limiter.acquire()
        self._hooks.on_start()
        with self._lock:
            self.request_count += 1
        try:
            url = f"{self._base}/{path}"
            response = self._http.request(
                method,
                url,
                parse=parse,
                on_sent=partial(self._rate_limiter.on_sent, permit),
                **self._request_arguments(method, params),
            )
        except BaseException as error:
            self._rate_limiter.on_failure(permit)
            if isinstance(error, GraphError):
                self._budget.count_failure(errors.failure_of(error))
            raise
        self._handle_response(permit, response)
        return response

    def _request_arguments(self, method: str, params: dict) -> dict[str, dict]:
        return {"data" if method == "POST" else "params": params | self._proof}

    def _handle_response(self, permit: Permit, response: HttpResponse) -> None:
        error = self._error(response)
        scope = self._usage_scope.with_code(error.code) if error else self._usage_scope
        usage = Usage.from_headers(response.headers, scope)
        if error:
            self._budget.count_failure(errors.failure_of(error))
        if isinstance(error, RateLimitError):
            self._rate_limiter.on_throttle(permit, error, usage)
        elif isinstance(error, TransientError):
            self._rate_limiter.on_failure(permit)
        else:
            self._rate_limiter.on_success(permit, usage)
        if error:
            self._log(error, response)
            raise error
        self._note_anomalies(response)

    def _log(self, error: GraphError, response: HttpResponse) -> None:
        """Log a refused call, under the id by which Facebook's support finds it."""
        trace = error.trace or errors.shorten(response.headers.get("x-fb-trace-id", ""), self._token)
        logger.info(
            "Facebook refused a call for %s: %s",
            self._options.platform,
            error,
            extra={"graph_trace": trace},
        )

    def _error(self, response: HttpResponse) -> errors.GraphError | None:
        body = response.body
        if error := find_error(body):
            return error_table.from_error(
                error, status=response.status, token=self._token, platform=self._options.platform
            )
        if response.status != 200 or not isinstance(body, dict | list):
            return error_table.from_status(response.status)
        return None

    def _backoff(self, failures: int) -> float:
        pause = self._options.retry_seconds * 2 ** (failures - 1)
        return min(pause, MAX_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret

    # -- notes for the owner -------------------------------------------------------------------------------
    def _note_anomalies(self, response: HttpResponse) -> None:
        requested = self._options.version
        version = response.headers.get("facebook-api-version", requested)
        if version != requested:
            other = errors.shorten(version, self._token, 20)
            self._note(
                "version",
                f"Facebook answered with version {other}, not {requested}: check GRAPH_API_VERSION.",
            )
        for link in _links(response.body):
            if not link.startswith(self._origin):
                host = errors.shorten(_scheme_and_host(link), self._token)
                self._note(host, f"A list continues at another host, which was not called: {host}.")

    def _note(self, key: str, text: str) -> None:
        with self._lock:
            is_new = key not in self._noted and len(self._noted) < 10
            self._noted.add(key) if is_new else None
        if is_new:
            self._hooks.on_note(text)


def _links(body: Any) -> Iterator[str]:
    """Yield the `next` links of a list and of the lists nested in it."""
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


def _scheme_and_host(link: str) -> str:
    """Return the part of a URL that cannot contain the token."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme}://{parts.hostname}" if parts.hostname else "an invalid URL"


def _proof(token: str, app_secret: str) -> dict[str, str]:
    """Return the parameters that prove that the app sends the token; none without a secret."""
    if not app_secret:
        return {}
    proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return {"appsecret_proof": proof}
