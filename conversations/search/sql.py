"""Fragments of SQL with their parameters, and functions that run them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Sql:
    """A fragment of SQL with placeholders, and the parameters for them in their order."""

    text: str
    params: tuple[Any, ...] = ()

    @staticmethod
    def of(text: str, *params) -> "Sql":
        return Sql(text, params)

    @staticmethod
    def join(separator: str, fragments: Iterable["Sql"]) -> "Sql":
        fragments = list(fragments)
        params = tuple(param for fragment in fragments for param in fragment.params)
        return Sql(separator.join(fragment.text for fragment in fragments), params)

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(self.text + other.text, self.params + other.params)

    @staticmethod
    def compose(template: str, **parts) -> "Sql":
        """Return the template with a fragment or a parameter in place of each `{name}`."""
        return _fill(template, parts)

    def inside(self, template: str) -> "Sql":
        """Return the template with this fragment in place of `{}`."""
        return _fill(template, {"": self})


def _fill(template: str, parts: Mapping[str, Any]) -> Sql:
    text: list[str] = []
    params: list[Any] = []
    for literal, name, _, _ in Formatter().parse(template):
        text.append(literal)
        if name is not None:
            part = parts[name] if isinstance(parts[name], Sql) else Sql("%s", (parts[name],))
            text.append(part.text)
            params += part.params
    return Sql("".join(text), tuple(params))


def fetch_all(query: Sql) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query.text, query.params)
        return cursor.fetchall()


def run(statement: Sql) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)


def fetch_value(query: Sql) -> Any:
    """Return the first column of the first row."""
    return fetch_all(query)[0][0]
