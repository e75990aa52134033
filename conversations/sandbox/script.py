"""Scripted answers: what certain calls get, letter for letter, instead of what the world contains.

    script.add("GET /t_1/messages?after=*", first_body, second_body)     # in this order; the last one repeats
    script.add("/*/conversations?platform=instagram", ScriptedAnswer(error, 400), times=1)
    script.add("/*/conversations?limit=*", lambda params: None if params["limit"] == "1" else too_slow)

In a path `*` stands for one part and `**` for any number of them, in a value `*` for anything. `!name`
matches calls without that parameter; parameters that are not named do not matter. `platform` is messenger
unless the call says otherwise. The script that was added last comes first.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .call_log import Call


@dataclass(frozen=True)
class ScriptedAnswer:
    """`body` is a JSON value; text and bytes are sent as they are."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int | None:
        """The error code in the body, for the call log."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, int) else None


# A function gets the parameters of the call; None leaves the call to the next script, or to the world.
Scripted = ScriptedAnswer | Callable[[dict[str, str]], Any] | dict[str, Any] | list[Any] | str | bytes


@dataclass
class Line:
    """One script: the calls that it answers, and its answers in order."""

    method: str
    path: re.Pattern[str]
    params: dict[str, re.Pattern[str] | None]  # None: the parameter must be missing
    answers: tuple[Scripted, ...]
    times: int | None
    used: int = 0

    def fits(self, call: Call, params: dict[str, str]) -> bool:
        return (
            self.used != self.times
            and call.method == self.method
            and bool(self.path.fullmatch(call.path))
            and all(_fits(params.get(name), value) for name, value in self.params.items())
        )

    def answer(self, params: dict[str, str]) -> ScriptedAnswer | None:
        answer = self.answers[min(self.used, len(self.answers) - 1)]
        if callable(answer):
            answer = answer(params)
        return answer if answer is None or isinstance(answer, ScriptedAnswer) else ScriptedAnswer(answer)


def _fits(value: str | None, expected: re.Pattern[str] | None) -> bool:
    if value is None or expected is None:
        return value is expected
    return bool(expected.fullmatch(value))


def _pattern(text: str, star: str) -> re.Pattern[str]:
    return re.compile(".*".join(_escaped(part, star) for part in text.split("**")), re.DOTALL)


def _escaped(text: str, star: str) -> str:
    return star.join(re.escape(part) for part in text.split("*"))


class Script:
    """The scripts of a sandbox. It can be changed while the sandbox serves."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._lock = threading.Lock()

    def add(self, call: str, *answers: Scripted, times: int | None = None) -> None:
        """`call`: `[METHOD ]/path[?name=value&…]`, without version. `times`: calls that are answered so."""
        if not answers:
            raise ValueError("A script needs at least one answer")
        method, _, target = call.rpartition(" ")
        path, _, query = target.partition("?")
        params = {
            name.removeprefix("!"): None if name.startswith("!") else _pattern(value, ".*")
            for name, value in parse_qsl(query, keep_blank_values=True)
        }
        with self._lock:
            self._lines.insert(0, Line(method or "GET", _pattern(path, "[^/]*"), params, answers, times))

    def clear(self) -> None:
        with self._lock:
            self._lines.clear()

    def has(self, call: Call) -> bool:
        """Whether an answer is scripted for this call."""
        with self._lock:
            return self._find(call) is not None

    def take(self, call: Call) -> ScriptedAnswer | None:
        """The answer that is scripted for this call; it is then used up."""
        with self._lock:
            found = self._find(call)
            if found is None:
                return None
            line, answer = found
            line.used += 1
            return answer

    def _find(self, call: Call) -> tuple[Line, ScriptedAnswer] | None:
        params = {"platform": "messenger"} | call.params
        fitting = (line for line in self._lines if line.fits(call, params))
        found = ((line, line.answer(params)) for line in fitting)
        return next(((line, answer) for line, answer in found if answer is not None), None)
