"""The texts that show the progress and the result of a sync."""

from conversations.lib.durations import format_duration
from conversations.models import SyncRun
from conversations.sync.progress import SyncProgress


class NoteFilter:
    """Returns each note of a run once."""

    def __init__(self) -> None:
        self._count = 0

    def new_in(self, progress: SyncProgress) -> tuple[str, ...]:
        new, self._count = progress.notes[self._count :], len(progress.notes)
        return new


def describe_progress(progress: SyncProgress, seconds: int | None = None) -> str:
    """Return the counters, or what the run waits for if it waits for `seconds`."""
    if seconds is not None:  # the reason comes last: a narrow terminal cuts it off
        return f"Waiting for Facebook, {format_duration(seconds)}. {progress.message}"
    counts = (
        (progress.synced, "thread"),
        (progress.events_created, "new message"),
        (progress.requests, "request"),
    )
    return ", ".join(pluralize(number, name) for number, name in counts)


def status_label(status: str) -> str:
    """Return the status as shown to people, inside a line: `complete`, `completed with errors`, `failed`."""
    return str(SyncRun.Status(status).label).lower()


def pluralize(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"


def printable(text: str) -> str:
    """Return text from Facebook without characters that would control the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
