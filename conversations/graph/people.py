"""Who wrote a message and who may read it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conversations.graph.values import as_edge, as_id, as_text


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str = ""

    @classmethod
    def from_graph(cls, raw: Any) -> "Person | None":
        if type(raw) is not dict:
            return None
        person_id, name = raw.get("id"), raw.get("name")
        if type(person_id) is not str:
            person_id = as_id(person_id)
        if type(name) is not str or not name:
            name = as_text(name) or as_text(raw.get("username"))
        return _person(person_id, name) if person_id else None


@lru_cache(10_000)
def _person(person_id: str, name: str) -> Person:
    """The same few people write all the messages of an answer."""
    return Person(person_id, name)


def people(raw: Any) -> list[Person]:
    found = []
    for item in as_edge(raw):
        if person := Person.from_graph(item):
            found.append(person)  # noqa: PERF401 - a comprehension is slower for one or two
    return found
