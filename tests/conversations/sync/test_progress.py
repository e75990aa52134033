import pytest

from conversations.models import SyncRun
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
    run = SyncRun(pk=7, status=SyncRun.Status.SYNCING, requests=13, **COUNTS)
    assert SyncProgress.of(run, seconds=2.5).as_dict() == {
        "status": "syncing",
        "message": "1,234 of 2,000 conversations, 9,000 new messages.",
        "run": 7,
        "synced": 1234,
        "inserted": 1200,
        "updated": 30,
        "unchanged": 4,
        "skipped": 2,
        "total": 2000,
        "events_created": 9000,
        "requests": 13,
        "seconds": 2.5,
    }


def test_given_words_win():
    assert (
        SyncProgress.of(SyncRun(pk=1), message="Facebook wants a pause.").message == "Facebook wants a pause."
    )


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
