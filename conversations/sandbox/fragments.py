"""Listed threads as finished JSON: a generated thread says the same each time, and writing it costs most."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from .history import ABSENT
from .world import Thread

MOST_CHARACTERS = 500_000_000  # kept at a time; beyond that, threads are written anew each time


@dataclass(frozen=True)
class Fragment:
    """A listed thread: its JSON, escapes included, and how many messages are in it."""

    text: str
    messages: int


class Fragments:
    """The newest form of each thread that was listed, as long as nothing about it changes."""

    def __init__(self) -> None:
        self._kept: dict[Thread, tuple[Any, Fragment]] = {}
        self._characters = 0

    def find(self, thread: Thread, asked: Any) -> Fragment | None:
        """`asked`: all that the form depends on beside the thread."""
        key, fragment = self._kept.get(thread, (None, None))
        return fragment if key == (asked, *_state(thread)) else None

    def keep(self, thread: Thread, asked: Any, fragment: Fragment) -> None:
        if self._characters < MOST_CHARACTERS:
            before = self._kept.get(thread)
            self._characters += len(fragment.text) - (len(before[1].text) if before else 0)
            self._kept[thread] = (asked, *_state(thread)), fragment


def is_lasting(thread: Thread) -> bool:
    """Whether it is as it was generated: what was laid over it or written since may change unseen."""
    return thread.raw is ABSENT and thread.poison is None and thread.history.is_generated


def _state(thread: Thread) -> tuple[Any, ...]:
    business, customer = thread.business, thread.customer
    return (
        thread.id,
        thread.number,
        thread.page.name,
        thread.folder,
        thread.updated_time,
        thread.unread_count,
        thread.can_reply,
        business.name,
        business.username,
        *((customer.id, customer.name, customer.username) if customer else ()),
    )


def encode(body: Any, dump: Callable[..., str]) -> str:
    """`body` as JSON by `dump`, with the fragments in it as they are."""
    sign, fragments = token_hex(16), []

    def put_aside(fragment: Fragment) -> str:
        fragments.append(fragment.text)
        return f"{sign}:{len(fragments) - 1}"

    text = dump(body, default=put_aside)
    return re.sub(rf'"{sign}:(\d+)"', lambda found: fragments[int(found[1])], text) if fragments else text


def dumper(*, escape_unicode: bool, escape_slashes: bool) -> Callable[..., str]:
    """json.dumps in Facebook's way of writing."""

    def dump(value: Any, default: Callable[[Any], Any] | None = None) -> str:
        text = json.dumps(value, ensure_ascii=escape_unicode, separators=(",", ":"), default=default)
        return text.replace("/", "\\/") if escape_slashes else text

    return dump
