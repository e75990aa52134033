"""`make bench-reads`: builds the databases, measures every query and writes its part of the documents.

ROWS: conversations. COMPARE: measures that many, too, and writes the ratios into docs/scale.md instead; both have
100 Pages then. An interrupted run goes on where it was.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from inbox.postgres import PostgresError, Server
from tests.benchmarks_reads.place import kept_server
from tests.benchmarks_reads.report import write, write_comparison
from tests.benchmarks_reads.results import Measured

ROWS = int(os.environ.get("ROWS") or 2_000_000)
COMPARE = int(os.environ.get("COMPARE") or 0)
PAGES_COMPARED = "100"
DOCS = Path(__file__).parents[2] / "docs"


def main() -> int:
    sizes = [COMPARE, ROWS] if COMPARE else [ROWS]
    try:
        with kept_server(sizes) as server:
            measured = [measure(server, rows) for rows in sizes]
    except (PostgresError, subprocess.CalledProcessError) as error:
        print(f"bench-reads: {error}", file=sys.stderr)
        return 2
    folder = Path(os.environ.get("INTO") or DOCS)
    if COMPARE:
        write_comparison(measured[0], measured[1], folder)
    else:
        write(measured[0], folder)
    return 1 if any("whole table:" in note for one in measured for note in one.notes) else 0


def measure(server: Server, rows: int) -> Measured:
    """Build and measure in a process of its own, unless an earlier run has done it."""
    name, path = f"rows_{rows}", server.home / f"measured-{rows}.json"
    if not path.exists():
        server.create_database(name)
        environment = os.environ | {
            "DATABASE_URL": server.url(name),
            "SECRET_KEY": "public-and-used-only-by-the-benchmarks",
            "DEBUG": "0",
            "DJANGO_SETTINGS_MODULE": "inbox.settings",
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
        }
        if COMPARE:
            environment |= {"PAGES": os.environ.get("PAGES") or PAGES_COMPARED, "BASELINES": "0"}
        command = [sys.executable, "-m", "tests.benchmarks_reads.one", str(rows), str(path)]
        subprocess.run(command, env=environment, check=True)
    return Measured.from_dict(json.loads(path.read_text()))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM stops the server, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this one was.", file=sys.stderr)
        sys.exit(130)
