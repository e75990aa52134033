"""The page *System*: what the installation does now, in words; system_charts.py draws its numbers."""

from collections.abc import Iterator
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from conversations.admin import charts
from conversations.admin.system_charts import all_charts, counter, gauge
from conversations.lib.durations import format_duration
from conversations.monitoring.readings import (
    LIMIT,
    Backlog,
    BudgetReading,
    DatabaseReading,
    PageReading,
    Readings,
    reader,
)

LATE_SECONDS = 60.0  # what waits longer is a problem
NEAR = 0.8  # of the connections that PostgreSQL allows
EXPIRES_SECONDS = 7 * 86_400.0
GOOD, BAD = "done", "error"  # values of data-status, for which admin.css has colors


class Tile(NamedTuple):
    """One part of the installation and how it is, in words. `state` is GOOD, BAD, or "" for a mere number."""

    label: str
    text: str
    state: str = ""
    url: str = ""


def system_page(site, request: HttpRequest) -> HttpResponse:
    if not request.user.is_superuser:
        raise PermissionDenied
    readings = reader.readings()
    context = {
        **site.each_context(request),
        "title": gettext("System"),
        "tiles": [*tiles(readings)],
        "charts": [*all_charts(readings)],
        "processes": [*processes(readings)],
        "is_complete": readings.is_complete,
    }
    return TemplateResponse(request, "admin/system.html", context)


# -- tiles -------------------------------------------------------------------------------------------------
def tiles(readings: Readings) -> Iterator[Tile]:
    if readings.backlog is None or readings.database is None:
        return
    yield from backlog_tiles(readings, readings.backlog)
    yield page_tile(readings.pages)
    yield calls_tile(readings.budgets)
    yield database_tile(readings.database)
    yield web_tile(readings)


def backlog_tiles(readings: Readings, backlog: Backlog) -> Iterator[Tile]:
    yield waiting_tile(
        gettext("Search index"),
        ngettext("%(number)s conversation waits", "%(number)s conversations wait", backlog.index_queue),
        backlog.index_queue,
        backlog.index_lag_seconds,
        gettext("up to date"),
    )
    yield waiting_tile(
        gettext("Webhooks"),
        ngettext("%(number)s delivery waits", "%(number)s deliveries wait", backlog.webhooks),
        backlog.webhooks,
        max([backlog.unassigned_webhook_seconds, *(page.webhook_lag_seconds for page in readings.pages)]),
        gettext("none waits"),
    )._replace(url=reverse("admin:conversations_webhookdelivery_changelist"))
    yield jobs_tile(readings)
    yield worker_tile(backlog)
    yield outbox_tile(readings, backlog)


def waiting_tile(label: str, waits: str, number: int, seconds: float, none: str) -> Tile:
    """Say how many wait, and how long the first one has waited. A count that stopped at LIMIT has a plus."""
    if not number:
        return Tile(label, none, GOOD)
    text = waits % {"number": charts.integer(number) + "+" * (number >= LIMIT)}
    since = gettext("the oldest for %(duration)s") % {"duration": format_duration(seconds)}
    return Tile(label, f"{text}, {since}", BAD if seconds > LATE_SECONDS else GOOD)


def jobs_tile(readings: Readings) -> Tile:
    waiting = sum(queue.waiting for queue in readings.queues)
    oldest = max([0.0, *(queue.age_seconds for queue in readings.queues)])
    waits = ngettext("%(number)s job waits", "%(number)s jobs wait", waiting)
    tile = waiting_tile(gettext("Jobs"), waits, waiting, oldest, gettext("none waits"))
    return tile._replace(url=reverse("admin:procrastinate_procrastinatejob_changelist"))


def worker_tile(backlog: Backlog) -> Tile:
    if not backlog.workers:
        return Tile(gettext("Workers"), gettext("none: nothing is synced or sent"), BAD)
    return Tile(gettext("Workers"), gettext("%(number)s running") % {"number": backlog.workers}, GOOD)


def outbox_tile(readings: Readings, backlog: Backlog) -> Tile:
    numbers = {row.state: row.number for row in readings.outbox}
    parts = [
        gettext("%(number)s sent") % {"number": charts.integer(numbers.get("sent", 0))},
        gettext("%(number)s failed") % {"number": charts.integer(numbers.get("failed", 0))},
    ]
    if backlog.outbox_lag_seconds:
        late = {"duration": format_duration(backlog.outbox_lag_seconds)}
        parts.append(gettext("the oldest has waited %(duration)s") % late)
    state = BAD if backlog.outbox_lag_seconds > LATE_SECONDS else GOOD
    url = reverse("admin:conversations_outgoingmessage_changelist")
    return Tile(gettext("Answers of a day"), ", ".join(parts), state, url)


def page_tile(pages: list[PageReading]) -> Tile:
    url, label = reverse("admin:conversations_page_changelist"), gettext("Pages")
    if not pages:
        return Tile(label, gettext("none is connected"), url=url)
    lost = sum(not page.is_connected for page in pages)
    if lost:
        numbers = {"lost": lost, "all": len(pages)}
        return Tile(label, gettext("%(lost)s of %(all)s must be reconnected") % numbers, BAD, url)
    ending = sum(page.access_seconds is not None and page.access_seconds < EXPIRES_SECONDS for page in pages)
    if ending:
        text = ngettext(
            "the access to %(number)s Page ends within a week",
            "the access to %(number)s Pages ends within a week",
            ending,
        )
        return Tile(label, text % {"number": ending}, BAD, url)
    return Tile(label, gettext("%(number)s connected") % {"number": len(pages)}, GOOD, url)


def calls_tile(budgets: list[BudgetReading]) -> Tile:
    label, url = gettext("Calls to Facebook"), reverse("admin:conversations_callbudget_changelist")
    if closed := [budget.closed_seconds for budget in budgets if budget.closed_seconds]:
        text = ngettext(
            "Facebook wants none for %(number)s Page, for %(duration)s",
            "Facebook wants none for %(number)s Pages, for up to %(duration)s",
            len(closed),
        )
        numbers = {"number": len(closed), "duration": format_duration(max(closed))}
        return Tile(label, text % numbers, BAD, url)
    calls = sum(budget.calls for budget in budgets)
    failed = sum(budget.throttled + budget.transient + budget.refused for budget in budgets)
    numbers = {"calls": charts.integer(calls), "failed": charts.integer(failed)}
    return Tile(label, gettext("%(calls)s in all, %(failed)s failed") % numbers, GOOD, url)


def database_tile(database: DatabaseReading) -> Tile:
    numbers = {
        "size": filesizeformat(database.size_bytes),
        "used": database.all_connections,
        "all": database.max_connections,
    }
    is_near = database.all_connections > NEAR * database.max_connections
    text = gettext("%(size)s, %(used)s of %(all)s connections") % numbers
    return Tile(gettext("Database"), text, BAD if is_near else GOOD)


def web_tile(readings: Readings) -> Tile:
    web = [numbers for numbers in readings.processes.values() if is_web(numbers)]
    number = len(web)
    memory = sum(gauge(numbers, "inbox_process_memory_bytes") for numbers in web)
    text = ngettext(
        "%(number)s process, %(memory)s of memory", "%(number)s processes, %(memory)s of memory", number
    )
    return Tile(gettext("Web"), text % {"number": number, "memory": filesizeformat(memory)}, GOOD)


# -- processes ---------------------------------------------------------------------------------------------
def is_web(numbers: dict) -> bool:
    """Whether the process serves requests, as workers do not."""
    return any(name == "inbox_requests_at_work" for name, *_ in numbers["gauges"])


def processes(readings: Readings) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each web process and worker and its numbers, as the columns of admin/system.html."""
    for process, numbers in sorted(readings.processes.items()):
        yield (
            process,
            [
                format_duration(gauge(numbers, "inbox_process_uptime_seconds")),
                filesizeformat(gauge(numbers, "inbox_process_memory_bytes")),
                charts.integer(counter(numbers, "inbox_http_requests")),
                charts.integer(gauge(numbers, "inbox_requests_at_work")),
                charts.integer(gauge(numbers, "inbox_streams_open")),
                charts.integer(gauge(numbers, "inbox_pool_connections")),
                charts.integer(gauge(numbers, "inbox_worker_jobs")),
            ],
        )
