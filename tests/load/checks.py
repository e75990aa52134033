"""Whether anything was lost: messages of webhooks, rows of syncs, events of streams, tags taken back."""

import json
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import psycopg

from conversations.lib.sql_files import read_statements

from .processes import DATABASE, Installation
from .sizes import Sizes

STATEMENTS = read_statements(__file__)
END_SECONDS = 900  # syncs and webhooks have this long to end after the load


@dataclass(frozen=True)
class Check:
    """What must be so, what was found, and whether nothing is missing."""

    what: str
    found: str
    is_met: bool


@dataclass(frozen=True)
class Sync:
    """The first sync of a Page: its status, seconds, conversations and messages."""

    status: str
    seconds: float
    conversations: int
    messages: int


def wait_until_done(installation: Installation) -> float:
    """Wait until no webhook, sync or message of the index is pending. Return the seconds."""
    started = time.monotonic()
    with psycopg.connect(installation.cluster.url(DATABASE), autocommit=True) as connection:
        while connection.execute(STATEMENTS["pending"].encode()).fetchall()[0][0]:
            if time.monotonic() - started > END_SECONDS:
                break
            time.sleep(0.2)
    return time.monotonic() - started


def read_syncs(installation: Installation) -> list[Sync]:
    ids = [page["id"] for page in installation.facebook.pages]
    with psycopg.connect(installation.cluster.url(DATABASE)) as connection:
        return [Sync(*row) for row in connection.execute(STATEMENTS["syncs"].encode(), [ids]).fetchall()]


def check_all(
    installation: Installation, sizes: Sizes, seen: dict[str, Any], syncs: list[Sync]
) -> list[Check]:
    with psycopg.connect(installation.cluster.url(DATABASE)) as connection:
        stored: dict[str, int] = dict(connection.execute(STATEMENTS["messages"].encode()).fetchall())
        [(pending, left)] = connection.execute(STATEMENTS["left"].encode()).fetchall()
    return [
        check_webhooks(seen, stored, pending),
        check_syncs(sizes, syncs),
        check_streams(seen),
        check_ends(seen, sizes, len(syncs)),
        check_tags(seen, left),
    ]


def check_webhooks(seen: dict[str, Any], stored: dict[str, int], pending: int) -> Check:
    sent = {mid for _, mid, _ in seen["delivered"]}
    missing, doubled = len(sent - stored.keys()), sum(number > 1 for number in stored.values())
    found = f"{len(sent):,} answered with 200, {missing} missing, {doubled} stored twice, {pending} waiting"
    if seen["refused"]:
        found += f"; {len(seen['refused'])} were refused at first and sent again"
    return Check("each message of a webhook is stored once", found, not (missing or doubled or pending))


def check_syncs(sizes: Sizes, syncs: list[Sync]) -> Check:
    rows, messages = sizes.synced_conversations, sizes.synced_conversations * sizes.messages
    exact = sum(
        (sync.status, sync.conversations, sync.messages) == ("complete", rows, messages) for sync in syncs
    )
    found = f"{exact} of {sizes.syncs} complete with {rows:,} conversations and {messages:,} messages each"
    return Check("each first sync is exact", found, exact == sizes.syncs)


def check_streams(seen: dict[str, Any]) -> Check:
    """Each delivery is followed, at each stream, by an event that names its conversation."""
    waits = waits_of(seen)
    missing = sum(wait == inf for wait in waits)
    ended = len(seen["closed_streams"])
    found = f"{len(waits):,} events expected, {missing} missing; {ended} streams refused or ended early"
    return Check("each stream is told of each message", found, not (missing or ended))


def waits_of(seen: dict[str, Any]) -> list[float]:
    """Seconds from the POST of a delivery to the event, for each delivery and stream; infinite: none came.

    An event counts only until the same customer writes again: it could be that message's.
    """
    by_conversation = defaultdict(list)
    for at, _, conversation in sorted(seen["delivered"]):
        by_conversation[conversation].append(at)
    named = [set(ids) if ids is not None else None for ids in seen["events"]]
    return [wait for stream in seen["streams"] for wait in waits_of_stream(stream, by_conversation, named)]


def waits_of_stream(
    stream: dict[str, Any], deliveries: dict[int, list[float]], named: list[set[int] | None]
) -> Iterator[float]:
    everything = [at for at, event in stream["changed"] if named[event] is None]
    times = defaultdict(list)
    for at, event in stream["changed"]:
        for conversation in named[event] or ():
            times[conversation].append(at)
    for conversation, sent in deliveries.items():
        arrived = sorted([*times[conversation], *everything]) if everything else times[conversation]
        for at, end in pairwise([*sent, inf]):
            if at >= stream["opened"] > 0:
                place = bisect_left(arrived, at)
                yield arrived[place] - at if place < len(arrived) and arrived[place] < end else inf


def check_ends(seen: dict[str, Any], sizes: Sizes, runs: int) -> Check:
    """Syncs that ended while the streams were open are told to each of them."""
    told = [len(set(stream["ended"])) for stream in seen["streams"]]
    found = (
        f"{min(told, default=0)} to {max(told, default=0)} ends of {runs} syncs seen by {len(told)} streams"
    )
    is_met = len(told) == sizes.streams and min(told) == max(told)
    return Check("each stream is told of the ends of the same syncs", found, is_met)


def check_tags(seen: dict[str, Any], left: int) -> Check:
    acts, rows = len(seen["tagged"]), sum(seen["tagged"])
    found = f"{acts:,} acts on {rows:,} conversations, {len(seen['not_undone'])} not undone, {left} tags left"
    return Check("each tag was taken back", found, not (seen["not_undone"] or left))


def read_seen(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "seen.json").read_text())
