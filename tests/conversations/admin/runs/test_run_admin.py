"""The list of runs and the page of one run, with its two buttons."""

import pytest
from django.urls import reverse

from conversations.models import SyncRun, Thread
from conversations.sync.coverage import take_coverage
from tests.factories import PageFactory, SyncRunFactory

SAMPLES = [[0, 0, 0, 0, 0], [10, 100, 400, 3, 100], [20, 100, 400, 3, 100], [30, 250, 700, 6, 250]]
WAITS = [{"at": 10, "seconds": 8, "status": "waiting", "why": "Facebook says: <b>slow</b> down"}]


def run_url(run, view: str = "change") -> str:
    return reverse(f"admin:conversations_syncrun_{view}", args=[run.pk])


def text_of(client, run, view: str = "change") -> str:
    return " ".join(client.get(run_url(run, view)).content.decode().split())


@pytest.fixture
def run(page, django_user_model) -> SyncRun:
    Thread.objects.create(page=page, graph_id="t_4", state="unreadable", reason="Gone <i>for good</i>")
    return SyncRunFactory(
        page=page,
        inserted=240,
        updated=7,
        skipped=3,
        total=250,
        events_created=700,
        requests=6,
        asked_by=django_user_model.objects.create(username="eva"),
        trigger="admin",
        samples=SAMPLES,
        waits=WAITS,
        notes=["Something odd."],
        ledger=take_coverage(page),
    )


@pytest.mark.parametrize("view", ["change", "parts"])
def test_page_of_a_run_shows_all_details(run, staff, view):
    text = text_of(staff("manager"), run, view)
    for part in (
        "250 conversations, 240 new, 7 changed, 3 skipped</span>",
        "show why",
        'aria-label="Conversations: 8.3 per second on average, 15 at most"',
        "12:00:10",
        "Waiting, 8 s",
        "Facebook says: &lt;b&gt;slow&lt;/b&gt; down",
        "Gone &lt;i&gt;for good&lt;/i&gt;",
        "Something odd.",
        "admin, eva",
        "1 min 30 s",
        "Facebook lists 1 thread: ",
        "Run again",
    ):
        assert part in text


def test_number_of_queries_does_not_depend_on_the_details_of_a_run(
    run, page, staff, django_assert_num_queries
):
    client = staff("manager")
    for count in (20, 30):
        # Session, user, visible Pages, the run, workers, skipped threads, pending threads, and whether the
        # token of the Page can be read.
        with django_assert_num_queries(9):
            client.get(run_url(run))
        run.samples, run.waits, run.notes = SAMPLES * count, WAITS * count, ["Odd."] * count
        run.save()
        Thread.objects.bulk_create(
            Thread(page=page, graph_id=f"t_{state}{n}_{count}", state=state)
            for n in range(count)
            for state in ("owed", "unreadable")
        )


def test_more_problem_threads_are_behind_a_link(run, page, staff):
    Thread.objects.bulk_create(
        Thread(page=page, graph_id=f"t_owed_{n}", state="owed", reason="Later") for n in range(7)
    )
    text = text_of(staff("viewer"), run)
    assert text.count("t_owed_") == 5
    assert f"?page={page.pk}&amp;state__exact=owed" in text


def test_run_that_never_started_shows_no_chart(page, staff):
    run = SyncRunFactory(page=page, status="queued", started_at=None, ended_at=None)
    text = text_of(staff("viewer"), run)
    assert "Waiting to start." in text
    assert "<svg class" not in text
    assert "Cancel" not in text  # only managers see the button


def test_reason_for_the_end_of_a_run_is_shown_once(page, staff):
    run = SyncRunFactory(page=page, status="cancelled", error="The sync was cancelled by eva.")
    assert text_of(staff("manager"), run).count("The sync was cancelled by eva.") == 1
    assert text_of(staff("viewer"), run).count("The sync was cancelled.") == 1


def test_manager_cancels_and_runs_again_in_the_same_mode(page, staff):
    run = SyncRunFactory(page=page, mode="full", status="syncing", ended_at=None)
    client = staff("manager")
    assert client.post(run_url(run, "cancel"))["Location"] == run_url(run)
    run.refresh_from_db()
    assert (run.status, run.error.startswith(f"The sync was cancelled by {client.user.username}")) == (
        "cancelled",
        True,
    )
    text = " ".join(client.post(run_url(run, "cancel"), follow=True).content.decode().split())
    assert f"Run {run.pk} has already ended." in text
    response = client.post(run_url(run, "again"))
    new = page.runs.get(status="queued")
    assert response["Location"] == run_url(new)
    assert (new.mode, new.asked_by, new.trigger) == ("full", client.user, "admin")


@pytest.mark.parametrize("view", ["cancel", "again"])
@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_other_members_have_no_buttons_and_are_rejected(page, staff, role, view):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None)
    client = staff(role)
    text = text_of(client, run)
    assert "Run again" not in text
    assert "/cancel/" not in text
    assert client.post(run_url(run, view)).status_code == 403
    assert client.get(run_url(run, view)).status_code == 405
    assert page.runs.get().ended_at is None


@pytest.mark.parametrize("view", ["change", "parts", "cancel", "again"])
def test_run_of_an_invisible_page_is_not_found(staff, view):
    run = SyncRunFactory(page=PageFactory(), ended_at=None)
    client = staff("manager")
    send = client.post if view in ("cancel", "again") else client.get
    assert send(run_url(run, view)).status_code == 404


def test_list_shows_only_errors_of_managed_pages(page, staff):
    client = staff("manager")
    other = PageFactory()
    other.members.create(user=client.user, role="viewer")
    SyncRunFactory(page=page, status="error", error="Mine failed")
    SyncRunFactory(page=other, status="error", error="Theirs failed")
    text = client.get("/admin/conversations/syncrun/").content.decode()
    assert "Mine failed" in text
    assert "Theirs failed" not in text
    assert text.count("Failed</span>") == 2
