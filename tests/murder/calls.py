"""What was asked of Facebook twice: the calls of a run that died beside those of the next."""

from base64 import urlsafe_b64decode
from collections import Counter
from dataclasses import dataclass

from conversations.sandbox.ledger import Call
from conversations.sandbox.paging import SEAL_BYTES


@dataclass(frozen=True)
class Repeated:
    """Answered to the one that died, and asked again by the next; the head of a list is always asked."""

    batches: int  # of conversations, of the list that had most of them
    messages: int  # batches of a thread's older messages
    threads: int  # whose older messages were asked for again

    @classmethod
    def of(cls, dead: list[Call], following: list[Call]) -> "Repeated":
        return cls(
            max(repeats(dead, following, "/conversations").values(), default=0),
            sum(repeats(dead, following, "/messages").values()),
            len(read_threads(dead) & read_threads(following)),
        )


def repeats(dead: list[Call], following: list[Call], edge: str) -> Counter[tuple[str, ...]]:
    """By list: inbox and folders are walked side by side."""
    answered, asked = (
        Counter(place(call) for call in calls if is_deep(call, edge)) for calls in (dead, following)
    )
    of_lists: Counter[tuple[str, ...]] = Counter()
    for (*where, _), number in (answered & asked).items():
        of_lists[tuple(where)] += number
    return of_lists


def is_deep(call: Call, edge: str) -> bool:
    return call.path.endswith(edge) and "after" in call.params and call.status == 200 and not call.fault


def place(call: Call) -> tuple[str, str, str, str]:
    """Which part of which list: a cursor's place without what makes each cursor another."""
    cursor = call.params["after"]
    sealed = urlsafe_b64decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[4:])
    folder = call.params.get("folder", "")
    return call.path, call.params.get("platform", ""), folder, sealed[SEAL_BYTES:].decode().rpartition("|")[0]


def read_threads(calls: list[Call]) -> set[str]:
    return {call.path for call in calls if is_deep(call, "/messages")}
