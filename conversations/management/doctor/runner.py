"""Runs checks one after the other. One that hangs or fails is a result, and does not stop the others."""

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
from django.db import Error, connection

from conversations.lib.log_ids import carried
from conversations.management.doctor.check_results import Check, Level, Result, error, warning

Tick = Callable[[Check], None]

TICK_SECONDS = 0.5
AWAY = warning("not checked, because the database cannot be used", "Mend the database first.")


def run_checks(
    checks: list[Check], *, tick: Tick = lambda check: None
) -> Iterator[tuple[Check, list[Result]]]:
    """Yield the results of each check. Once `database` has failed, those that use it are left out.

    `tick` is called now and then with the check that runs.
    """
    has_database = True
    for check in checks:
        results = run_check(check, tick) if has_database or not check.uses_database else [AWAY]
        if check.key == "database" and any(each.level == Level.ERROR for each in results):
            has_database = False
        yield check, results


def run_check(check: Check, tick: Tick = lambda check: None) -> list[Result]:
    """Return what the check has found until its time was over."""
    results: list[Result] = []
    # A daemon: what hangs must not keep the command from ending.
    thread = threading.Thread(target=carried(_work), args=(check, results), name=check.key, daemon=True)
    thread.start()
    deadline = time.monotonic() + check.seconds
    while thread.is_alive() and (left := deadline - time.monotonic()) > 0:
        thread.join(min(left, TICK_SECONDS))
        tick(check)
    if thread.is_alive():
        late = error(f"no result after {check.seconds:g} seconds", "Repeat it; see whether something hangs.")
        return [*results, late]
    return results


def _work(check: Check, results: list[Result]) -> None:
    try:
        results.extend(check.run())
    except (Error, psycopg.Error) as problem:
        first_line = next(iter(str(problem).splitlines()), "")
        results.append(error(f"the database refuses: {first_line}", "See the log of PostgreSQL."))
    except Exception as problem:  # its text may have anything
        text = f"the check failed ({type(problem).__name__})"
        results.append(error(text, "This is a fault of Inbox: please report it."))
    finally:
        connection.close()
