"""Every metric that `/metrics` exports. docs/monitoring.md has the same list; a test compares them."""

from typing import NamedTuple

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


class Metric(NamedTuple):
    """One metric. The sample of a counter has the suffix `_total`, which is no part of the name here."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


def of_page(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"inbox_page_{name}", GAUGE, ("page", *labels), text)


def of_calls(name: str, text: str, *labels: str, kind: str = COUNTER) -> Metric:
    return Metric(f"inbox_graph_{name}", kind, ("page", "platform", "kind", *labels), text)


def of_process(name: str, kind: str, text: str, *labels: str) -> Metric:
    return Metric(f"inbox_{name}", kind, ("process", *labels), text)


DATABASE = [
    Metric("inbox_database_up", GAUGE, (), "Whether PostgreSQL has answered all questions in time."),
    Metric("inbox_database_size_bytes", GAUGE, (), "Size of the database."),
    Metric("inbox_database_connections", GAUGE, ("state",), "Connections to this database, by state."),
    Metric("inbox_database_connections_in_all", GAUGE, (), "Connections to all databases of the server."),
    Metric("inbox_database_max_connections", GAUGE, (), "How many connections the server allows."),
    Metric("inbox_database_oldest_transaction_seconds", GAUGE, (), "Age of the oldest open transaction."),
    Metric("inbox_database_commits", COUNTER, (), "Transactions that were committed."),
    Metric("inbox_database_rollbacks", COUNTER, (), "Transactions that were rolled back."),
    Metric("inbox_database_deadlocks", COUNTER, (), "Deadlocks that PostgreSQL has ended."),
    Metric("inbox_table_rows_written", COUNTER, ("table", "act"), "Rows inserted, updated and deleted."),
    Metric("inbox_table_dead_rows", GAUGE, ("table",), "Rows that vacuum has not removed yet."),
    Metric("inbox_table_size_bytes", GAUGE, ("table",), "Size of the table with its indexes."),
]
BACKLOG = [
    Metric("inbox_search_index_queue", GAUGE, (), "Conversations whose messages are not searchable yet."),
    Metric("inbox_search_index_lag_seconds", GAUGE, (), "How long the first of them has waited."),
    Metric("inbox_webhook_deliveries_pending", GAUGE, (), "Webhooks that nobody has worked on yet."),
    Metric("inbox_webhook_unassigned_seconds", GAUGE, (), "Age of the oldest webhook without a Page."),
    Metric("inbox_outbox_messages", GAUGE, ("state",), "Answers written within a day, by state."),
    Metric("inbox_outbox_lag_seconds", GAUGE, (), "How long the first answer that is due has waited."),
    Metric("inbox_jobs_waiting", GAUGE, ("queue",), "Jobs that no worker has taken yet."),
    Metric("inbox_jobs_working", GAUGE, ("queue",), "Jobs that workers have taken."),
    Metric("inbox_jobs_oldest_seconds", GAUGE, ("queue",), "How long the oldest of these has waited."),
    Metric("inbox_jobs_failed", GAUGE, (), "Jobs that have failed and are kept."),
    Metric("inbox_workers", GAUGE, (), "Workers with a heartbeat within 30 seconds."),
    Metric("inbox_bulk_operations", GAUGE, (), "Bulk operations that have not ended."),
    Metric("inbox_exports", GAUGE, (), "Exports that are being prepared."),
]
PAGES = [
    of_page("info", "1 for each Page, with its name.", "name"),
    of_page("connected", "Whether Facebook accepts the token."),
    of_page("access_seconds", "Time until the token or its access to data ends; none: never, or unknown."),
    of_page("sync_age_seconds", "Time since the last complete sync, or since it was connected."),
    of_page("synced", "Whether a sync has ever completed."),
    of_page("syncing", "Whether a sync is queued or in progress."),
    of_page("run_state", "1 for the status of the newest run.", "status"),
    of_page("webhook_state", "1 for the state of its webhooks.", "state"),
    of_page("webhook_age_seconds", "Time since the newest webhook arrived; none: none has come."),
    of_page("webhook_lag_seconds", "How long the first pending webhook of the Page has waited."),
    of_page("conversations", "Stored conversations."),
    of_page("messages", "Stored messages."),
    of_page("alerts", "1 for each open alert.", "cause"),
]
CALLS = [
    of_calls("calls", "Calls of all processes to Facebook."),
    of_calls("failed_calls", "Those that failed, by outcome.", "outcome"),
    of_calls("wait_seconds", "How long calls have waited for their turn, in all."),
    of_calls("closed_seconds", "For how long Facebook wants no calls now.", kind=GAUGE),
]
PROCESSES = [
    of_process("http_requests", COUNTER, "Requests that got an answer.", "method", "route", "status"),
    of_process("http_request_seconds", HISTOGRAM, "Time until an answer began.", "route"),
    of_process("http_requests_refused", COUNTER, "Requests that a limit refused.", "reason"),
    of_process("streams_open", GAUGE, "Open streams and exports."),
    of_process("requests_at_work", GAUGE, "Requests that have a place to work."),
    of_process("requests_waiting", GAUGE, "Requests that wait for a place."),
    of_process("request_body_bytes", GAUGE, "Bytes of bodies in memory."),
    of_process("pool_connections", GAUGE, "Database connections of the pool."),
    of_process("pool_connections_free", GAUGE, "Those that no request uses."),
    of_process("pool_requests_waiting", GAUGE, "Requests that wait for a connection of the pool."),
    of_process("pool_waits", COUNTER, "Requests that had to wait for a connection."),
    of_process("pool_wait_seconds", COUNTER, "How long they have waited, in all."),
    of_process("pool_errors", COUNTER, "Requests that got no connection in time."),
    of_process("worker_jobs", GAUGE, "Jobs that the process works on.", "queue"),
    of_process("worker_places", GAUGE, "How many it works on at the same time.", "queue"),
    of_process("worker_jobs_done", COUNTER, "Jobs that it has ended, by outcome.", "queue", "outcome"),
    of_process("process_calls", COUNTER, "Calls of the process to Facebook for a Page.", "kind"),
    of_process("process_memory_bytes", GAUGE, "Memory of the process (resident)."),
    of_process("process_cpu_seconds", COUNTER, "Processor time of the process."),
    of_process("process_threads", GAUGE, "Threads of the process."),
    of_process("process_uptime_seconds", GAUGE, "Time since the process started."),
]
METRICS = {metric.name: metric for metric in [*DATABASE, *BACKLOG, *PAGES, *CALLS, *PROCESSES]}
