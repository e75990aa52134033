"""The charts of the page *System*, of the same readings as `/metrics`."""

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from conversations.admin import charts
from conversations.lib.durations import format_duration
from conversations.lib.process_numbers import BUCKETS
from conversations.monitoring.readings import DatabaseReading, PageReading, Readings

MAX_BARS = 20  # of a chart: of more Pages those with the largest numbers


def all_charts(readings: Readings) -> Iterator[SafeString]:
    if readings.pages:
        yield sync_chart(readings.pages)
        yield calls_chart(readings)
    if readings.queues:
        yield queues_chart(readings)
    yield requests_chart(readings)
    if readings.database is not None:
        yield tables_chart(readings)
        yield connections_chart(readings.database)


def page_url(page: PageReading) -> str:
    return reverse("admin:conversations_page_change", args=[page.id])


def sync_chart(pages: list[PageReading]) -> SafeString:
    oldest = sorted(pages, key=lambda page: -page.sync_age_seconds)[:MAX_BARS]
    never = sum(not page.was_synced for page in pages)
    summary = gettext("Since the last complete sync of each Page, those that wait longest first.")
    if never:
        text = ngettext("%(number)s was never synced.", "%(number)s were never synced.", never)
        summary = f"{summary} {text % {'number': never}}"
    return charts.named_bars(
        [(page.name or page.facebook_id, "", page.sync_age_seconds, page_url(page)) for page in oldest],
        title=gettext("Time since the last sync"),
        summary=summary,
        empty="",
        number_format=format_duration,
    )


def calls_chart(readings: Readings) -> SafeString:
    calls = {
        page: sum(budget.calls for budget in readings.budgets if budget.facebook_id == page.facebook_id)
        for page in readings.pages
    }
    most = sorted(calls, key=lambda page: -calls[page])[:MAX_BARS]
    waited = sum(budget.waited_seconds for budget in readings.budgets)
    throttled = sum(budget.throttled for budget in readings.budgets)
    summary = gettext("%(throttled)s were too many; all of them waited %(duration)s for their turn.")
    return charts.named_bars(
        [(page.name or page.facebook_id, "", calls[page], page_url(page)) for page in most],
        title=gettext("Calls to Facebook"),
        summary=summary % {"throttled": charts.integer(throttled), "duration": format_duration(waited)},
        empty="",
    )


def queues_chart(readings: Readings) -> SafeString:
    url = reverse("admin:procrastinate_procrastinatejob_changelist")
    working = sum(queue.working for queue in readings.queues)
    text = ngettext("Workers work on %(number)s job.", "Workers work on %(number)s jobs.", working)
    return charts.named_bars(
        [(queue.name, "", queue.waiting, url) for queue in readings.queues],
        title=gettext("Jobs that wait"),
        summary=text % {"number": charts.integer(working)},
        empty="",
    )


def requests_chart(readings: Readings) -> SafeString:
    counts = request_durations(readings)
    rows = [
        (gettext("up to %(duration)s") % {"duration": milliseconds(bound)}, "", number, "")
        for bound, number in zip(BUCKETS, counts, strict=False)
    ]
    rows.append(
        (gettext("more than %(duration)s") % {"duration": milliseconds(BUCKETS[-1])}, "", counts[-1], "")
    )
    slowest = max((place for place, (_, _, number, _) in enumerate(rows) if number), default=0)
    refused = sum(counter(numbers, "inbox_http_requests_refused") for numbers in readings.processes.values())
    text = gettext("%(number)s requests since these processes have started, %(refused)s refused by a limit.")
    return charts.named_bars(
        rows[: slowest + 1],
        title=gettext("Time until an answer"),
        summary=text % {"number": charts.integer(sum(counts)), "refused": charts.integer(refused)},
        empty="",
    )


def request_durations(readings: Readings) -> list[float]:
    """Return how many requests of all processes are in each of BUCKETS, and above."""
    sums = [0.0] * (len(BUCKETS) + 1)
    for numbers in readings.processes.values():
        for name, _, counts, _ in numbers["histograms"]:
            if name == "inbox_http_request_seconds" and len(counts) == len(sums):
                sums = [before + count for before, count in zip(sums, counts, strict=True)]
    return [number - before for number, before in zip(sums, [0.0, *sums], strict=False)]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def tables_chart(readings: Readings) -> SafeString:
    largest = sorted(readings.tables, key=lambda table: -table.size_bytes)
    written = sum(table.inserted + table.updated + table.deleted for table in readings.tables)
    text = gettext("With indexes. %(number)s rows were written since PostgreSQL began to count.")
    return charts.named_bars(
        [(table.name, "", table.size_bytes, "") for table in largest],
        title=gettext("Tables"),
        summary=text % {"number": charts.integer(written)},
        empty="",
        number_format=filesizeformat,
    )


def connections_chart(database: DatabaseReading) -> SafeString:
    oldest = format_duration(database.oldest_transaction_seconds)
    return charts.named_bars(
        [(state, "", number, "") for state, number in sorted(database.connections.items())],
        title=gettext("Connections to the database"),
        summary=gettext("The oldest transaction is open for %(duration)s.") % {"duration": oldest},
        empty="",
    )


# -- the numbers of a process ------------------------------------------------------------------------------
def gauge(numbers: dict, name: str) -> float:
    return sum(value for found, _, value in numbers["gauges"] if found == name)


def counter(numbers: dict, name: str) -> float:
    return sum(value for found, _, value in numbers["counters"] if found == name)
