"""A request to the sandbox, and its answer."""

import json
import re
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from .switches import OLDEST_VERSION

Place = Literal["url", "header", "body", "batch"]  # where the token was sent
PATH = re.compile(r"(?:/(v\d+\.\d+))?(/.*)?")


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

    @classmethod
    def read(cls, method: str, target: str, headers: Message, host: str, body: bytes = b"") -> "Request":
        url = urlsplit("http://sandbox" + target)
        version, path = PATH.fullmatch(url.path).groups()  # type: ignore[union-attr]  # it fits any path
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        form = _form(headers, body)
        token, token_in = _token(query, form, headers)
        return cls(
            method,
            version,
            unquote(path or "/"),
            query | form,
            token,
            token_in,
            headers.get("Host") or host,
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


def _form(headers: Message, body: bytes) -> dict[str, str]:
    """Parameters in the body, as a form or as JSON; anything else is ignored."""
    if headers.get_content_type() == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            return {}
        items = given.items() if isinstance(given, dict) else ()
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in items}
    return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True)) if body else {}


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version[1:].split("."))


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0  # how long Facebook would take
