"""How far the answers of one list are stored: the point from which the next run resumes."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Span = tuple[int | None, int]  # seconds since 1970, both included; None: down to the oldest thread


@dataclass
class Checkpoint:
    """The progress of reading one list.

    `head` is the newest time at the top of the list when reading began. `is_complete` says that the end of
    the list was reached once. The JSON form is stored in `SyncRun.checkpoint`.
    """

    head: datetime | None = None
    is_complete: bool = False
    after: str | None = None  # only a hint: Facebook's cursors expire
    spans: list[Span] = field(default_factory=list)  # of time, still to be read

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Checkpoint":
        head = raw.get("head")
        return cls(
            datetime.fromisoformat(head) if head else None,
            bool(raw.get("walked")),
            raw.get("after"),
            [(low, high) for low, high in raw.get("spans", [])],
        )

    def as_json(self) -> dict[str, Any]:
        head = self.head.isoformat() if self.head else None
        if self.is_complete:
            return {"head": head, "walked": True}
        return {"head": head, "after": self.after, "spans": self.spans}

    def mark_done(self, done: Span) -> None:
        """Remove a stored span of time from the spans that are still to be read."""
        self.spans = [part for span in self.spans for part in _subtract(span, done)]


def _subtract(span: Span, done: Span) -> list[Span]:
    low, high = span
    done_low, done_high = done
    parts: list[Span] = []
    if done_high < high:
        newer_low = done_high + 1 if low is None else max(low, done_high + 1)
        parts.append((newer_low, high))
    if done_low is not None and (low is None or low < done_low):
        parts.append((low, min(high, done_low - 1)))
    return parts
