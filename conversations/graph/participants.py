"""The people of a conversation: who wrote a message and who received it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from conversations.graph.coercion import as_edge, as_id, as_text


@dataclass(frozen=True, slots=True)
class Person:
    """A person or the business.

    Only Instagram has `username`, and sometimes `user_id`, a second ID of a professional account.
    """

    id: str
    name: str = ""
    username: str = field(default="", compare=False)
    user_id: str = field(default="", compare=False)

    @classmethod
    def from_graph(cls, raw: Any) -> "Person | None":
        """Return the person, or None without an ID. On Instagram the name is the user name."""
        if type(raw) is not dict:
            return None
        person_id, name, username = raw.get("id"), raw.get("name"), as_text(raw.get("username"))
        if type(person_id) is not str:
            person_id = as_id(person_id)
        if type(name) is not str or not name:
            name = as_text(name) or username
        return _person(person_id, name, username, as_id(raw.get("user_id"))) if person_id else None


@lru_cache(10_000)
def _person(person_id: str, name: str, username: str, user_id: str) -> Person:
    """Cached, because the same few people write all the messages of a response."""
    return Person(person_id, name, username, user_id)


def people_from_graph(raw: Any) -> list[Person]:
    """Return the people of an edge such as `participants` or `to`, without those that have no ID."""
    people = []
    for item in as_edge(raw):
        if person := Person.from_graph(item):
            people.append(person)  # noqa: PERF401 - a comprehension is slower for one or two
    return people
