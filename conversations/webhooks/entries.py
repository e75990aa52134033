"""Takes a body apart: which Pages it names, and which items it has for each of them.

    {"object": "page", "entry": [{"id": PAGE, "time": …, "messaging": [ITEM, …], "standby": [ITEM, …]}]}

Messages to an Instagram account come with `"object": "instagram"` and the account's ID, sometimes with that
of the Page. Facebook's own examples print such an object in an array.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from conversations.graph.coercion import as_dict, as_id
from conversations.graph.decoding import decode
from conversations.lib.text import clean

PLATFORMS = {"page": "messenger", "instagram": "instagram"}
# standby: another application answers there, but it is the same conversation.
LISTS = ("messaging", "standby")
MAX_ID = 200  # characters; those of people have twenty
# What the button *Test* of Facebook's dashboard sends: an entry without an account, or these two people.
TEST_ENTRY, TEST_PEOPLE = "0", {"12334", "23245"}


class Unreadable(Exception):
    """The body is not what Facebook sends. The text says why."""


class Entry(NamedTuple):
    """One entry of a body: events of one Page or account."""

    account_id: str
    platform: str  # "" if the object is of another kind
    raw: dict

    @property
    def items(self) -> list[Any]:
        """The items, those of `changes` in the same form as the others where they are messages."""
        items = [item for name in LISTS for item in _list(self.raw.get(name))]
        return items + [_item_of_change(change) for change in _list(self.raw.get("changes"))]

    @property
    def is_test(self) -> bool:
        return self.account_id == TEST_ENTRY or any(map(_is_test_item, self.items))


def entries_of(body: bytes) -> list[Entry]:
    """Return the entries of a body. Raises Unreadable."""
    decoded = decode(body)
    if decoded is None:
        raise Unreadable("The body is not JSON.")
    entries = [
        Entry(clean(as_id(entry.get("id"))), PLATFORMS.get(_text(part.get("object")), ""), entry)
        for part in _objects(decoded)
        for entry in map(as_dict, _list(part.get("entry")))
    ]
    if not any(entry.raw for entry in entries):
        raise Unreadable("The body has no entry.")
    return entries


def body_of(entries: Iterable[Entry]) -> bytes:
    """Return a body with only these entries."""
    objects = {platform: name for name, platform in PLATFORMS.items()}
    parts = [{"object": objects.get(entry.platform, ""), "entry": [entry.raw]} for entry in entries]
    return json.dumps(parts).encode()


def people_in(entries: Iterable[Entry]) -> list[str]:
    """Return the IDs of all who are named anywhere in these entries, and of some other things."""
    found: dict[str, None] = {}
    waiting: list[Any] = [item for entry in entries for item in entry.items]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if 0 < len(person := clean(as_id(value.get("id")))) <= MAX_ID:
                found[person] = None
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return list(found)


def _objects(decoded: Any) -> Iterator[dict]:
    yield from map(as_dict, decoded if isinstance(decoded, list) else [decoded])


def _item_of_change(change: Any) -> Any:
    """A change with sender and recipient is an item like those of `messaging`."""
    value = as_dict(as_dict(change).get("value"))
    return value if "sender" in value or "recipient" in value else {"change": change}


def _is_test_item(item: Any) -> bool:
    people = {as_id(as_dict(as_dict(item).get(role)).get("id")) for role in ("sender", "recipient")}
    return people == TEST_PEOPLE


def _list(value: Any) -> list:
    """Return a list. What is none, where one belongs, is its only item: nothing is left out unseen."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
