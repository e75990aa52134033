"""The page of a run and the list of them: what is drawn, and the two buttons."""

import pytest
from django.urls import reverse

from conversations.models import SyncRun, Thread
from conversations.sync.ledger import take_ledger
from tests.factories import PageFactory, SyncRunFactory

SAMPLES = [[0, 0, 0, 0, 0], [10, 100, 400, 3, 100], [20, 100, 400, 3, 100], [30, 250, 700, 6, 250]]
WAITS = [{"at": 10, "seconds": 8, "status": "waiting", "why": "Facebook says: <b>slow</b> down"}]


def address(run, view: str = "change") -> str:
    return reverse(f"admin:conversations_syncrun_{view}", args=[run.pk])


def text_of(client, run, view: str = "change") -> str:
    return " ".join(client.get(address(run, view)).content.decode().split())


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
        ledger=take_ledger(page),
    )


@pytest.mark.parametrize("view", ["change", "parts"])
def test_page_of_a_run_tells_all_of_it(run, staff, view):
    text = text_of(staff("manager"), run, view)
    for words in (
        "250 conversations, 240 new, 7 changed, 3 skipped</span>",
        "show why",
        'aria-label="Conversations: 8 a second on average, 15 at most"'.replace("8 a", "8.3 a"),
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
        assert words in text


def test_page_of_a_run_costs_the_same_however_much_it_tells(run, page, staff, django_assert_num_queries):
    client = staff("manager")
    for count in (20, 30):
        # The session, the user, the Pages one sees, the run, the workers, what is skipped, what is owed, and
        # whether the Page's token can be read.
        with django_assert_num_queries(9):
            client.get(address(run))
        run.samples, run.waits, run.notes = SAMPLES * count, WAITS * count, ["Odd."] * count
        run.save()
        Thread.objects.bulk_create(
            Thread(page=page, graph_id=f"t_{state}{n}_{count}", state=state)
            for n in range(count)
            for state in ("owed", "unreadable")
        )


def test_threads_beyond_the_first_are_behind_a_link(run, page, staff):
    Thread.objects.bulk_create(
        Thread(page=page, graph_id=f"t_owed_{n}", state="owed", reason="Later") for n in range(7)
    )
    text = text_of(staff("viewer"), run)
    assert text.count("t_owed_") == 5
    assert f"?page={page.pk}&amp;state__exact=owed" in text


def test_run_that_never_began_shows_no_course(page, staff):
    run = SyncRunFactory(page=page, status="queued", started_at=None, ended_at=None)
    text = text_of(staff("viewer"), run)
    assert "Waiting for its turn." in text
    assert "<svg class" not in text
    assert "Cancel" not in text  # it is for managers


def test_why_a_run_ended_is_said_once(page, staff):
    run = SyncRunFactory(page=page, status="cancelled", error="It was cancelled by eva.")
    assert text_of(staff("manager"), run).count("It was cancelled by eva.") == 1
    assert text_of(staff("viewer"), run).count("It was cancelled.") == 1


def test_manager_cancels_and_runs_again_in_the_same_mode(page, staff):
    run = SyncRunFactory(page=page, mode="full", status="syncing", ended_at=None)
    client = staff("manager")
    assert client.post(address(run, "cancel"))["Location"] == address(run)
    run.refresh_from_db()
    assert (run.status, run.error.startswith(f"It was cancelled by {client.user.username}")) == (
        "cancelled",
        True,
    )
    text = " ".join(client.post(address(run, "cancel"), follow=True).content.decode().split())
    assert f"Run {run.pk} has ended already." in text
    answer = client.post(address(run, "again"))
    new = page.runs.get(status="queued")
    assert answer["Location"] == address(new)
    assert (new.mode, new.asked_by, new.trigger) == ("full", client.user, "admin")


@pytest.mark.parametrize("view", ["cancel", "again"])
@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_others_have_no_buttons_and_are_refused(page, staff, role, view):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None)
    client = staff(role)
    text = text_of(client, run)
    assert "Run again" not in text
    assert "/cancel/" not in text
    assert client.post(address(run, view)).status_code == 403
    assert client.get(address(run, view)).status_code == 405
    assert page.runs.get().ended_at is None


@pytest.mark.parametrize("view", ["change", "parts", "cancel", "again"])
def test_strangers_run_is_not_there(staff, view):
    run = SyncRunFactory(page=PageFactory(), ended_at=None)
    client = staff("manager")
    ask = client.post if view in ("cancel", "again") else client.get
    assert ask(address(run, view)).status_code == 404


def test_list_shows_errors_of_managed_pages_alone(page, staff):
    client = staff("manager")
    other = PageFactory()
    other.members.create(user=client.user, role="viewer")
    SyncRunFactory(page=page, status="error", error="Mine failed")
    SyncRunFactory(page=other, status="error", error="Theirs failed")
    text = client.get("/admin/conversations/syncrun/").content.decode()
    assert "Mine failed" in text
    assert "Theirs failed" not in text
    assert text.count("Error</span>") == 2
