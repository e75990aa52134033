"""The numbers of this installation, read from PostgreSQL."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from prometheus_client.parser import text_string_to_metric_families

from conversations.lib.process_numbers import BUCKETS, ProcessNumbers
from conversations.models import CallBudget, Conversation, ProcessReport, WebhookDelivery
from conversations.models.running.process_reports import delete_expired
from conversations.models.search import MessageIndexQueue
from conversations.monitoring import readings as module
from conversations.monitoring.catalogue import METRICS
from conversations.monitoring.exposition import text_of
from conversations.monitoring.readings import Readings, read_all, reader
from conversations.monitoring.reports import PROCESS
from conversations.tasks import sync_page
from tests.factories import (
    ConversationFactory,
    EventFactory,
    OutgoingMessageFactory,
    PageFactory,
    SyncRunFactory,
)

STATEMENTS = 10  # eight questions, and two of the reports of processes


def values_of(readings: Readings) -> dict[tuple[str, ...], float]:
    """Return all samples by name and values of the labels, in the order of the catalogue."""
    return {
        (sample.name, *(sample.labels[name] for name in labels_of(sample))): sample.value
        for family in text_string_to_metric_families(text_of(readings).decode())
        for sample in family.samples
    }


def labels_of(sample) -> list[str]:
    """The labels of a sample; `le` of a bucket is the last."""
    metric = METRICS[re.sub("_(total|bucket|count|sum)$", "", sample.name)]
    return [*metric.labels, *(sample.labels.keys() - {*metric.labels})]


def read() -> dict[tuple[str, ...], float]:
    return values_of(read_all(connection))


def age_queue(seconds: int) -> None:
    MessageIndexQueue.objects.update(queued_at=timezone.now() - timedelta(seconds=seconds))


# -- what they are -----------------------------------------------------------------------------------------
def test_numbers_of_a_page(db):
    page = PageFactory(name='Ana\'s "shop"\n', last_synced_at=timezone.now() - timedelta(hours=2))
    SyncRunFactory(page=page, status="error")
    SyncRunFactory(page=page, status="waiting", ended_at=None)
    page.alerts.create(cause="sync", sentence="No sync has completed for a day.")
    page.alerts.create(cause="token", sentence="Refused.", closed_at=timezone.now())
    EventFactory(conversation=ConversationFactory(page=page))
    label, found = page.facebook_page_id, read()
    assert found["inbox_page_info", label, page.name] == 1
    assert found["inbox_page_connected", label] == 1
    assert found["inbox_page_sync_age_seconds", label] == pytest.approx(7200, abs=60)
    assert (found["inbox_page_synced", label], found["inbox_page_syncing", label]) == (1, 1)
    assert found["inbox_page_run_state", label, "waiting"] == 1
    assert (found["inbox_page_conversations", label], found["inbox_page_messages", label]) == (1, 1)
    assert found["inbox_page_webhook_state", label, "off"] == 1
    assert [key for key in found if key[0] == "inbox_page_alerts"] == [("inbox_page_alerts", label, "sync")]
    assert ("inbox_page_access_seconds", label) not in found  # nobody knows when it ends
    assert ("inbox_page_webhook_age_seconds", label) not in found


def test_a_page_that_was_never_synced_has_the_age_of_its_connection(db):
    page = PageFactory(created_at=timezone.now() - timedelta(days=3), state="reconnect")
    page.access_ends_at = timezone.now() + timedelta(days=5)
    page.save()
    found = read()
    label = page.facebook_page_id
    assert found["inbox_page_sync_age_seconds", label] == pytest.approx(259_200, abs=60)
    assert found["inbox_page_synced", label] == 0
    assert found["inbox_page_connected", label] == 0
    assert found["inbox_page_access_seconds", label] == pytest.approx(432_000, abs=60)


def test_what_waits(db):
    page, long_ago = PageFactory(), timezone.now() - timedelta(minutes=4)
    EventFactory(conversation=ConversationFactory(page=page))
    age_queue(90)
    page.deliveries.create(body=b"{}", received_at=long_ago)
    page.deliveries.create(body=b"{}", state="done", received_at=long_ago - timedelta(days=1))
    WebhookDelivery.objects.create(body=b"{}", received_at=long_ago)
    OutgoingMessageFactory(due_at=long_ago)
    OutgoingMessageFactory(state="sent")
    OutgoingMessageFactory(state="failed", created_at=timezone.now() - timedelta(days=2))
    found = read()
    assert found["inbox_search_index_queue",] == 1
    assert found["inbox_search_index_lag_seconds",] == pytest.approx(90, abs=60)
    assert found["inbox_webhook_deliveries_pending",] == 2
    assert found["inbox_webhook_unassigned_seconds",] == pytest.approx(240, abs=60)
    assert found["inbox_page_webhook_lag_seconds", page.facebook_page_id] == pytest.approx(240, abs=60)
    assert found["inbox_outbox_lag_seconds",] == pytest.approx(240, abs=60)
    assert found["inbox_outbox_messages", "queued"] == found["inbox_outbox_messages", "sent"] == 1
    assert ("inbox_outbox_messages", "failed") not in found  # of more than a day ago


def test_jobs_by_queue(db):
    for queue in ("sync", "sync", "media"):
        sync_page.configure(queue=queue).defer(run_id=0)
    sync_page.configure(queue="media", schedule_in={"hours": 1}).defer(run_id=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '10 minutes'")
    first = ProcrastinateJob.objects.filter(queue_name="sync").earliest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [first])
    found = read()
    assert (found["inbox_jobs_waiting", "sync"], found["inbox_jobs_working", "sync"]) == (1, 1)
    assert (found["inbox_jobs_waiting", "media"], found["inbox_jobs_working", "media"]) == (1, 0)
    assert found["inbox_jobs_oldest_seconds", "media"] == pytest.approx(600, abs=60)


def test_the_database_itself(db):
    found = read()
    assert found["inbox_database_up",] == 1
    assert found["inbox_database_size_bytes",] > 1_000_000
    assert found["inbox_database_max_connections",] > found["inbox_database_connections_in_all",] >= 1
    assert found["inbox_table_size_bytes", "conversations_interactionevent"] > 0
    assert ("inbox_table_rows_written_total", "procrastinate_jobs", "inserted") in found
    assert found["inbox_database_commits_total",] > 0


# -- calls to Facebook, of all processes -------------------------------------------------------------------
def test_calls_and_waits_of_a_page(db):
    CallBudget.objects.create(
        facebook_page_id="1", platform="messenger", calls=9, waited_seconds=4.5, throttled=1, refused=2
    )
    CallBudget.objects.create(
        facebook_page_id="1",
        platform="messenger:send",
        calls=3,
        closed_until=timezone.now() + timedelta(minutes=1),
    )
    found, reading = read(), ("1", "messenger", "read")
    assert found["inbox_graph_calls_total", *reading] == 9
    outcomes = {outcome: number for (*_, outcome), number in failed_calls(found, reading)}
    assert outcomes == {"throttled": 1, "transient": 0, "refused": 2}
    assert found["inbox_graph_wait_seconds_total", *reading] == 4.5
    assert found["inbox_graph_closed_seconds", *reading] == 0
    assert found["inbox_graph_calls_total", "1", "messenger", "send"] == 3
    assert found["inbox_graph_closed_seconds", "1", "messenger", "send"] == pytest.approx(60, abs=50)


def failed_calls(found: dict, labels: tuple[str, ...]) -> list[tuple[tuple[str, ...], float]]:
    start = ("inbox_graph_failed_calls_total", *labels)
    return [(key, value) for key, value in found.items() if key[: len(start)] == start]


# -- the cost ----------------------------------------------------------------------------------------------
def test_the_number_of_statements_does_not_depend_on_the_rows(db, django_assert_num_queries):
    for _ in range(3):
        ConversationFactory(page=PageFactory())
        with django_assert_num_queries(STATEMENTS):
            read_all(connection)


def test_no_statement_reads_a_large_table(db):
    """Of conversations and messages nothing is counted: kept counters and indexes of what waits answer."""
    text = "\n".join(module.STATEMENTS.values())
    assert f"FROM {Conversation._meta.db_table} " not in text
    for table in ("conversations_conversation", "conversations_interactionevent", "conversations_thread"):
        assert f"FROM {table}\n" not in text
        assert f"JOIN {table}" not in text


def test_readings_are_kept_for_a_moment(transactional_db):
    reader.forget()
    first = reader.readings()
    assert reader.readings() is first
    reader.forget()
    assert reader.readings() is not first


# -- processes ---------------------------------------------------------------------------------------------
def test_numbers_of_all_processes_that_live(db):
    other = ProcessNumbers()
    other.count("inbox_http_requests", "GET", "home", "200")
    other.count("inbox_of_another_version", "x")
    for seconds in (0.02, 0.3, 99.0):
        other.observe("inbox_http_request_seconds", seconds, "home")
    now = timezone.now()
    for process, age in (("web-2", 0), ("web-3", 600), ("web-4", 7200)):
        ProcessReport.objects.create(
            process=process, reported_at=now - timedelta(seconds=age), numbers=other.snapshot()
        )
    found = read()
    assert {key[1] for key in found if key[0] == "inbox_http_requests_total"} - {PROCESS} == {"web-2"}
    buckets = [
        value
        for key, value in found.items()
        if key[0] == "inbox_http_request_seconds_bucket" and key[1] == "web-2"
    ]
    assert buckets == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert len(buckets) == len(BUCKETS) + 1
    assert found["inbox_http_request_seconds_sum", "web-2", "home"] == pytest.approx(99.32)
    assert "inbox_of_another_version" not in str(found)
    delete_expired()
    assert set(ProcessReport.objects.values_list("process", flat=True)) == {"web-2", "web-3", PROCESS}


def test_every_sample_is_of_a_metric_in_the_catalogue(db):
    names = {name.removesuffix("_total") for name, *_ in read()}
    histograms = {name for name, metric in METRICS.items() if metric.kind == "histogram"}
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "count", "sum")}
    assert names - parts <= METRICS.keys()
