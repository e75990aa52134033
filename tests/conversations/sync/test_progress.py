import json
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync.progress import SyncProgress, in_words

COUNTS = {
    "inserted": 1200,
    "updated": 30,
    "unchanged": 4,
    "skipped": 2,
    "owed": 1,
    "total": 2000,
    "events_created": 9000,
}


def test_progress_is_what_the_run_counted():
    page = Page(facebook_page_id="55")
    run = SyncRun(pk=7, page=page, status=SyncRun.Status.SYNCING, requests=13, **COUNTS)
    progress = SyncProgress.of(run)
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


def test_pause_says_why_and_how_long():
    until = timezone.now() + timedelta(seconds=90)
    run = SyncRun(pk=1, page=Page(), status="waiting", waits_for="Facebook wants a pause.", waits_until=until)
    message = SyncProgress.of(run).as_message()
    assert message["message"] == "Facebook wants a pause."
    assert 80 < message["seconds"] <= 90


def test_message_fits_one_chunk_whatever_facebook_said():
    run = SyncRun(pk=1, page=Page(), status="error", error="\u4e00" * 5000)
    assert len(json.dumps(SyncProgress.of(run).as_message())) < 1000


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("queued", "Waiting for its turn."),
        ("starting", "Asking Facebook for conversations."),
        ("fetching", "Asking Facebook for conversations."),
        ("complete", "All done: 1,234 of 2,000 conversations, 9,000 new messages."),
        ("error", "Why it failed."),
        ("interrupted", "Why it failed."),
        ("cancelled", "Why it failed."),
    ],
)
def test_every_state_has_words(status, words):
    assert in_words(SyncRun(status=status, error="Why it failed.", **COUNTS)) == words


@pytest.mark.parametrize("status", SyncRun.Status.values)
def test_no_state_is_without_words(status):
    assert in_words(SyncRun(status=status))


def test_what_is_owed_is_told():
    assert "1 conversations" in in_words(SyncRun(status="complete_with_errors", **COUNTS))
