"""The messages of a thread and the threads of a Page in order of time, with direct access to slices."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from .absent import ABSENT
from .people import Person

__all__ = ["ABSENT", "History", "Listed", "Listing", "Message"]


@dataclass(slots=True)
class Message:
    id: str
    created_time: float
    sender: Person | None  # None: Graph leaves `from` out
    message: str | None
    fields: dict[str, Any] = field(default_factory=dict)  # further fields, in Graph's words
    raw: Any = ABSENT  # laid over the answer; anything but a dict replaces it
    edits: int = 0  # how often it was edited


class History:
    """The messages of a thread, oldest first: generated ones (created when read), then added ones."""

    def __init__(self, generated: Sequence[Message] = ()) -> None:
        self._generated = generated
        self._added: list[Message] = []

    def __len__(self) -> int:
        return len(self._generated) + len(self._added)

    @property
    def is_generated(self) -> bool:
        """Whether no message was added or removed."""
        return bool(self._generated) and not self._added

    def __getitem__(self, index: int) -> Message:
        first_added = len(self._generated)
        return self._generated[index] if index < first_added else self._added[index - first_added]

    def newest(self, start: int, stop: int) -> list[Message]:
        last = len(self) - 1
        return [self[last - position] for position in range(start, min(stop, last + 1))]

    def add(self, message: Message) -> None:
        if self._generated and message.created_time < self._generated[-1].created_time:
            self._write_down()
        insort(self._added, message, key=lambda other: other.created_time)

    def remove(self, message_id: str) -> None:
        self._write_down()
        self._added = [message for message in self._added if message.id != message_id]

    def replace(self, message_id: str, message: Message) -> None:
        self._write_down()
        self._added = [message if known.id == message_id else known for known in self._added]

    def position_of(self, message_id: str, likely_index: int | None = None) -> int | None:
        """The position from the newest. `likely_index` counts from the oldest and is tried first."""
        last = len(self) - 1
        if likely_index is not None and likely_index <= last and self[likely_index].id == message_id:
            return last - likely_index
        return next(
            (i for i, message in enumerate(self.newest(0, last + 1)) if message.id == message_id), None
        )

    def _write_down(self) -> None:
        self._added = [*self._generated, *self._added]
        self._generated = ()


class Listed(Protocol):
    """What a listing orders: a thread."""

    id: str
    updated_time: float


T = TypeVar("T", bound=Listed)


class Listing(Generic[T]):
    """Threads by `updated_time`, oldest first. To move a thread, remove it and add it again."""

    def __init__(self) -> None:
        self.entries: list[tuple[float, str, T]] = []

    def __len__(self) -> int:
        return len(self.entries)

    def place(self, thread: T) -> None:
        insort(self.entries, (thread.updated_time, thread.id, thread))

    def remove(self, thread: T) -> None:
        del self.entries[bisect_left(self.entries, (thread.updated_time, thread.id))]
