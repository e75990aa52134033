"""A request to the sandbox, and its answer."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_string
from email.message import Message
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from .switches import OLDEST_VERSION

Place = Literal["url", "header", "body", "batch"]  # where the token was sent
PATH = re.compile(r"(?:/(v\d+\.\d+))?(/.*)?")


@dataclass(frozen=True)
class UploadedFile:
    """A file in the body of a call."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Request:
    method: str
    version: str | None
    path: str
    params: dict[str, str]
    token: str | None
    token_in: Place | None
    host: str
    is_batched: bool = False  # part of a batch, not a call of its own
    files: dict[str, UploadedFile] = field(default_factory=dict)

    @classmethod
    def read(cls, method: str, target: str, headers: Message, host: str, body: bytes = b"") -> "Request":
        url = urlsplit("http://sandbox" + target)
        version, path = PATH.fullmatch(url.path).groups()  # type: ignore[union-attr]  # it fits any path
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        form, files = _form(headers, body)
        token, token_in = _token(query, form, headers)
        return cls(
            method,
            version,
            unquote(path or "/"),
            query | form,
            token,
            token_in,
            headers.get("Host") or host,
            files=files,
        )

    def part(self, method: str, relative_url: str) -> "Request":
        """One request of this batch: it inherits version, token and proof unless it has its own."""
        url = urlsplit("http://sandbox/" + relative_url.lstrip("/"))
        version, path = PATH.fullmatch(url.path).groups()  # type: ignore[union-attr]  # it fits any path
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        own = params.get("access_token")
        proof = self.params.get("appsecret_proof")
        if proof is not None and not own:
            params.setdefault("appsecret_proof", proof)
        return replace(
            self,
            method=method,
            version=version or self.version,
            path=unquote(path or "/"),
            params=params,
            token=own or self.token,
            token_in="batch" if own else self.token_in,
            is_batched=True,
        )

    @property
    def served_version(self) -> str:
        if self.version is None or _number(self.version) < _number(OLDEST_VERSION):
            return OLDEST_VERSION
        return self.version

    def is_version_at_least(self, version: str) -> bool:
        return _number(self.served_version) >= _number(version)


def _token(query: dict[str, str], form: dict[str, str], headers: Message) -> tuple[str | None, Place | None]:
    if "access_token" in query:
        return query["access_token"], "url"
    if "access_token" in form:
        return form["access_token"], "body"
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    in_header = scheme.lower() in ("bearer", "oauth") and bool(token)
    return (token.strip(), "header") if in_header else (None, None)


def _form(headers: Message, body: bytes) -> tuple[dict[str, str], dict[str, UploadedFile]]:
    """Parameters and files in the body, as a form or as JSON; anything else is ignored."""
    kind = headers.get_content_type()
    if kind == "multipart/form-data":
        return _parts(body, str(headers.get_param("boundary") or ""))
    if kind == "application/json":
        return _json(body), {}
    return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True)) if body else {}, {}


def _json(body: bytes) -> dict[str, str]:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    items = given.items() if isinstance(given, dict) else ()
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in items}


def _parts(body: bytes, boundary: str) -> tuple[dict[str, str], dict[str, UploadedFile]]:
    values: dict[str, str] = {}
    files: dict[str, UploadedFile] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1] if boundary else ():
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = message_from_string(head.decode("utf-8", "replace"))
        content = content.removesuffix(b"\r\n")
        name, file_name = str(headers.get_param("name", "", "content-disposition")), headers.get_filename()
        if file_name is None:
            values[name] = content.decode("utf-8", "replace")
        else:
            files[name] = UploadedFile(file_name, headers.get_content_type(), content)
    return values, files


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version[1:].split("."))


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0  # how long Facebook would take
    after: Sequence[Callable[[], None]] = ()  # what happens when it has been sent


@dataclass(frozen=True)
class Followed:
    """The body of an answer, and what happens when it has been sent."""

    body: Any
    after: Sequence[Callable[[], None]]
