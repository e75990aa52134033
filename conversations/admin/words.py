"""What is said of runs in words; static/conversations/live.js says the same of a run that goes on."""

from conversations.models import SyncRun
from conversations.sync.progress import ENDS, SyncProgress

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float) -> str:
    """In its two largest units: `1 h 20 min`, `45 s`, `0.8 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    left, said = round(seconds), []
    for size, unit in UNITS:
        number, left = divmod(left, size)
        if number:
            said.append(f"{number} {unit}")
        elif said:
            break
    return " ".join(said[:2])


def status_in_words(status: str) -> str:
    return status.replace("_", " ").capitalize()


def result_in_words(state: SyncProgress | None) -> str:
    """What a run that has ended brought; empty before its end."""
    if state is None or state.status not in ENDS:
        return ""
    done = state.synced + state.skipped
    numbers = {"new": state.inserted, "changed": state.updated, "skipped": state.skipped}
    parts = [f"{done:,} conversation{'s' * (done != 1)}"]
    parts += [f"{number:,} {word}" for word, number in numbers.items() if number]
    return ", ".join(parts) if done else "Nothing had changed." * (state.status == SyncRun.Status.COMPLETE)
