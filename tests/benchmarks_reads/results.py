"""What one database has given, as it is kept between the steps of a run."""

from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """A request was answered with an error, mostly because its statement took longer than its limit."""


@dataclass
class Result:
    """The result of one query: milliseconds of Inbox, infinite if it was refused, and of the two baselines
    (medians), 0 if not measured."""

    name: str
    p50: float
    p95: float
    statements: int
    replaced: float
    plain: float
    goal: int | None  # for p95


@dataclass
class Bulk:
    """A bulk operation: its conversations and seconds, infinite if it was refused, and p95 of a list in
    milliseconds before and meanwhile."""

    name: str
    conversations: int
    seconds: float
    list_before: float
    list_meanwhile: float


@dataclass
class Measured:
    rows: int
    pages: int
    built: float  # seconds
    results: list[Result]
    bulks: list[Bulk]
    notes: list[str]
    sizes: list[tuple[str, int]]
    machine: str

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Measured":
        results = [Result(**result) for result in values["results"]]
        bulks = [Bulk(**bulk) for bulk in values["bulks"]]
        return Measured(**values | {"results": results, "bulks": bulks})
