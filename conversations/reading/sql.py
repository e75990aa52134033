"""Pieces of SQL that carry their parameters, and the one way to ask them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction

CANCELLED = "57014"  # PostgreSQL's word for a statement that ran into its time limit


class TooSlow(Exception):
    """A question took longer than it may."""


@dataclass(frozen=True)
class Sql:
    text: str
    params: tuple[Any, ...] = ()

    @staticmethod
    def of(text: str, *params) -> "Sql":
        return Sql(text, params)

    @staticmethod
    def join(separator: str, pieces: Iterable["Sql"]) -> "Sql":
        pieces = list(pieces)
        params = tuple(param for piece in pieces for param in piece.params)
        return Sql(separator.join(piece.text for piece in pieces), params)

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(self.text + other.text, self.params + other.params)

    def inside(self, template: str) -> "Sql":
        """The template with this piece in the place of {}."""
        return Sql(template.replace("{}", self.text), self.params)


def rows(question: Sql) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question.text, question.params)
        return cursor.fetchall()


def value(question: Sql) -> Any:
    return rows(question)[0][0]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Each statement inside ends after this time. Raises TooSlow."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [max(1, int(seconds * 1000))])
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == CANCELLED:
            raise TooSlow from None
        raise
