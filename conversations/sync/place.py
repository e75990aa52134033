"""Where the walk over one list is, as far as its answers are stored: what the next run goes on from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Span = tuple[int | None, int]  # seconds since 1970, both included; None: down to the first thread of all


@dataclass
class Place:
    """`head`: the newest time at the top when the walk began. `walked`: it came to its end once."""

    head: datetime | None = None
    walked: bool = False
    after: str | None = None  # a hint: Facebook forgets cursors
    spans: list[Span] = field(default_factory=list)  # of time, still to be walked

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Place":
        head = raw.get("head")
        return cls(
            datetime.fromisoformat(head) if head else None,
            bool(raw.get("walked")),
            raw.get("after"),
            [(low, high) for low, high in raw.get("spans", [])],
        )

    def as_json(self) -> dict[str, Any]:
        head = self.head.isoformat() if self.head else None
        if self.walked:
            return {"head": head, "walked": True}
        return {"head": head, "after": self.after, "spans": self.spans}

    def cover(self, covered: Span) -> None:
        """This much of the time is stored now."""
        self.spans = [part for span in self.spans for part in _without(span, covered)]


def _without(span: Span, covered: Span) -> list[Span]:
    low, high = span
    covered_low, covered_high = covered
    parts: list[Span] = []
    if covered_high < high:
        newer_low = covered_high + 1 if low is None else max(low, covered_high + 1)
        parts.append((newer_low, high))
    if covered_low is not None and (low is None or low < covered_low):
        parts.append((low, min(high, covered_low - 1)))
    return parts
