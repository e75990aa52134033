"""Sends one HTTP request to Facebook within limits: total time, bytes, no redirects, no cookies."""

import http.client
import http.cookiejar
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import requests
import urllib3
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conversations.graph import errors
from conversations.graph.decoding import decode
from conversations.graph.errors import ActionRequiredError, GraphError, PayloadTooLargeError, TransientError
from conversations.graph.options import HttpLimits

CHUNK_BYTES = 256 * 1024
MAX_OPEN_CONNECTIONS = 32

# Per thread. .deadline: when the response must be complete; .on_sent(): called when the request was sent;
# .is_connected: whether anything of it can have been sent.
_current = threading.local()


class HttpResponse(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: Any  # the decoded JSON, None if it is invalid
    seconds: float = 0  # from the start of the request to the end of the response
    size: int = 0  # bytes of the response, decompressed


class HttpSession:
    """Sends requests with one token, within the limits. Safe to use from several threads."""

    def __init__(self, token: str, limits: HttpLimits):
        self._limits = limits
        self._session = _Session()
        self._session.auth = TokenAuth(token)
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimedAdapter(pool_maxsize=MAX_OPEN_CONNECTIONS))

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        parse: Callable[[bytes], Any] = decode,
        on_sent: Callable[[], None] = lambda: None,
        **parameters: Any,
    ) -> HttpResponse:
        """Send the request and return the response; `parameters` are those of requests (`params`, `data`).

        Raises TransientError if there is no complete response, and PayloadTooLargeError if it is too large.
        """
        _current.on_sent = on_sent
        response, error = self._try_request(method, url, parse, parameters)
        if response is None:
            # Not raised in the except block: the original error has the URL and would become the context.
            raise error or TransientError("The request to Facebook failed.")
        return response

    def _try_request(
        self, method: str, url: str, parse: Callable[[bytes], Any], parameters: dict
    ) -> tuple[HttpResponse | None, GraphError | None]:
        timeout = (self._limits.connect_seconds, self._limits.read_seconds)
        started = time.monotonic()
        _current.deadline, _current.is_connected = started + self._limits.response_seconds, False
        try:
            response = self._session.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **parameters
            )
            with response:  # closes the connection if the response was not read to its end
                content = self._read(response)
        except PayloadTooLargeError as error:
            return None, error
        except (OSError, ValueError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            # Not only errors of requests: a redirect to an invalid URL is a ValueError, even if not followed.
            return None, self._transient_error(error, is_late=time.monotonic() >= _current.deadline)
        finally:
            del _current.deadline
        seconds = time.monotonic() - started
        return HttpResponse(
            response.status_code, response.headers, parse(content), seconds, len(content)
        ), None

    def _read(self, response: requests.Response) -> bytes:
        """Return the decompressed body."""
        chunks, size = [], 0
        for chunk in response.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > self._limits.max_bytes:
                raise PayloadTooLargeError(
                    f"Facebook's response is larger than {self._limits.max_bytes / 1e6:.3g} MB."
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _transient_error(self, error: Exception, *, is_late: bool) -> TransientError:
        too_late = f"Facebook's response was not complete after {self._limits.response_seconds:g} seconds."
        result = TransientError(too_late if is_late else _explain(error))
        result.timed_out = is_late or (_is_timeout(error) and not isinstance(error, requests.ConnectTimeout))
        result.never_left = not _current.is_connected
        return result


class _Session(requests.Session):
    """Reads the variables for proxies and certificates once for each host, not for each request."""

    def __init__(self) -> None:
        super().__init__()
        self._environment: dict[str, Any] = {}  # by scheme and host

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        host = "/".join(str(url).split("/", 3)[:3])
        if host not in self._environment:
            settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._environment[host] = dict(settings)
        return dict(self._environment[host])


class TokenAuth(requests.auth.AuthBase):
    """Sends the token in a header, never in the URL. A .netrc file does not replace it."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request):
        if not (self.token.isascii() and self.token.isprintable()):  # the error of requests would show it
            text = f"The access token contains invalid characters. {errors.CONNECT_AGAIN}."
            raise ActionRequiredError(text, advice=text)
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, requests.Timeout) or "timed out" in str(error)


def _explain(error: Exception) -> str:
    if _is_timeout(error):
        return "Facebook did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return "No secure connection to Facebook: its certificate is not trusted here."
    if isinstance(error, requests.ConnectionError):
        return "Facebook cannot be reached, or the connection broke."
    return f"The request to Facebook failed ({type(error).__name__})."


# -- the time limit ----------------------------------------------------------------------------------------
# The timeout of a socket restarts with each byte, so a server that sends single bytes could hold a thread for
# ever, even in the headers. Therefore each read from the socket checks the clock.
class _TimedReader(io.RawIOBase):
    def __init__(self, sock: Any, raw: io.RawIOBase):
        self._sock, self._raw = sock, raw
        self._socket_timeout = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = _current.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(
            remaining if self._socket_timeout is None else min(remaining, self._socket_timeout)
        )
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


@contextmanager
def reading_until(deadline: float) -> Iterator[None]:
    """Let what this thread reads from timed connections end at this time of time.monotonic()."""
    _current.deadline, _current.on_sent = deadline, lambda: None
    try:
        yield
    finally:
        del _current.deadline


class _Noting:
    """Notes when there is a connection, with its TLS and proxy, and when a request was sent."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # of the class beside it
        _current.is_connected = True

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _current.is_connected = True
        super().endheaders(*args, **kwargs)  # type: ignore[misc]  # likewise
        _current.on_sent()


class _Connection(_Noting, HTTPConnection):
    response_class = _TimedResponse


class TimedSecureConnection(_Noting, HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = TimedSecureConnection


class TimedAdapter(HTTPAdapter):
    """Its connections can be read only within `reading_until()`, or by an HttpSession."""

    pool_classes: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _SecurePool}

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pool_classes

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self.pool_classes
        return manager


class _RedactingFilter(logging.Filter):
    """urllib3 logs whole URLs at debug level, and the signature of a request is in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = errors.redact(record.getMessage(), ""), ()
        return True


for _name in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_RedactingFilter())
