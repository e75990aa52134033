"""Reads files from Facebook's file servers, within limits of time and size, and from no other host."""

import http.client
import http.cookiejar
import ipaddress
import re
import socket
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar, TypeVar
from urllib.parse import urljoin

import requests
import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conversations.graph.http import TimedAdapter, TimedSecureConnection, reading_until
from conversations.media.file_types import HEAD_BYTES, type_of
from conversations.media.links import is_of_facebook, origin_of_substitute

MAX_BYTES = 25 * 1024 * 1024  # what Messenger and Instagram accept
MAX_SECONDS = 60.0  # for a whole file
TIMEOUTS = (5.0, 10.0)  # to connect, between two parts
CHUNK_BYTES = 64 * 1024
MAX_REDIRECTS = 3
MAX_OPEN_CONNECTIONS = 32
EXPIRED = (400, 401, 403, 404, 410)  # what file servers answer to an old link
REDIRECTS = (301, 302, 303, 307, 308)
CONTENT_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
Result = TypeVar("Result")
NETWORK_ERRORS = (OSError, ValueError, urllib3.exceptions.HTTPError, http.client.HTTPException)


class LinkExpired(Exception):
    """The link does not work, or no longer."""


class DownloadFailed(Exception):
    """The file could not be read. The text says why, for people."""


class FileTooLarge(DownloadFailed):
    def __init__(self) -> None:
        super().__init__(f"This file is larger than {MAX_BYTES // 2**20} MB. Open it at Facebook.")


class Download:
    """A file, or the part of it from `first` to `last`, while it is read. `total`: the size of the file."""

    def __init__(self, response: requests.Response, deadline: float):
        self._response, self._deadline, self._read = response, deadline, 0
        self._pushed_back = b""
        found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        self.is_part = response.status_code == 206 and found is not None
        length = response.headers.get("Content-Length", "")
        self.total = int(found[3]) if found else int(length[:15]) if length.isdecimal() else None
        self.first = int(found[1]) if found else 0
        self.last = int(found[2]) if found else None
        if self.total is not None and self.total > MAX_BYTES:
            self.close()
            raise FileTooLarge

    def read(self) -> bytes:
        """Return the next bytes, none at the end. Raises DownloadFailed."""
        if self._pushed_back:
            chunk, self._pushed_back = self._pushed_back, b""
            return chunk
        chunk = _guarded(lambda: self._response.raw.read1(CHUNK_BYTES), self._deadline)
        self._read += len(chunk)
        if self._read > MAX_BYTES:
            raise FileTooLarge
        return chunk

    def head(self) -> bytes:
        """Return the first bytes, enough for type_of(); read() returns them again."""
        head = b""
        while len(head) < HEAD_BYTES and (chunk := self.read()):
            head += chunk
        self._pushed_back = head
        return head

    def close(self) -> None:
        self._response.close()


def open_file(url: str, byte_range: str = "") -> Download:
    """Start to read a file; `byte_range`, as in the header Range, is for a part of it.

    Raises LinkExpired and DownloadFailed.
    """
    deadline = time.monotonic() + MAX_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        if not is_of_facebook(url):
            raise DownloadFailed("This file is not at Facebook, so that it is not shown here.")
        response = _request(url, byte_range, deadline)
        if response.status_code in (200, 206):
            return Download(response, deadline)
        response.close()
        if response.status_code not in REDIRECTS:
            raise _failure(response.status_code)
        url = urljoin(url, response.headers.get("Location", ""))
    raise DownloadFailed("Facebook's file server leads in a circle.")


def type_at(url: str) -> str:
    """Return the media type of a file, for which its beginning is read."""
    download = open_file(url, f"bytes=0-{HEAD_BYTES - 1}")
    try:
        return type_of(download.head())
    finally:
        download.close()


def _failure(status: int) -> Exception:
    if status in EXPIRED:
        return LinkExpired()
    return DownloadFailed(f"Facebook's file server answered with status {status}. Try again later.")


def _request(url: str, byte_range: str, deadline: float) -> requests.Response:
    headers = {"Accept-Encoding": "identity", "User-Agent": "Inbox"}
    if byte_range:
        headers["Range"] = byte_range
    session = _session(origin_of_substitute())
    return _guarded(
        lambda: session.get(url, headers=headers, timeout=TIMEOUTS, allow_redirects=False, stream=True),
        deadline,
    )


def _guarded(work: Callable[[], Result], deadline: float) -> Result:
    try:
        with reading_until(deadline):
            return work()
    except NETWORK_ERRORS:
        pass
    raise DownloadFailed("Facebook's file server did not answer in time. Try again later.")  # without the URL


class _PublicConnection(TimedSecureConnection):
    """Refuses a host of Facebook whose name leads into the own network."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        address = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
        if self.proxy is None and not address.is_global:
            sock.close()
            raise urllib3.exceptions.NewConnectionError(self, "not a public address")
        return sock


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicAdapter(TimedAdapter):
    pool_classes: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"https": _PublicPool}


@lru_cache(2)
def _session(substitute: str) -> requests.Session:
    session = requests.Session()
    session.auth = _no_auth
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    session.mount("https://", _PublicAdapter(pool_maxsize=MAX_OPEN_CONNECTIONS))
    if substitute:
        session.mount(substitute, TimedAdapter(pool_maxsize=MAX_OPEN_CONNECTIONS))
    return session


def _no_auth(request: Any) -> Any:
    """Add nothing, also nothing from a .netrc file."""
    return request
