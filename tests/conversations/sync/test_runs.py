from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync.runs import RESUME_WITHIN, open_run

pytestmark = pytest.mark.django_db

RESUME = {"after": "QVFI", "head": "2026-11-20T10:38:15+00:00"}


@pytest.fixture
def synced_page(shop_page) -> Page:
    shop_page.last_synced_at = timezone.now()
    shop_page.save()
    return shop_page


def opened(page: Page, *, full: bool = False, trigger: str = "command") -> SyncRun:
    return open_run(page, full=full, trigger=trigger)


def stopped(
    page: Page, status: str = "interrupted", *, mode: str = "full", resume=RESUME, age=timedelta(0)
) -> SyncRun:
    alive_at = timezone.now() - age
    return page.runs.create(
        mode=mode, status=status, resume=resume, alive_at=alive_at, ended_at=timezone.now()
    )


def test_first_run_is_full_and_later_ones_are_not(shop_page):
    assert opened(shop_page).mode == "full"
    shop_page.last_synced_at = timezone.now()
    shop_page.save()
    assert opened(shop_page).mode == "incremental"
    assert opened(shop_page, full=True).mode == "full"


def test_new_run_is_in_work(shop_page):
    run = SyncRun.objects.get(pk=opened(shop_page, trigger="api").pk)
    assert (run.status, run.trigger, run.resume, run.ended_at) == ("starting", "api", {}, None)
    assert run.started_at <= run.alive_at


@pytest.mark.parametrize("status", ["starting", "fetching", "syncing", "waiting", "retrying"])
def test_dead_run_is_closed_and_its_place_taken_over(synced_page, status):
    dead = synced_page.runs.create(
        mode="full", status=status, resume=RESUME, alive_at=timezone.now(), inserted=7
    )
    run = opened(synced_page)
    dead.refresh_from_db()
    assert (dead.status, dead.inserted) == ("interrupted", 7)
    assert "is gone" in dead.error
    assert dead.ended_at
    assert (run.mode, run.resume) == ("full", RESUME)
    assert run.pk != dead.pk
    assert run.notes == [f"Run {dead.pk} was left by a process that is gone; going on from where it stopped."]


def test_queued_run_is_adopted_and_keeps_its_door(synced_page):
    queued = synced_page.runs.create(mode="incremental", status="queued", trigger="api")
    later = synced_page.runs.create(mode="full", status="queued", trigger="schedule")
    run = opened(synced_page)
    assert (run.pk, run.status, run.trigger, run.mode) == (queued.pk, "starting", "api", "incremental")
    later.refresh_from_db()
    assert later.status == "queued"


def test_queued_full_run_stays_full(synced_page):
    synced_page.runs.create(mode="full", status="queued", trigger="api")
    assert opened(synced_page).mode == "full"


def test_queued_run_becomes_full_where_that_is_asked(synced_page):
    synced_page.runs.create(mode="incremental", status="queued", trigger="api")
    assert opened(synced_page, full=True).mode == "full"


@pytest.mark.parametrize("status", ["interrupted", "error", "cancelled"])
def test_stopped_run_is_gone_on_with(synced_page, status):
    stopped(synced_page, status)
    assert opened(synced_page).resume == RESUME


@pytest.mark.parametrize(
    "before",
    [
        {"status": "complete"},
        {"status": "complete_with_errors"},
        {"resume": {}},
        {"age": RESUME_WITHIN},
    ],
)
def test_what_is_over_or_too_old_is_begun_anew(synced_page, before):
    stopped(synced_page, **before)
    run = opened(synced_page)
    assert (run.mode, run.resume) == ("incremental", {})


def test_dead_run_is_as_old_as_its_last_sign_of_life(synced_page):
    long_ago = timezone.now() - RESUME_WITHIN
    synced_page.runs.create(mode="full", status="syncing", resume=RESUME, alive_at=long_ago)
    assert opened(synced_page).resume == {}


def test_full_run_does_not_go_on_from_an_incremental_one(synced_page):
    stopped(synced_page, mode="incremental")
    assert opened(synced_page, full=True).resume == {}


def test_only_the_last_run_is_gone_on_with(synced_page):
    stopped(synced_page)
    stopped(synced_page, "complete", resume={})
    assert opened(synced_page).resume == {}


def test_other_pages_are_left_alone(synced_page):
    other = Page.objects.create(facebook_page_id="2")
    theirs = other.runs.create(mode="full", status="syncing", resume=RESUME, alive_at=timezone.now())
    assert opened(synced_page).resume == {}
    theirs.refresh_from_db()
    assert theirs.status == "syncing"
