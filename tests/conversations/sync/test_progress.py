import json
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync.progress import SyncProgress, describe_run

COUNTS = {
    "inserted": 1200,
    "updated": 30,
    "unchanged": 4,
    "skipped": 2,
    "owed": 1,
    "total": 2000,
    "events_created": 9000,
}


def test_progress_has_the_counters_of_the_run():
    page = Page(facebook_page_id="55")
    run = SyncRun(pk=7, page=page, status=SyncRun.Status.SYNCING, requests=13, **COUNTS)
    progress = SyncProgress.from_run(run)
    assert progress.as_event() == {
        "page_id": "55",
        "status": "syncing",
        "message": "1,234 of 2,000 conversations, 9,000 new messages.",
        "run": 7,
        "synced": 1234,
        "inserted": 1200,
        "updated": 30,
        "unchanged": 4,
        "skipped": 2,
        "total": 2000,
        "eventsCreated": 9000,
    }
    assert (progress.requests, progress.is_end) == (13, False)


def test_pause_has_its_reason_and_its_length():
    until = timezone.now() + timedelta(seconds=90)
    run = SyncRun(
        pk=1, page=Page(), status="waiting", wait_reason="Facebook wants a pause.", waits_until=until
    )
    message = SyncProgress.from_run(run).as_message()
    assert message["message"] == "Facebook wants a pause."
    assert 80 < message["seconds"] <= 90


def test_message_of_any_length_fits_into_one_chunk():
    run = SyncRun(pk=1, page=Page(), status="error", error="\u4e00" * 5000)
    assert len(json.dumps(SyncProgress.from_run(run).as_message())) < 1000


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("queued", "Waiting to start."),
        ("starting", "Fetching conversations from Facebook."),
        ("fetching", "Fetching conversations from Facebook."),
        ("complete", "Synced: 9,000 new messages, 2 skipped."),
        ("error", "Why it failed."),
        ("interrupted", "Why it failed."),
        ("cancelled", "Why it failed."),
    ],
)
def test_each_status_has_its_message(status, message):
    assert describe_run(SyncRun(status=status, error="Why it failed.", **COUNTS)) == message


@pytest.mark.parametrize("status", SyncRun.Status.values)
def test_no_status_is_without_a_message(status):
    assert describe_run(SyncRun(status=status))


def test_message_counts_pending_threads():
    run = SyncRun(status="complete_with_errors", **COUNTS)
    assert describe_run(run) == (
        "Completed with errors: 9,000 new messages, 2 skipped, 1 pending. The next sync tries these again."
    )
