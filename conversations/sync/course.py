"""The course of a run, kept small: where it was when, and its pauses.

A sample is [second, done, events, requests, total]: seconds since the start, threads done (synced and
skipped), new messages, calls, the best known number of threads. A wait is {"at", "seconds", "status", "why"}:
seconds since the start, how long, `waiting` or `retrying`, the reason (for managers).
"""

from typing import Any

from conversations.models import SyncRun

SAMPLES = 120  # of more every second one is dropped
EVERY_SECONDS = 2.0  # at first; of a long run its SAMPLES-th part and more
WAITS = 60  # the newest
SAME_WAIT_SECONDS = 5  # a pause for the same reason this soon after one is the same pause

Sample = list[float]


def take_sample(run: SyncRun) -> bool:
    """Adds where the run is now, if that is due: at its start, every few seconds, at its end."""
    if run.started_at is None or run.alive_at is None:
        return False
    second = round((run.alive_at - run.started_at).total_seconds(), 1)
    last = run.samples[-1][0] if run.samples else None
    if last is not None and run.ended_at is None and second < last + _pause(last):
        return False
    samples = [*run.samples, _sample(run, second)]
    run.samples = samples if len(samples) <= SAMPLES else [*samples[:-1:2], samples[-1]]
    return True


def _pause(last: float) -> float:
    """Twice a long run's share: what was thinned once lies as far apart."""
    return max(EVERY_SECONDS, 2 * last / SAMPLES)


def _sample(run: SyncRun, second: float) -> Sample:
    return [second, run.synced + run.skipped, run.events_created, run.requests, run.total]


def note_wait(run: SyncRun, seconds: float) -> None:
    """The run, whose status and `waits_for` tell it already, pauses from now on for these seconds."""
    if run.started_at is None or run.waits_until is None:
        return
    until = (run.waits_until - run.started_at).total_seconds()
    wait: dict[str, Any] = {
        "at": until - seconds,
        "seconds": seconds,
        "status": str(run.status),
        "why": run.waits_for,
    }
    waits = list(run.waits)
    if waits and _goes_on(waits[-1], wait):
        before = waits.pop()
        wait |= {"at": before["at"], "seconds": max(until, before["at"] + before["seconds"]) - before["at"]}
    rounded = wait | {"at": round(wait["at"], 1), "seconds": round(wait["seconds"], 1)}
    run.waits = [*waits, rounded][-WAITS:]


def _goes_on(before: dict, wait: dict) -> bool:
    """Several threads pause for one reason at once, and what is asked again may fail again."""
    is_same = (before["status"], before["why"]) == (wait["status"], wait["why"])
    return is_same and wait["at"] <= before["at"] + before["seconds"] + SAME_WAIT_SECONDS
