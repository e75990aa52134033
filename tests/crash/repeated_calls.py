"""Counts the calls to Facebook that an interrupted run and the run after it both made."""

from base64 import urlsafe_b64decode
from collections import Counter
from dataclasses import dataclass

from conversations.sandbox.call_log import Call
from conversations.sandbox.responses.paging import SEAL_BYTES


@dataclass(frozen=True)
class RepeatedCalls:
    """Calls that were answered in both runs. The first call of a list, always repeated, is not counted."""

    batches: int  # of conversations, in the list with the most repeated batches
    messages: int  # batches of the older messages of a thread
    threads: int  # threads whose older messages were requested in both runs

    @classmethod
    def between(cls, interrupted: list[Call], following: list[Call]) -> "RepeatedCalls":
        return cls(
            max(count_by_list(interrupted, following, "/conversations").values(), default=0),
            sum(count_by_list(interrupted, following, "/messages").values()),
            len(threads_with_older_messages(interrupted) & threads_with_older_messages(following)),
        )


def count_by_list(interrupted: list[Call], following: list[Call], edge: str) -> Counter[tuple[str, ...]]:
    """Count per list, because the inbox and the folders are read in parallel."""
    before, after = (
        Counter(position(call) for call in calls if is_following_page(call, edge))
        for calls in (interrupted, following)
    )
    counts: Counter[tuple[str, ...]] = Counter()
    for (*list_key, _), number in (before & after).items():
        counts[tuple(list_key)] += number
    return counts


def is_following_page(call: Call, edge: str) -> bool:
    return call.path.endswith(edge) and "after" in call.params and call.status == 200 and not call.fault


def position(call: Call) -> tuple[str, str, str, str]:
    """Return the list and the position in it, without the part of a cursor that differs in each response."""
    cursor = call.params["after"]
    sealed = urlsafe_b64decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[4:])
    folder = call.params.get("folder", "")
    return call.path, call.params.get("platform", ""), folder, sealed[SEAL_BYTES:].decode().rpartition("|")[0]


def threads_with_older_messages(calls: list[Call]) -> set[str]:
    return {call.path for call in calls if is_following_page(call, "/messages")}
