"""Writes readings in Prometheus' text format. The library is imported when somebody asks for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.lib.process_numbers import BUCKETS
from conversations.monitoring.catalogue import COUNTER, HISTOGRAM, METRICS, PROCESSES
from conversations.monitoring.readings import Backlog, BudgetReading, DatabaseReading, PageReading, Readings

Sample = tuple[str, tuple[str, ...], Any]  # name of the metric, values of its labels, value
BOUNDS = (*map(str, BUCKETS), "+Inf")


def text_of(readings: Readings) -> bytes:
    """Return all metrics as Prometheus' text."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(readings))
    return generate_latest(registry)


class Collector:
    """What prometheus_client asks for its metrics."""

    def __init__(self, readings: Readings):
        self._readings = readings

    def collect(self) -> Iterator[Any]:
        families: dict[str, Any] = {}
        for name, labels, value in samples(self._readings):
            if name not in families:
                families[name] = family_of(name)
            if METRICS[name].kind == HISTOGRAM:
                counts, seconds = value
                buckets = list(zip(BOUNDS, counts, strict=True))
                families[name].add_metric(labels, buckets, seconds)
            else:
                families[name].add_metric(labels, value)
        yield from families.values()


def family_of(name: str) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    metric = METRICS[name]
    kinds: dict[str, Any] = {COUNTER: CounterMetricFamily, HISTOGRAM: HistogramMetricFamily}
    return kinds.get(metric.kind, GaugeMetricFamily)(name, metric.text, labels=metric.labels)


def samples(readings: Readings) -> Iterator[Sample]:
    """Yield all samples. Labels are IDs and names of Pages, states, and names of ours, never of people."""
    yield "inbox_database_up", (), int(readings.is_complete)
    if readings.database is not None:
        yield from of_database(readings.database)
    if readings.backlog is not None:
        yield from of_backlog(readings.backlog)
    yield from of_tables(readings)
    yield from of_queues(readings)
    for page in readings.pages:
        yield from of_page(page)
    for alert in readings.alerts:
        yield "inbox_page_alerts", (alert.facebook_id, alert.cause), 1
    for budget in readings.budgets:
        yield from of_budget(budget)
    for process, numbers in readings.processes.items():
        yield from of_process(process, numbers)


def of_database(database: DatabaseReading) -> Iterator[Sample]:
    yield "inbox_database_size_bytes", (), database.size_bytes
    for state, number in database.connections.items():
        yield "inbox_database_connections", (state,), number
    yield "inbox_database_connections_in_all", (), database.all_connections
    yield "inbox_database_max_connections", (), database.max_connections
    yield "inbox_database_oldest_transaction_seconds", (), database.oldest_transaction_seconds
    yield "inbox_database_commits", (), database.commits
    yield "inbox_database_rollbacks", (), database.rollbacks
    yield "inbox_database_deadlocks", (), database.deadlocks


def of_backlog(backlog: Backlog) -> Iterator[Sample]:
    yield "inbox_search_index_queue", (), backlog.index_queue
    yield "inbox_search_index_lag_seconds", (), backlog.index_lag_seconds
    yield "inbox_webhook_deliveries_pending", (), backlog.webhooks
    yield "inbox_webhook_unassigned_seconds", (), backlog.unassigned_webhook_seconds
    yield "inbox_outbox_lag_seconds", (), backlog.outbox_lag_seconds
    yield "inbox_jobs_failed", (), backlog.failed_jobs
    yield "inbox_workers", (), backlog.workers
    yield "inbox_bulk_operations", (), backlog.bulk_operations
    yield "inbox_exports", (), backlog.exports


def of_tables(readings: Readings) -> Iterator[Sample]:
    for table in readings.tables:
        for act in ("inserted", "updated", "deleted"):
            yield "inbox_table_rows_written", (table.name, act), getattr(table, act)
        yield "inbox_table_dead_rows", (table.name,), table.dead_rows
        yield "inbox_table_size_bytes", (table.name,), table.size_bytes


def of_queues(readings: Readings) -> Iterator[Sample]:
    for queue in readings.queues:
        yield "inbox_jobs_waiting", (queue.name,), queue.waiting
        yield "inbox_jobs_working", (queue.name,), queue.working
        yield "inbox_jobs_oldest_seconds", (queue.name,), queue.age_seconds
    for row in readings.outbox:
        yield "inbox_outbox_messages", (row.state,), row.number


def of_page(page: PageReading) -> Iterator[Sample]:
    label = (page.facebook_id,)
    yield "inbox_page_info", (*label, page.name), 1
    yield "inbox_page_connected", label, int(page.is_connected)
    yield "inbox_page_sync_age_seconds", label, page.sync_age_seconds
    yield "inbox_page_synced", label, int(page.was_synced)
    yield "inbox_page_syncing", label, int(page.is_syncing)
    yield "inbox_page_webhook_state", (*label, page.live_state), 1
    yield "inbox_page_webhook_lag_seconds", label, page.webhook_lag_seconds
    yield "inbox_page_conversations", label, page.conversations
    yield "inbox_page_messages", label, page.messages
    if page.run_status is not None:
        yield "inbox_page_run_state", (*label, page.run_status), 1
    if page.access_seconds is not None:
        yield "inbox_page_access_seconds", label, page.access_seconds
    if page.delivery_age_seconds is not None:
        yield "inbox_page_webhook_age_seconds", label, page.delivery_age_seconds


def of_budget(budget: BudgetReading) -> Iterator[Sample]:
    labels = (budget.facebook_id, budget.platform, budget.kind)
    yield "inbox_graph_calls", labels, budget.calls
    for outcome in ("throttled", "transient", "refused"):
        yield "inbox_graph_failed_calls", (*labels, outcome), getattr(budget, outcome)
    yield "inbox_graph_wait_seconds", labels, budget.waited_seconds
    yield "inbox_graph_closed_seconds", labels, budget.closed_seconds


KNOWN = {metric.name for metric in PROCESSES}


def of_process(process: str, numbers: Mapping[str, list]) -> Iterator[Sample]:
    """Yield the numbers of one process. One of another version may have names that are not known here."""
    for name, labels, value in [*numbers["counters"], *numbers["gauges"]]:
        if name in KNOWN:
            yield name, (process, *labels), value
    for name, labels, counts, seconds in numbers["histograms"]:
        if name in KNOWN and len(counts) == len(BOUNDS):
            yield name, (process, *labels), (counts, seconds)
