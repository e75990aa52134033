from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.api.cursors import encode_cursor
from conversations.api.run_result import http_status_of, run_result_body
from conversations.sync.coverage import take_coverage
from tests.factories import PageFactory, PageMemberFactory, SyncRunFactory, api, member, superuser

RUNS = "/api/sync-runs"


@pytest.fixture
def run(page):
    return SyncRunFactory(
        page=page,
        status="error",
        inserted=5,
        updated=3,
        unchanged=2,
        skipped=1,
        owed=4,
        total=15,
        events_created=40,
        requests=7,
        error="Facebook is out of reach.",
        notes=["The walk began anew."],
        ledger=take_coverage(page),
    )


def test_run_has_exactly_the_documented_fields(page, run):
    answer = api(member(page, "manager")).get(f"{RUNS}/{run.pk}").json()
    assert answer == {
        "sync_run": {
            "id": run.pk,
            "page": page.pk,
            "mode": "full",
            "trigger": "command",
            "status": "error",
            "synced": 10,
            "inserted": 5,
            "updated": 3,
            "unchanged": 2,
            "skipped": 1,
            "owed": 4,
            "total": 15,
            "eventsCreated": 40,
            "requests": 7,
            "duration": 90.0,
            "startedAt": "2024-05-17T12:00:00Z",
            "endedAt": "2024-05-17T12:01:30Z",
            "error": "Facebook is out of reach.",
            "seconds": None,
            "message": None,
            "notes": ["The walk began anew."],
            "ledger": {
                "threads": {"listed": 0, "stored": 0, "merged": 0, "unreadable": 0, "owed": 0},
                "messages": {"listed": 0, "held": 0, "unreadable": 0},
            },
        }
    }


def test_only_managers_of_the_page_see_the_error(page, run):
    user = member(page, "tagger")
    PageMemberFactory(user=user, role="manager")
    assert api(user).get(f"{RUNS}/{run.pk}").json()["sync_run"]["error"] is None
    assert api(user).get(RUNS).json()["sync_runs"][0]["error"] is None
    assert api(superuser()).get(RUNS).json()["sync_runs"][0]["error"] == "Facebook is out of reach."


def test_only_managers_of_the_page_see_the_notes(page, run):
    assert api(member(page, "tagger")).get(f"{RUNS}/{run.pk}").json()["sync_run"]["notes"] is None


@pytest.mark.parametrize("status", ["waiting", "retrying"])
def test_waiting_run_has_seconds_and_for_managers_a_reason(page, status):
    until = timezone.now() + timedelta(seconds=90)
    run = SyncRunFactory(
        page=page, status=status, ended_at=None, wait_reason="Facebook says: slow down", waits_until=until
    )
    for role, words in (("viewer", "Waiting for Facebook."), ("manager", "Facebook says: slow down")):
        row = api(member(page, role)).get(f"{RUNS}/{run.pk}").json()["sync_run"]
        assert (row["status"], row["message"], row["ledger"]) == (status, words, None)
        assert 60 < row["seconds"] <= 90


def test_queued_run_has_no_times(page):
    SyncRunFactory(page=page, status="queued", started_at=None, ended_at=None)
    [row] = api(member(page, "manager")).get(RUNS).json()["sync_runs"]
    assert (row["startedAt"], row["endedAt"], row["duration"], row["error"]) == (None, None, 0.0, None)


def test_newest_runs_of_visible_pages_come_first(page):
    user = member(page)
    runs = SyncRunFactory.create_batch(25, page=page)
    SyncRunFactory()
    ids = [row["id"] for row in api(user).get(RUNS).json()["sync_runs"]]
    assert ids == [run.pk for run in reversed(runs)][:20]
    assert len(api(user).get(RUNS, {"limit": 100}).json()["sync_runs"]) == 25


def test_runs_of_one_page_by_id(page, run):
    user, other = member(page), PageFactory()
    PageMemberFactory(user=user, page=other)
    mine = SyncRunFactory(page=other)
    rows = api(user).get(RUNS, {"page": other.pk}).json()["sync_runs"]
    assert [row["id"] for row in rows] == [mine.pk]
    assert len(api(user).get(RUNS, {"page": ""}).json()["sync_runs"]) == 2


@pytest.mark.parametrize("page_id", ["999999", str(2**63), "9" * 5000])
def test_unknown_page_is_a_404(page, page_id):
    assert api(member(page)).get(RUNS, {"page": page_id}).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [("page", "x"), ("page", "0"), ("page", "-1"), ("page", "1.0"), ("limit", "101"), ("cursor", "x")],
)
def test_invalid_parameter_is_named_in_the_error(page, name, value):
    answer = api(member(page)).get(RUNS, {name: value})
    assert answer.status_code == 400
    assert answer.json()["field"] == name


def test_list_takes_a_constant_number_of_queries(page, django_assert_num_queries):
    SyncRunFactory.create_batch(5, page=page)
    client = api(member(page))
    with django_assert_num_queries(3):  # token, managed Pages, runs
        client.get(RUNS)


# -- older runs --------------------------------------------------------------------------------------------
def test_cursor_returns_every_older_run_once_while_new_ones_start(page):
    client, runs = api(member(page)), SyncRunFactory.create_batch(7, page=page)
    ids, cursor = [], ""
    while cursor is not None:
        answer = client.get(RUNS, {"limit": 3, "page": page.pk, "cursor": cursor}).json()
        ids += [row["id"] for row in answer["sync_runs"]]
        cursor = answer["pagination"]["nextCursor"]
        assert answer["pagination"] == {"limit": 3, "hasNext": cursor is not None, "nextCursor": cursor}
        SyncRunFactory(page=page)
    assert ids == [run.pk for run in reversed(runs)]


def test_cursor_of_another_list_is_refused(page):
    cursor = encode_cursor(timezone.now(), 5)
    assert api(member(page)).get(RUNS, {"cursor": cursor}).json()["field"] == "cursor"


# -- cancelling --------------------------------------------------------------------------------------------
def cancel(user, run):
    return api(user).post(f"{RUNS}/{run.pk}/cancel")


@pytest.mark.parametrize("status", ["queued", "syncing", "waiting"])
def test_manager_can_cancel_a_run_that_has_not_ended(page, status):
    run = SyncRunFactory(page=page, status=status, ended_at=None, inserted=5)
    manager = member(page, "manager")
    answer = cancel(manager, run)
    assert answer.status_code == 200
    cancelled = answer.json()["sync_run"]
    assert (cancelled["id"], cancelled["status"], cancelled["synced"]) == (run.pk, "cancelled", 5)
    assert cancelled["error"].startswith(f"The sync was cancelled by {manager.username}.")
    again = cancel(manager, run)
    assert (again.status_code, again.json()) == (409, {"error": f"Run {run.pk} has already ended."})


def test_result_of_a_cancelled_run_is_a_409(page):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None)
    cancel(member(page, "manager"), run)
    run.refresh_from_db()
    body = run_result_body(run)
    assert (http_status_of(run), body["success"], body["status"]) == (409, False, "cancelled")
    assert body["error"].startswith("The sync was cancelled by ")


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("tagger", 403), (None, 404)])
def test_other_users_cannot_cancel(page, role, status):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None)
    user = member(page, role) if role else member(PageFactory(), "manager")
    assert cancel(user, run).status_code == status
    run.refresh_from_db()
    assert run.ended_at is None
