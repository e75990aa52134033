"""python -m tests.suite: all tests on the wheel's PostgreSQL, those near the database on the machine's, too.

POSTGRES=wheel or system: all of them on that one alone. SEED=7: the files in that order again.
"""

import os
import random
import subprocess
import sys

from inbox.postgres import PostgresError
from inbox.postgres.owner import of_new_data
from inbox.postgres.programs import machine

from .postgres import asked_for

# What a PostgreSQL of another version may answer differently.
NEAR_THE_DATABASE = [
    "tests/conversations/api/test_filters.py",
    "tests/conversations/forgetting",
    "tests/conversations/reading",
    "tests/conversations/sync/test_audit.py",
    "tests/conversations/sync/test_copying.py",
    "tests/conversations/sync/test_hostile_texts.py",
    "tests/conversations/sync/test_ledger.py",
    "tests/conversations/sync/test_lists.py",
    "tests/conversations/sync/test_loader.py",
    "tests/conversations/sync/test_loader_history.py",
    "tests/conversations/sync/test_merge.py",
    "tests/conversations/sync/test_runs.py",
    "tests/conversations/sync/test_store.py",
    "tests/conversations/sync/test_takeover.py",
    "tests/conversations/sync/test_tally.py",
    "tests/conversations/sync/test_walk.py",
    "tests/conversations/test_budget.py",
    "tests/conversations/test_checking.py",
    "tests/conversations/test_jobs.py",
    "tests/conversations/test_locks.py",
    "tests/conversations/test_querysets.py",
    "tests/conversations/test_repair.py",
    "tests/conversations/test_schema_repair.py",
    "tests/conversations/test_sql.py",
    "tests/conversations/test_tagging.py",
    "tests/conversations/test_text.py",
    "tests/inbox/postgres/test_checkout.py",
    "tests/inbox/postgres/test_server.py",
    "tests/tags",
]


def main() -> int:
    seed = os.environ.get("SEED") or str(random.randrange(1_000_000))
    for server, tests in plan():
        if code := run(server, seed, tests):
            print(f"\nThe same again: make test POSTGRES={server} SEED={seed}", file=sys.stderr)  # noqa: T201 - for who is at the terminal
            return code
    return 0


def plan() -> list[tuple[str, list[str]]]:
    """Which tests on which server; in CI always all of them on the wheel's."""
    asked = asked_for()
    if asked == "system" and os.environ.get("CI") == "true":
        raise PostgresError("POSTGRES=system with CI=true: CI runs the tests on the wheel's PostgreSQL, too")
    if asked:
        return [(asked, [])]
    if not machine(of_new_data()):
        print("No PostgreSQL is installed here: the tests run on the wheel's only.")  # noqa: T201 - for who is at the terminal
        return [("wheel", [])]
    return [("wheel", []), ("system", NEAR_THE_DATABASE)]


def run(server: str, seed: str, tests: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]
    command += ["--no-loadscope-reorder", "--order-seed", seed, *tests]  # in our order, not by their number
    return subprocess.run(command, env=os.environ | {"POSTGRES": server}, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PostgresError as error:
        sys.exit(f"inbox: {error}")
