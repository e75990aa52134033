"""A cache of listed threads as JSON. Generated threads do not change, and encoding them costs the most."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from conversations.sandbox.data.history import ABSENT
from conversations.sandbox.data.world import Thread

MAX_CHARACTERS = 500_000_000  # in the cache; beyond that, threads are encoded each time


@dataclass(frozen=True)
class Fragment:
    """The JSON of a listed thread, including escapes, and its number of messages."""

    text: str
    messages: int


class Fragments:
    """The latest JSON of each listed thread, until the thread changes."""

    def __init__(self) -> None:
        self._kept: dict[Thread, tuple[Any, Fragment]] = {}
        self._characters = 0

    def find(self, thread: Thread, query: Any) -> Fragment | None:
        """`query`: everything beside the thread that the JSON depends on."""
        key, fragment = self._kept.get(thread, (None, None))
        return fragment if key == (query, *_state(thread)) else None

    def keep(self, thread: Thread, query: Any, fragment: Fragment) -> None:
        if self._characters < MAX_CHARACTERS:
            before = self._kept.get(thread)
            self._characters += len(fragment.text) - (len(before[1].text) if before else 0)
            self._kept[thread] = (query, *_state(thread)), fragment


def is_lasting(thread: Thread) -> bool:
    """Whether the thread is as generated. Raw values and added messages may change without notice."""
    is_special = thread.poison or thread.endless or thread.growth
    return thread.raw is ABSENT and not is_special and thread.history.is_generated


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
        thread.message_count,
        business.id,
        business.name,
        business.username,
        business.user_id,
        *((customer.id, customer.shown_name, customer.username) if customer else ()),
    )


def encode(body: Any, dump: Callable[..., str]) -> str:
    """`body` encoded by `dump`, with fragments inserted unchanged."""
    sign, fragments = token_hex(16), []

    def collect(fragment: Fragment) -> str:
        fragments.append(fragment.text)
        return f"{sign}:{len(fragments) - 1}"

    text = dump(body, default=collect)
    return re.sub(rf'"{sign}:(\d+)"', lambda found: fragments[int(found[1])], text) if fragments else text


def dumper(*, escape_unicode: bool, escape_slashes: bool) -> Callable[..., str]:
    """json.dumps with Facebook's escapes."""

    def dump(value: Any, default: Callable[[Any], Any] | None = None) -> str:
        text = json.dumps(value, ensure_ascii=escape_unicode, separators=(",", ":"), default=default)
        return text.replace("/", "\\/") if escape_slashes else text

    return dump
