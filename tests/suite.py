"""python -m tests.suite: run the tests on the PostgreSQL of the wheel and of the machine.

The wheel runs all tests, the machine those near the database, and mypy checks the types. All at the same
time: the second run and mypy have a low priority and get what the first leaves, which often waits. What they
print comes at the end.

FAST=1: only the quick tests, on one server and without mypy.
POSTGRES=wheel or system: all of them on that one alone. SEED=7: the order of files and the random data of
an earlier run.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from inbox.postgres import PostgresError
from inbox.postgres.owner import of_new_data
from inbox.postgres.programs import machine

from .postgres import requested_server

# CI tries the same examples each time, so that its result depends on the change alone. Other runs draw a
# seed, and `make explore` tries many examples.
SEED_OF_CI = "1"

# Tests whose result may depend on the version of PostgreSQL.
NEAR_THE_DATABASE = [
    "tests/conversations/actions/test_tagging.py",
    "tests/conversations/api/test_filters.py",
    "tests/conversations/connections",
    "tests/conversations/imports",
    "tests/conversations/lib",
    "tests/conversations/management/test_deduplicate.py",
    "tests/conversations/management/test_exportdata.py",
    "tests/conversations/management/test_migrate.py",
    "tests/conversations/models",
    "tests/conversations/monitoring",
    "tests/conversations/privacy",
    "tests/conversations/reporting",
    "tests/conversations/search",
    "tests/conversations/sending",
    "tests/conversations/sync/crawl/test_coordinator.py",
    "tests/conversations/sync/crawl/test_list_reader.py",
    "tests/conversations/sync/load",
    "tests/conversations/sync/test_audit.py",
    "tests/conversations/sync/test_counters.py",
    "tests/conversations/sync/test_coverage.py",
    "tests/conversations/sync/test_hostile_texts.py",
    "tests/conversations/sync/test_run_lifecycle.py",
    "tests/conversations/test_tasks.py",
    "tests/conversations/upgrade",
    "tests/conversations/webhooks",
    "tests/inbox/database",
    "tests/inbox/postgres/test_checkout.py",
    "tests/inbox/postgres/test_server.py",
    "tests/tags",
]

# What FAST=1 leaves out: browsers, processes, crashes and the longest files.
SLOW = [
    "tests/benchmarks",
    "tests/browser",
    "tests/conversations/actions/test_refresh.py",
    "tests/conversations/admin/test_base.py",
    "tests/conversations/admin/test_odd_addresses.py",
    "tests/conversations/connections/test_shared_budget.py",
    "tests/conversations/graph/readers/test_larger_lists.py",
    "tests/conversations/graph/readers/test_list_progress.py",
    "tests/conversations/imports/legacy/test_import_and_sync.py",
    "tests/conversations/imports/test_any_order.py",
    "tests/conversations/imports/test_erasure.py",
    "tests/conversations/management",
    "tests/conversations/media/test_archive.py",
    "tests/conversations/media/test_contents.py",
    "tests/conversations/models/test_sql.py",
    "tests/conversations/privacy/test_erase_page.py",
    "tests/conversations/reporting/test_reporting.py",
    "tests/conversations/sandbox/test_sandbox_command.py",
    "tests/conversations/sandbox/test_sdk_clients.py",
    "tests/conversations/search/test_adjacent.py",
    "tests/conversations/search/test_against_naive_search.py",
    "tests/conversations/search/test_filter_bounds.py",
    "tests/conversations/search/test_insight_queries.py",
    "tests/conversations/sending/test_meeting.py",
    "tests/conversations/sending/test_with_sandbox.py",
    "tests/conversations/sync/crawl",
    "tests/conversations/sync/load",
    "tests/conversations/sync/test_any_interleaving.py",
    "tests/conversations/sync/test_audit.py",
    "tests/conversations/sync/test_business_ids.py",
    "tests/conversations/sync/test_cancellation.py",
    "tests/conversations/sync/test_case_twins.py",
    "tests/conversations/sync/test_counters.py",
    "tests/conversations/sync/test_earlier_times.py",
    "tests/conversations/sync/test_endless_lists.py",
    "tests/conversations/sync/test_fault_matrix.py",
    "tests/conversations/sync/test_folders.py",
    "tests/conversations/sync/test_hostile_records.py",
    "tests/conversations/sync/test_hostile_texts.py",
    "tests/conversations/sync/test_interruptions.py",
    "tests/conversations/sync/test_message_forms.py",
    "tests/conversations/sync/test_message_order.py",
    "tests/conversations/sync/test_message_states.py",
    "tests/conversations/sync/test_names.py",
    "tests/conversations/sync/test_people_cases.py",
    "tests/conversations/sync/test_person_ids.py",
    "tests/conversations/sync/test_platforms.py",
    "tests/conversations/sync/test_refusals.py",
    "tests/conversations/sync/test_request_counts.py",
    "tests/conversations/sync/test_service.py",
    "tests/conversations/sync/test_service_failures.py",
    "tests/conversations/sync/test_stored_state.py",
    "tests/conversations/sync/test_timeouts_by_size.py",
    "tests/conversations/sync/test_unreadable_threads.py",
    "tests/conversations/sync/test_usage_of_others.py",
    "tests/conversations/webhooks/test_silence.py",
    "tests/conversations/webhooks/test_with_sandbox.py",
    "tests/conversations/webhooks/test_with_sync.py",
    "tests/crash",
    "tests/deploy",
    "tests/inbox/accounts/test_login_throttle.py",
    "tests/inbox/postgres",
    "tests/inbox/test_settings.py",
    "tests/inbox/test_starts.py",
    "tests/inbox/web/test_handler.py",
    "tests/live",
    "tests/load",
    "tests/test_backup.py",
    "tests/test_end_to_end.py",
    "tests/test_roles.py",
    "tests/upgrade",
]

TYPE_CHECK = [sys.executable, "-m", "mypy", "."]
PROCESSORS = os.cpu_count() or 1
# Each worker costs a server, a collection and the migrations. One more than there are processors is worth it
# where tests wait: for a browser, a process, the end of a pause.
WORKERS_OF_PARTS, WORKERS_OF_ALL = PROCESSORS, PROCESSORS + 1
LOW_PRIORITY = 10


def main() -> int:
    if os.environ.get("FAST"):
        return run_all()
    with tempfile.TemporaryFile("w+") as output, start_mypy(output) as types:
        code = run_all()
        types.wait()
        output.seek(0)
        print(f"\nmypy: {output.read().strip()}")  # noqa: T201 - for who is at the terminal
    return code or types.returncode


def start_mypy(output: IO[str]) -> subprocess.Popen:
    environment = os.environ | {"DATABASE_URL": "postgresql:///unused", "SECRET_KEY": "unused" * 6}
    return lowered(subprocess.Popen(TYPE_CHECK, stdout=output, stderr=output, env=environment))


def lowered(process: subprocess.Popen) -> subprocess.Popen:
    """Give it, and what it will start, a lower priority than ours."""
    os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + LOW_PRIORITY)
    return process


def run_all() -> int:
    is_ci = os.environ.get("CI") == "true"
    seed = os.environ.get("SEED") or (SEED_OF_CI if is_ci else str(random.randrange(1_000_000)))
    (server, options), *others = plan()
    with ExitStack() as stack:
        started = [stack.enter_context(in_background(*other, seed)) for other in others]
        with start(server, seed, options) as first:
            results = [(server, first.wait())]
        results += [
            (other, finish(background)) for (other, _), background in zip(others, started, strict=True)
        ]
    for server, code in results:
        if code:
            print(f"\nThe same again: make test POSTGRES={server} SEED={seed}", file=sys.stderr)  # noqa: T201 - for who is at the terminal
    return next((code for _, code in results if code), 0)


@contextmanager
def in_background(server: str, options: list[str], seed: str) -> Iterator[tuple[subprocess.Popen, IO[str]]]:
    """Start a run that gets the processor time that others leave, and whose output is kept."""
    with tempfile.TemporaryFile("w+") as output:
        process = lowered(start(server, seed, options, output))
        try:
            yield process, output
        finally:
            process.terminate()  # nothing to do unless the other run was interrupted
            process.wait()


def finish(background: tuple[subprocess.Popen, IO[str]]) -> int:
    """Wait for the run, print its output and return its code."""
    process, output = background
    code = process.wait()
    output.seek(0)
    print(output.read())  # noqa: T201 - for who is at the terminal
    return code


def plan() -> list[tuple[str, list[str]]]:
    """(server, options) of each run; no options: all tests. CI always runs all on the server of the wheel."""
    asked = requested_server()
    if asked == "system" and os.environ.get("CI") == "true":
        raise PostgresError("POSTGRES=system with CI=true: CI runs the tests on the wheel's PostgreSQL, too")
    if os.environ.get("FAST"):
        print(f"FAST=1 leaves out mypy, a second PostgreSQL and {', '.join(SLOW)}.")  # noqa: T201 - for who is at the terminal
        return [(asked or "wheel", [f"--ignore={path}" for path in SLOW])]
    if asked:
        return [(asked, [])]
    if not machine(of_new_data()):
        print("No PostgreSQL is installed here: the tests run on the wheel's only.")  # noqa: T201 - for who is at the terminal
        return [("wheel", [])]
    return [("wheel", []), ("system", NEAR_THE_DATABASE)]


def start(server: str, seed: str, options: list[str], output: IO[str] | None = None) -> subprocess.Popen:
    workers = WORKERS_OF_PARTS if options else WORKERS_OF_ALL
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "loadfile"]
    command += ["--no-loadscope-reorder", "--order-seed", seed]  # in our order, not by their number
    command += ["--hypothesis-seed", seed, *options]
    # Modules are compiled once and not by each of many processes, also where the environment forbids that.
    environment = os.environ | {"POSTGRES": server, "PYTHONDONTWRITEBYTECODE": "", "SEED": seed}
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PostgresError as error:
        sys.exit(f"inbox: {error}")
