"""Workers and their queue."""

import time
from collections.abc import Iterator

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicTask

from conversations.lib.durations import format_duration
from conversations.lib.sql_files import read_statements
from conversations.management.doctor.check_results import Result, error, ok, warning
from conversations.tasks import ALIVE_SECONDS

STATEMENTS = read_statements(__file__)
OLD_SECONDS, TOO_OLD_SECONDS = 300, 3600
LATE_SECONDS = 60  # a task may be that late beside its schedule
START = "Start a web process, or with EMBEDDED_WORKER=0 manage.py runworker."


def check_workers() -> Iterator[Result]:
    """The clock of PostgreSQL decides, which writes the heartbeats."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["alive"], {"seconds": ALIVE_SECONDS})
        [alive] = cursor.fetchone()
    yield ok(f"{alive} alive") if alive else error("none is alive: no job is done, no Page is synced", START)


def check_schedule() -> Iterator[Result]:
    """A task is late if it has missed its last two times. One that has never run may be new."""
    app.perform_import_paths()
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["last_times"])
        last = dict(cursor.fetchall())
    tasks = {each.task.name: each for each in app.periodic_registry.periodic_tasks.values()}
    late = [name for name, task in tasks.items() if name in last and last[name] < missed_since(task)]
    if not last:
        yield warning("no scheduled task has run yet", START)
    elif late:
        yield error(f"late: {', '.join(late)}", START)
    else:
        yield ok(f"{len(last)} of {len(tasks)} scheduled tasks have run, none is late")


def missed_since(task: PeriodicTask) -> float:
    """Return the time of the schedule before the last one, less what a task may be late."""
    schedule = task.croniter
    schedule.set_current(time.time(), force=True)
    schedule.get_prev(float)
    return schedule.get_prev(float) - LATE_SECONDS


def check_queue() -> Iterator[Result]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["queue"])
        waiting, age, failed = cursor.fetchone()
    text = f"{waiting} jobs wait, the oldest for {format_duration(age)}" if waiting else "no job waits"
    if age > OLD_SECONDS:
        yield (error if age > TOO_OLD_SECONDS else warning)(text, "Add workers, or see what keeps them.")
    else:
        yield ok(text)
    if failed:
        yield warning(f"{failed} jobs failed within a day", "The log of the workers says why.")
