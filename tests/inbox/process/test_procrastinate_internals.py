"""What we use of procrastinate that is not public: a new version may change it without notice.

None of it has a public way. A middleware of the worker ends before the place of its job is free; the public
`listen_notify()` would have to be written again for its connection; and the ids of a job belong into the
statement that defers it.
"""

import inspect
import re
from asyncio import Event
from typing import Any

import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.manager import JobManager
from procrastinate.sql import queries
from procrastinate.testing import InMemoryConnector
from procrastinate.worker import Worker

from inbox.logs.job_ids import STATEMENTS, OriginKeeper
from inbox.process.job_connector import JobConnector
from inbox.process.worker import QueueWorker

# Each class of ours, the class from which it is derived, and what it uses: methods with their parameters, and
# attributes with their type.
USED: dict[type, tuple[type, dict[str, Any]]] = {
    QueueWorker: (
        Worker,
        {
            "_process_job": ["self", "context"],
            "_persist_job_status": ["self", "job", "status", "retry_decision", "context", "job_result"],
            "_running_jobs": dict,
            "_new_job_event": Event,
        },
    ),
    JobConnector: (PsycopgConnector, {"_get_standalone_connection": ["self"]}),
    OriginKeeper: (JobManager, {"_defer_jobs_query_kwargs": ["self", "jobs"]}),
}
OWN = {"_places"}
NAMES = [(ours, name) for ours, (_, names) in USED.items() for name in names]


def changed(ours: type, name: str) -> str:
    """Say what is no longer as we use it; "" if it is."""
    base, names = USED[ours]
    subject = f"{base.__name__}.{name}, which {ours.__module__}.{ours.__name__} uses,"
    if isinstance(names[name], list):
        method = getattr(base, name, None)
        if method is None:
            return f"{subject} is missing in this version of procrastinate"
        parameters = list(inspect.signature(method).parameters)
        return "" if parameters == names[name] else f"{subject} has other parameters: {parameters}"
    found = getattr(base(App(connector=InMemoryConnector())), name, None)
    return "" if isinstance(found, names[name]) else f"{subject} is missing or of another type: {found!r}"


@pytest.mark.parametrize(("ours", "name"), NAMES)
def test_it_is_as_we_use_it(ours, name):
    assert changed(ours, name) == ""


@pytest.mark.parametrize("ours", USED)
def test_nothing_else_that_is_not_public_is_used(ours):
    source = inspect.getsource(ours)
    found = re.findall(r"(?:self\.|super\(\)\.|def )(_[a-z]\w*)", source)
    assert set(found) - OWN == set(USED[ours][1])


def test_a_worker_reads_its_queues_each_time_it_fetches_a_job():
    """Our property `queues` replaces an attribute of this class."""
    assert "queues=self.queues" in inspect.getsource(Worker)


def test_jobs_are_deferred_by_the_function_that_our_statement_calls():
    [theirs, ours] = ["".join(text.split()) for text in (queries["defer_jobs"], STATEMENTS["defer"])]
    assert theirs.removeprefix("SELECT").removesuffix("ASid;") in ours
