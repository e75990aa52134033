"""Workers of their own: each kind of work has places, so that one kind never holds up another."""

import subprocess
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import tasks
from conversations.models import Conversation, OutgoingMessage, ProcessReport, SyncRun
from conversations.monitoring.readings import read_all
from conversations.sandbox import faults
from conversations.sending.outbox import Content, queue_message
from conversations.sync.service import sync_conversations
from tests.crash.processes import wait_until
from tests.factories import PageFactory, UserFactory


@pytest.fixture
def start_worker(manage) -> Iterator:
    started: list[subprocess.Popen] = []

    def start(*options: str, **variables: str) -> subprocess.Popen:
        started.append(manage.start("runworker", *options, SYNC_EVERY_MINUTES="0", **variables))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def is_done(job_id: int) -> bool:
    return not ProcrastinateJob.objects.filter(pk=job_id).exists()


def test_a_first_sync_holds_up_neither_sending_nor_what_waits_in_the_former_queue(
    start_worker, page, shop, world, sandbox
):
    world.add_conversation(shop, "Ana", ["Is it red?"])
    sync_conversations(page)
    other = world.add_page("900000000000002")
    second = PageFactory(facebook_page_id=other.id, access_token=other.token)
    sandbox.faults.add(faults.hang(), times=None, path="/conversations")
    first_run = tasks.request_sync(page, trigger="test")
    next_run = tasks.request_sync(second, trigger="test")
    former = [
        task.configure(queue="sync").defer(timestamp=0) for task in (tasks.fold_messages, tasks.end_snoozes)
    ]
    worker = start_worker("--queues", "sync=1,sending=2,indexing=1,default=1")
    wait_until(SyncRun.objects.filter(pk=first_run.pk, status="fetching").exists, "the first sync has begun")

    queue_message(
        Conversation.objects.get(), Content("Yes."), author=UserFactory(), client_id=uuid.uuid4(), now=True
    )
    wait_until(OutgoingMessage.objects.filter(state="sent").exists, "the message is sent")
    wait_until(lambda: all(map(is_done, former)), "the jobs of the former queue are done")
    assert SyncRun.objects.get(pk=next_run.pk).status == "queued"

    sandbox.faults.clear()
    tasks.cancel_sync(first_run)
    wait_until(SyncRun.objects.filter(pk=next_run.pk, status="complete").exists, "the next sync is done")
    worker.terminate()
    assert worker.wait(60) == 0, worker.stderr


def test_worker_of_its_own_works_through_a_pooler_and_stores_its_numbers(
    start_worker, page, shop, world, pool_url
):
    world.add_conversation(shop, "Ana", ["Is it red?"])
    run = tasks.request_sync(page, trigger="test")
    start_worker("--queues", "sync=3,sending=1", DATABASE_POOL_URL=pool_url)
    wait_until(SyncRun.objects.filter(pk=run.pk, status="complete").exists, "the sync is done")
    assert Conversation.objects.count() == 1
    wait_until(ProcessReport.objects.exists, "the worker has stored its numbers, for who asks a web process")
    name = ProcessReport.objects.get().process
    gauges = {(key, *labels): value for key, labels, value in read_all(connection).processes[name]["gauges"]}
    assert gauges["inbox_worker_places", "sync"] == 3
    assert gauges["inbox_worker_jobs", "sending"] == 0
    assert gauges["inbox_process_memory_bytes",] > 30e6
