from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync.run_lifecycle import RESUME_WITHIN, open_run

pytestmark = pytest.mark.django_db

RESUME = {"after": "QVFI", "head": "2026-11-20T10:38:15+00:00"}


@pytest.fixture
def synced_page(shop_page) -> Page:
    shop_page.last_synced_at = timezone.now()
    shop_page.save()
    return shop_page


def start(page: Page, *, full: bool = False, trigger: str = "command") -> SyncRun:
    return open_run(page, full=full, trigger=trigger)


def add_stopped(
    page: Page, status: str = "interrupted", *, mode: str = "full", checkpoint=RESUME, age=timedelta(0)
) -> SyncRun:
    heartbeat_at = timezone.now() - age
    return page.runs.create(
        mode=mode, status=status, checkpoint=checkpoint, heartbeat_at=heartbeat_at, ended_at=timezone.now()
    )


def test_first_run_is_full_and_later_ones_are_not(shop_page):
    assert start(shop_page).mode == "full"
    shop_page.last_synced_at = timezone.now()
    shop_page.save()
    assert start(shop_page).mode == "incremental"
    assert start(shop_page, full=True).mode == "full"


def test_new_run_is_in_progress(shop_page):
    run = SyncRun.objects.get(pk=start(shop_page, trigger="api").pk)
    assert (run.status, run.trigger, run.checkpoint, run.ended_at) == ("starting", "api", {}, None)
    assert run.started_at <= run.heartbeat_at


@pytest.mark.parametrize("status", ["starting", "fetching", "syncing", "waiting", "retrying"])
def test_run_of_a_dead_process_is_closed_and_resumed(synced_page, status):
    dead = synced_page.runs.create(
        mode="full", status=status, checkpoint=RESUME, heartbeat_at=timezone.now(), inserted=7
    )
    run = start(synced_page)
    dead.refresh_from_db()
    assert (dead.status, dead.inserted) == ("interrupted", 7)
    assert "ended unexpectedly" in dead.error
    assert dead.ended_at
    assert (run.mode, run.checkpoint) == ("full", RESUME)
    assert run.pk != dead.pk
    assert run.notes == [
        f"The process of run {dead.pk} ended unexpectedly. This run resumes where it stopped."
    ]


def test_queued_run_is_started_and_keeps_its_trigger(synced_page):
    queued = synced_page.runs.create(mode="incremental", status="queued", trigger="api")
    later = synced_page.runs.create(mode="full", status="queued", trigger="schedule")
    run = start(synced_page)
    assert (run.pk, run.status, run.trigger, run.mode) == (queued.pk, "starting", "api", "incremental")
    later.refresh_from_db()
    assert later.status == "queued"


def test_queued_full_run_stays_full(synced_page):
    synced_page.runs.create(mode="full", status="queued", trigger="api")
    assert start(synced_page).mode == "full"


def test_queued_run_becomes_full_on_request(synced_page):
    synced_page.runs.create(mode="incremental", status="queued", trigger="api")
    assert start(synced_page, full=True).mode == "full"


@pytest.mark.parametrize("status", ["interrupted", "error", "cancelled"])
def test_stopped_run_is_resumed(synced_page, status):
    add_stopped(synced_page, status)
    assert start(synced_page).checkpoint == RESUME


@pytest.mark.parametrize(
    "before",
    [
        {"status": "complete"},
        {"status": "complete_with_errors"},
        {"checkpoint": {}},
        {"age": RESUME_WITHIN},
    ],
)
def test_run_that_ended_or_is_too_old_is_not_resumed(synced_page, before):
    add_stopped(synced_page, **before)
    run = start(synced_page)
    assert (run.mode, run.checkpoint) == ("incremental", {})


def test_age_of_a_dead_run_counts_from_its_last_heartbeat(synced_page):
    long_ago = timezone.now() - RESUME_WITHIN
    synced_page.runs.create(mode="full", status="syncing", checkpoint=RESUME, heartbeat_at=long_ago)
    assert start(synced_page).checkpoint == {}


def test_full_run_does_not_resume_an_incremental_one(synced_page):
    add_stopped(synced_page, mode="incremental")
    assert start(synced_page, full=True).checkpoint == {}


def test_only_the_last_run_is_resumed(synced_page):
    add_stopped(synced_page)
    add_stopped(synced_page, "complete", checkpoint={})
    assert start(synced_page).checkpoint == {}


def test_runs_of_other_pages_are_left_unchanged(synced_page):
    other = Page.objects.create(facebook_page_id="2")
    other_run = other.runs.create(
        mode="full", status="syncing", checkpoint=RESUME, heartbeat_at=timezone.now()
    )
    assert start(synced_page).checkpoint == {}
    other_run.refresh_from_db()
    assert other_run.status == "syncing"
