"""The timeline of a run, limited in size: samples of its progress, and its pauses.

A sample is [second, done, events, requests, total]: seconds since the start, threads done (synced and
skipped), new messages, calls, the best known number of threads. A pause in `SyncRun.waits` is
{"at", "seconds", "status", "why"}: seconds since the start, its length, `waiting` or `retrying`, and the
reason (shown to managers only).
"""

from typing import Any

from conversations.models import SyncRun

MAX_SAMPLES = 120  # beyond this, every second sample is dropped
MIN_INTERVAL_SECONDS = 2.0  # between samples; it grows with the length of the run
MAX_WAITS = 60  # the newest are kept
SAME_WAIT_SECONDS = 5  # a pause that starts this soon after one with the same reason extends it

Sample = list[float]


def take_sample(run: SyncRun) -> bool:
    """Add a sample if one is due: at the start, every few seconds, and at the end. Return whether it was."""
    if run.started_at is None or run.heartbeat_at is None:
        return False
    second = round((run.heartbeat_at - run.started_at).total_seconds(), 1)
    last = run.samples[-1][0] if run.samples else None
    if last is not None and run.ended_at is None and second < last + _interval(last):
        return False
    samples = [*run.samples, _sample(run, second)]
    run.samples = samples if len(samples) <= MAX_SAMPLES else [*samples[:-1:2], samples[-1]]
    return True


def _interval(last: float) -> float:
    """Twice the average interval of a full list, so that new samples are as far apart as thinned ones."""
    return max(MIN_INTERVAL_SECONDS, 2 * last / MAX_SAMPLES)


def _sample(run: SyncRun, second: float) -> Sample:
    return [second, run.done, run.events_created, run.requests, run.total]


def note_wait(run: SyncRun, seconds: float) -> None:
    """Add a pause of this length. The run's `status`, `wait_reason` and `waits_until` describe it already."""
    if run.started_at is None or run.waits_until is None:
        return
    until = (run.waits_until - run.started_at).total_seconds()
    wait: dict[str, Any] = {
        "at": until - seconds,
        "seconds": seconds,
        "status": str(run.status),
        "why": run.wait_reason,
    }
    waits = list(run.waits)
    if waits and _is_continued_by(waits[-1], wait):
        before = waits.pop()
        wait |= {"at": before["at"], "seconds": max(until, before["at"] + before["seconds"]) - before["at"]}
    rounded = wait | {"at": round(wait["at"], 1), "seconds": round(wait["seconds"], 1)}
    run.waits = [*waits, rounded][-MAX_WAITS:]


def _is_continued_by(before: dict, wait: dict) -> bool:
    """Several threads pause for one reason at the same time, and a repeated call may fail again."""
    is_same = (before["status"], before["why"]) == (wait["status"], wait["why"])
    return is_same and wait["at"] <= before["at"] + before["seconds"] + SAME_WAIT_SECONDS
