"""A call as it came in, and the answer to it."""

import re
from dataclasses import dataclass, field
from email.message import Message
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from .switches import OLDEST_VERSION

PATH = re.compile(r"(?:/(v\d+\.\d+))?(/.*)?")


@dataclass(frozen=True)
class Request:
    method: str
    version: str | None
    path: str
    params: dict[str, str]
    token: str | None
    token_in: Literal["url", "header"] | None
    host: str

    @classmethod
    def read(cls, method: str, target: str, headers: Message, host: str) -> "Request":
        url = urlsplit("http://sandbox" + target)
        version, path = PATH.fullmatch(url.path).groups()  # type: ignore[union-attr]  # it fits any path
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        scheme, _, header_token = headers.get("Authorization", "").partition(" ")
        in_header = scheme.lower() in ("bearer", "oauth") and bool(header_token)
        token = params.get("access_token") or (header_token.strip() if in_header else None)
        token_in: Literal["url", "header"] | None = (
            "url" if "access_token" in params else "header" if in_header else None
        )
        return cls(
            method, version, unquote(path or "/"), params, token, token_in, headers.get("Host") or host
        )

    @property
    def served_version(self) -> str:
        if self.version is None or _number(self.version) < _number(OLDEST_VERSION):
            return OLDEST_VERSION
        return self.version

    def asked_version_at_least(self, version: str) -> bool:
        return _number(self.served_version) >= _number(version)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version[1:].split("."))


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0  # how long Facebook would have worked on it
