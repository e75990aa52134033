"""One exchange with Facebook, within limits: time in all, bytes, no redirects, no cookies."""

import http.client
import http.cookiejar
import io
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conversations.graph import errors
from conversations.graph.answers import parsed
from conversations.graph.errors import AccessTokenError, GraphError, TooMuchDataError, TransientError

CHUNK_BYTES = 256 * 1024
CONNECTIONS = 32  # kept open

# .deadline: when the answer that this thread reads must be complete; .on_sent(): its question has left.
_limit = threading.local()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any  # the JSON, None where it is none


class Http:
    """Asks with one token; safe to use from several threads."""

    def __init__(
        self,
        token: str,
        *,
        timeout_seconds: tuple[float, float],  # to connect, between two pieces of an answer
        answer_seconds: float,
        largest_answer: int,
    ):
        self._timeout_seconds, self._answer_seconds = timeout_seconds, answer_seconds
        self._largest = largest_answer
        self._session = requests.Session()
        self._session.auth = TokenAuth(token)
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=CONNECTIONS))

    def close(self) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        parse: Callable[[bytes], Any] = parsed,
        on_sent: Callable[[], None] = lambda: None,
        **parameters: Any,
    ) -> Answer:
        """`params` or `data` as in requests. TransientError: nothing came; TooMuchDataError: too much."""
        _limit.on_sent = on_sent
        answer, error = self._asked(method, url, parse, parameters)
        if answer is None:
            # Not where it is caught: the first error repeats the address, and would stay with this one.
            raise error or TransientError("The call to Facebook failed.")
        return answer

    def _asked(
        self, method: str, url: str, parse: Callable[[bytes], Any], parameters: dict
    ) -> tuple[Answer | None, GraphError | None]:
        _limit.deadline = time.monotonic() + self._answer_seconds
        try:
            response = self._session.request(
                method, url, timeout=self._timeout_seconds, allow_redirects=False, stream=True, **parameters
            )
            with response:  # an answer that is not read to its end costs the connection
                content = self._read(response)
        except TooMuchDataError as error:
            return None, error
        except (OSError, ValueError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            # Not only requests' own: a redirect to an odd address is a ValueError, though it is not followed.
            is_late = time.monotonic() >= _limit.deadline
            return None, TransientError(self._too_late() if is_late else _in_words(error))
        finally:
            del _limit.deadline
        return Answer(response.status_code, response.headers, parse(content)), None

    def _read(self, response: requests.Response) -> bytes:
        """The body, unpacked."""
        chunks, size = [], 0
        for chunk in response.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > self._largest:
                raise TooMuchDataError(f"Facebook's answer was larger than {self._largest / 1e6:.3g} MB.")
            chunks.append(chunk)
        return b"".join(chunks)

    def _too_late(self) -> str:
        return f"Facebook's answer was not complete after {self._answer_seconds:g} seconds."


class TokenAuth(requests.auth.AuthBase):
    """The token in the header: in no URL, and a .netrc file does not replace it."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request):
        if not (self.token.isascii() and self.token.isprintable()):  # its error would show it
            raise AccessTokenError(f"The access token has characters that none has. {errors.RECONNECT}.")
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "Facebook did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return "No secure connection to Facebook: its certificate is not accepted here."
    if isinstance(error, requests.ConnectionError):
        return "Facebook cannot be reached, or the connection broke."
    return f"The call to Facebook failed ({type(error).__name__})."


# -- the time limit ----------------------------------------------------------------------------------------
# The time-out of a socket begins anew with each byte, so that a server which drips one now and then holds
# us for ever, already in the headers. Therefore each reading from the socket looks at the clock.
class _TimedReader(io.RawIOBase):
    def __init__(self, sock: Any, raw: io.RawIOBase):
        self._sock, self._raw = sock, raw
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _limit.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        super().endheaders(*args, **kwargs)
        _limit.on_sent()


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        super().endheaders(*args, **kwargs)
        _limit.on_sent()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


class _WithoutSecrets(logging.Filter):
    """The HTTP library logs whole addresses when it is asked to: the signature of a call is in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = errors.redact(record.getMessage(), ""), ()
        return True


for _name in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_WithoutSecrets())
