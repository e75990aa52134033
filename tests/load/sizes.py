"""The sizes of one load, from the environment."""

import os
from dataclasses import dataclass, fields

MAX_STREAMS_OF_USER = 20  # the limit of Inbox


@dataclass(frozen=True)
class Sizes:
    """`pause`: mean seconds between two acts of a user. `webhooks`: a second.

    A synced Page has `synced` conversations of `messages` messages for each minute.
    """

    minutes: float = 10
    conversations: int = 100_000
    staff: int = 50
    pause: float = 5
    streams: int = 200
    syncs: int = 5
    synced: int = 2_000
    messages: int = 5
    webhooks: int = 50

    @property
    def seconds(self) -> float:
        return 60 * self.minutes

    @property
    def synced_conversations(self) -> int:
        """Of each Page, so that first syncs take about the same part of a short load as of a long one."""
        return max(10, round(self.synced * self.minutes))

    @property
    def warm_up(self) -> float:
        """Seconds at the start that are not measured: streams are opened, and everything has run once."""
        return min(10.0, self.seconds / 5)

    @property
    def last_seconds(self) -> int:
        """At the end, staff may finish what they do, and streams get what is on its way."""
        return round(max(3.0, min(10.0, self.seconds / 4)))

    @staticmethod
    def from_environment() -> "Sizes":
        """MINUTES=1 STAFF=10 …: each field by its name. Raises ValueError, for the terminal."""
        given = {
            field.name: number(field.name) for field in fields(Sizes) if os.environ.get(field.name.upper())
        }
        sizes = Sizes(**given)  # type: ignore[arg-type] # whole numbers, minutes and pauses may be a part of one
        if sizes.streams > MAX_STREAMS_OF_USER * sizes.staff:
            raise ValueError(
                f"STREAMS={sizes.streams}: a user may have {MAX_STREAMS_OF_USER}, so raise STAFF"
            )
        return sizes


def number(name: str) -> float:
    text = os.environ[name.upper()]
    try:
        value = float(text) if name in ("minutes", "pause") else int(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise ValueError(f"{name.upper()}={text}: it must be a number above 0")
    return value
