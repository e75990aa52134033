"""Jobs log under their own id and under the ids of the request, run or job that deferred them.

The arguments of a queued task are a contract with other programs, so the ids are in a table of their own
(`conversations.JobOrigin`), which is written in the statement that defers the job.
"""

from contextlib import suppress
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from conversations.lib.log_ids import Id, add_log_ids, current_ids
from conversations.lib.sql_files import read_statements

STATEMENTS = read_statements(__file__)
OWN = ("job", "task")  # the new job has its own


class OriginKeeper(JobManager):
    """Keeps with each deferred job the ids under which the code that deferred it logs."""

    def _defer_jobs_query_kwargs(self, jobs: list[Job]) -> dict[str, Any]:
        arguments = super()._defer_jobs_query_kwargs(jobs)
        if ids := origin():
            arguments |= {"query": STATEMENTS["defer"], "ids": ids}
        return arguments


def origin() -> dict[str, Id]:
    ids = current_ids()
    kept = {name: value for name, value in ids.items() if name not in OWN}
    return kept | ({"from_job": ids["job"]} if "job" in ids else {})


def keep_origins(app: App) -> None:
    """Let this app defer jobs with their origin, and work under it. procrastinate calls it at the start."""
    app.job_manager = OriginKeeper(app.connector)
    app.worker_defaults = {**app.worker_defaults, "worker_middleware": [log_under_ids]}


async def log_under_ids(call_next: AsyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Run a job under its ids, as a middleware of the worker.

    They stay until the end of the job's asyncio task, as the worker logs there how the job ended.
    """
    add_log_ids(job=context.job.id or 0, task=context.job.task_name)
    with suppress(ConnectorException):  # a job without its origin is better than none
        add_log_ids(**await origin_of(context))
    return await call_next()


async def origin_of(context: JobContext) -> dict[str, Id]:
    if "timestamp" in context.job.task_kwargs:  # the schedule deferred it
        return {}
    rows = await context.app.connector.execute_query_all_async(STATEMENTS["origin"], job=context.job.id)
    return dict(rows[0]["ids"]) if rows else {}
