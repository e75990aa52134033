"""What a check says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Result:
    """One line: what was found, and how to mend it if it is wrong. Neither may have a secret."""

    level: Level
    text: str
    advice: str = ""


def ok(text: str) -> Result:
    return Result(Level.OK, text)


def warning(text: str, advice: str) -> Result:
    return Result(Level.WARNING, text, advice)


def error(text: str, advice: str) -> Result:
    return Result(Level.ERROR, text, advice)


@dataclass(frozen=True)
class Check:
    """A check with a limit of time. `run` may raise: the runner turns that into an error."""

    key: str
    subject: str
    run: Callable[[], Iterable[Result]]
    seconds: float = 10
    uses_database: bool = True
    uses_network: bool = False  # Facebook, or our own public address
