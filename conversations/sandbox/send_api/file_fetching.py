"""Fetches a file from the address that a call names, as Facebook does: within a time and a size."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

USER_AGENT = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
CHUNK = 64 * 1024


class FetchError(Exception):
    """The file cannot be fetched."""


class FileTooLargeError(Exception):
    """The file is larger than the limit."""


@dataclass(frozen=True)
class FetchedFile:
    name: str
    media_type: str  # as the server says
    content: bytes = field(repr=False)


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS with up to ten redirects, no proxy, no other scheme."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", USER_AGENT)]
    return opener


OPENER = _opener()


def fetch(url: str, *, seconds: float, max_bytes: int) -> FetchedFile:
    """Return the file. Raises FetchError, or FileTooLargeError for one of more than `max_bytes`."""
    ends = time.monotonic() + seconds
    try:
        answer = OPENER.open(url, timeout=seconds)
        if answer is None:  # a scheme without a handler
            raise FetchError
        with answer:
            if int(answer.headers.get("Content-Length") or 0) > max_bytes:
                raise FileTooLargeError
            content = b""
            while chunk := answer.read(CHUNK):
                content += chunk
                if len(content) > max_bytes:
                    raise FileTooLargeError
                if time.monotonic() > ends:
                    raise FetchError
            return FetchedFile(_name(url, answer.headers), answer.headers.get_content_type(), content)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError from None
    except (OSError, ValueError, HTTPException) as error:
        raise FetchError from error


def _name(url: str, headers: Message) -> str:
    return headers.get_filename() or PurePosixPath(unquote(urlsplit(url).path)).name or "file"
