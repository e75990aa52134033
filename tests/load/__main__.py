"""`make load`: staff, first syncs, webhooks and streams at the same time; writes their part of docs/scale.md.

Exits with 1 if something was lost. Goals of time that were missed are in the document.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.cluster import ROOT, Cluster, cluster
from tests.benchmarks.facebook import World, facebook
from tests.benchmarks.machine import machine
from tests.benchmarks.measure import EngineFailure

from . import checks, report
from .processes import DATABASE, LOCUST, Installation, LoadFailed, fill, running, start_locust
from .samples import Sampler
from .sizes import Sizes

STATEMENTS_SHOWN = 15


def main() -> int:
    try:
        sizes = Sizes.from_environment()
        if not LOCUST.exists():
            raise LoadFailed("locust is missing: run `make load`, which installs it into .venv-load")
        measured = load(sizes)
    except (LoadFailed, EngineFailure, ValueError) as error:
        print(f"load: {error}", file=sys.stderr)  # noqa: T201 - for who is at the terminal
        return 2
    folder = Path(os.environ.get("INTO") or ROOT / "docs")
    say(report.write(measured, folder))
    return 0 if all(check.is_met for check in measured.checks) else 1


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - for who is at the terminal


def load(sizes: Sizes) -> report.Measured:
    world = World(sizes.synced_conversations, sizes.messages, pages=sizes.syncs)
    with cluster() as server, facebook(world) as graph, tempfile.TemporaryDirectory() as name:
        started = time.monotonic()
        rows = fill(server, graph, sizes)
        say(f"{sizes.conversations:,} conversations built in {time.monotonic() - started:.0f} s")
        with running(server, graph, Path(name)) as installation:
            return run(installation, sizes, rows)


def run(installation: Installation, sizes: Sizes, rows: dict[str, Any]) -> report.Measured:
    sampler, begun = Sampler(installation.processes()), time.time()
    locust = start_locust(installation, sizes, rows)
    sampler.add("locust", psutil.Process(locust.pid))
    start, end, statements = play(installation, sizes, locust, sampler)
    waited = checks.wait_until_done(installation)
    say(f"all work was done {waited:.0f} s after the load")
    times, seen = installation.stop_web(), checks.read_seen(installation.folder)
    syncs = checks.read_syncs(installation)
    return report.Measured(
        sizes=sizes,
        started=start,
        ended=end,
        begun=begun,
        requests=[row for row in times["requests"] if start <= row["at"] <= end],
        loop_delays=[late for at, late in times["loop_delays"] if start <= at <= end],
        usages=sampler.usages,
        statements=statements,
        waits=[wait for wait in checks.waits_of(seen) if wait < inf],
        checks=checks.check_all(installation, sizes, seen, syncs),
        syncs=syncs,
        machine=machine(installation.cluster),
    )


def play(
    installation: Installation, sizes: Sizes, locust: subprocess.Popen, sampler: Sampler
) -> tuple[float, float, list[tuple] | None]:
    """Wait until locust has ended. Return the start and the end of what is measured, and its statements."""
    try:
        time.sleep(sizes.warm_up)
        sampler.begin()
        forget_statements(installation.cluster)
        start = time.time()
        with suppress(subprocess.TimeoutExpired):  # it ends earlier if it fails
            locust.wait(sizes.seconds - sizes.warm_up)
        end = time.time()
        sampler.stop()
        statements = slowest(installation.cluster)
        locust.wait(6 * sizes.last_seconds)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"locust does not end: {last_lines(installation)}") from None
    finally:
        locust.kill()
    if not (installation.folder / "seen.json").exists():
        raise LoadFailed(f"locust failed: {last_lines(installation)}")
    say(last_lines(installation))
    return start, end, statements


def last_lines(installation: Installation) -> str:
    return "\n".join((installation.folder / "locust.log").read_text().splitlines()[-40:])


def forget_statements(server: Cluster) -> None:
    if server.counts_statements:
        with server.server.connect() as connection:
            connection.execute("SELECT pg_stat_statements_reset()")


def slowest(server: Cluster) -> list[tuple] | None:
    if not server.counts_statements:
        return None
    with server.server.connect() as connection:
        query = checks.STATEMENTS["slowest"].encode()
        return connection.execute(query, [DATABASE, STATEMENTS_SHOWN]).fetchall()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM stops the processes, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
