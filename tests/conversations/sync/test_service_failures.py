"""Syncs that fail: the run has the reason, and the next sync completes the tables."""

import pytest

from conversations.connections.probe import probe_page
from conversations.models import Page, SyncRun
from conversations.sandbox import faults, seed_page
from tests.conversations.sync.copies import assert_exact
from tests.seeds import SEED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("after", [0, 1, 2])
def test_token_that_expires_during_a_sync_ends_it_and_is_confirmed_later(
    sync, page, world, shop, sandbox, add_threads, by_cursor, after
):
    add_threads(250)
    sandbox.faults.add(faults.token_error(463), times=None, after=after)
    result = sync()
    page.refresh_from_db()
    assert result.status == "error"
    assert "expired" in result.error
    assert "Connect the Page again" in result.error
    assert (page.state, page.state_reason) == ("connected", "")
    probe_page(page)
    page.refresh_from_db()
    assert (page.state, page.reason_for("viewer")) == (
        "reconnect",
        "The access token has expired. Connect the Page again.",
    )
    assert "Session has expired" in page.reason_for("manager")
    assert (page.watermarks, page.last_synced_at) == ({}, None)
    assert result.synced == page.conversations.count() == after * 100
    sandbox.faults.clear()
    assert sync().status == "complete"
    page.refresh_from_db()
    assert (page.state, page.state_reason) == ("connected", "")
    assert_exact(page, world, shop)


def test_token_that_cannot_be_decrypted_fails_without_a_call(sync, page, settings, sandbox):
    settings.TOKEN_ENCRYPTION_KEYS = ["another key"]
    result = sync()
    assert (result.status, len(sandbox.call_log)) == ("error", 0)
    assert "TOKEN_ENCRYPTION_KEYS" in result.error
    settings.TOKEN_ENCRYPTION_KEYS = ["another key", *[]]
    assert Page.objects.get(pk=page.pk).state == "reconnect"


@pytest.mark.parametrize(
    "fault",
    [
        faults.unavailable(),
        faults.html(200),
        faults.text(),
        faults.truncated(),
        faults.reset(),
        faults.graph_error(987654),
    ],
    ids=lambda fault: fault.name,
)
def test_failed_call_is_an_error_and_the_next_sync_resumes(
    sync, page, world, shop, sandbox, add_threads, by_cursor, fault
):
    add_threads(250)
    sandbox.faults.add(fault, times=None, after=1)
    result = sync()
    assert (result.status, result.synced, page.conversations.count()) == ("error", 100, 100)
    assert result.error
    run = SyncRun.objects.get()
    assert (run.status, run.inserted, run.error) == ("error", 100, result.error)
    assert run.ended_at
    sandbox.faults.clear()
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert len(sandbox.call_log) == 2 + 1  # what was missing, and the head again
    assert_exact(page, world, shop)


def test_endless_throttling_leaves_the_rest_to_the_next_run(sync, page, world, shop, sandbox, add_threads):
    add_threads(150)
    sandbox.faults.add(faults.graph_error(613), times=None, after=1)
    statuses = []
    result = sync(on_progress=lambda progress: statuses.append((progress.status, progress.seconds)))
    assert result.status == "error"
    assert "waiting" in dict(statuses)
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_many_faults_lose_nothing(sync, page, world, shop, sandbox):
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    seed_page(world, shop, conversations=120, seed=SEED)
    sandbox.faults.storm(0.3, seed=SEED)
    for _ in range(60):
        if sync().status == "complete":
            break
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)
