"""After kill -9 of the only web process, the next one runs its running and queued syncs at once."""

import signal

import pytest
import requests
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from tests.crash.processes import wait_until
from tests.factories import PageFactory
from tests.machine import condition_in_time

SECONDS = 20  # on an idle machine: less than a dead worker counts as alive


@pytest.fixture
def other(world) -> Page:
    """A second Page, whose sync waits."""
    shop = world.add_page("900000000000002", "Other Shop")
    world.add_conversation(shop, messages=2)
    return PageFactory(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


def ask(web, key, page: Page) -> int:
    answer = requests.post(
        f"{web.url}/api/conversations/sync",
        json={"pageId": page.pk},
        headers=key | {"Prefer": "respond-async"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["run"]


@pytest.fixture
def killed(start_web, world, shop, sandbox, page, other, key):
    """A run was in work when the web process was killed; of the other Page one was queued."""
    for _ in range(350):
        world.add_conversation(shop, messages=2)
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    web = start_web()
    web.wait_until_ready()
    run = SyncRun.objects.filter(pk=ask(web, key, page))
    wait_until(lambda: run.get().synced == 200, "the sync does not come to its third batch")
    web.stop(signal.SIGKILL)
    return start_web(EMBEDDED_WORKER="0")  # a door without a worker


def are_done(*pages: Page) -> bool:
    newest = [page.runs.order_by("-pk").first() for page in pages]
    return all(run is not None and run.status == "complete" for run in newest)


@pytest.mark.parametrize("was_taken", [False, True])
def test_next_process_runs_both(start_web, killed, page, other, key, was_taken):
    waiting = ask(killed, key, other)
    if was_taken:  # by the worker that died, which had not begun yet
        dead = ProcrastinateJob.objects.get(task_name="sync_page", status="doing").worker_id
        ProcrastinateJob.objects.filter(args__run_id=waiting).update(status="doing", worker_id=dead)
    start_web()
    condition_in_time(SECONDS, lambda: are_done(page, other))
    assert page.conversations.count() == 350
    assert other.runs.get().pk == waiting


def test_queued_run_beside_the_running_one_is_not_blocking(start_web, killed, page):
    """Another process made it at the same moment: it is the older row, its job found the Page taken."""
    dead = page.runs.get()
    SyncRun.objects.filter(pk=dead.pk).delete()
    waiting = SyncRun.objects.create(page=page, mode="full", trigger="api", status="queued")
    dead.pk = waiting.pk + 1
    dead.save(force_insert=True)
    start_web()
    condition_in_time(SECONDS, lambda: page.runs.get(pk=waiting.pk).ended_at is not None)
    assert page.runs.get(pk=waiting.pk).status == "complete"
    assert page.runs.get(pk=dead.pk).status == "interrupted"
