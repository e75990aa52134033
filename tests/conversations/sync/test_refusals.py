"""What Facebook refuses: a token, the app, the Page or one thread. Each refusal costs one thing only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import tasks
from conversations.api.run_result import http_status_of
from conversations.connections import probe
from conversations.connections.probe import claim_due_pages
from conversations.graph.transport import MAX_TRIES
from conversations.models import Page, SyncRun, Thread
from conversations.sandbox import faults
from tests.conversations.sync.copies import assert_exact, row_versions
from tests.factories import api, member, superuser

pytestmark = pytest.mark.django_db

LOGGED_OUT = (
    "Error validating access token: This may be because the user logged out or may be due to a system error."
)
CHECKPOINT = "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint"
NOT_FOUND = (
    "Unsupported get request. Object with ID '{}' does not exist, cannot be loaded due to missing "
    "permissions, or does not support this operation."
)
MIGRATED = (
    "(#21) Page ID 900000000000001 was migrated to page ID 900000000000999.  Please update your API calls to "
    "the new ID"
)
OUTAGE = faults.graph_error(190, 467, status=401, message=LOGGED_OUT, is_transient=True)
LIST, FOREVER = "/conversations", {"times": None}


@pytest.fixture(autouse=True)
def connection_stays_open(monkeypatch):
    """A task closes its connection at the end; here it is the connection of the test."""
    monkeypatch.setattr(tasks.connection, "close", lambda: None)


@pytest.fixture
def stored(page):
    """Read the Page again."""

    def read() -> Page:
        return Page.objects.get(pk=page.pk)

    return read


@pytest.fixture
def pass_time():
    """Let the probe become due."""

    def run() -> None:
        Page.objects.exclude(probe_at=None).update(probe_at=timezone.now() - timedelta(seconds=1))

    return run


@pytest.fixture
def run_due_probes():
    """Run the schedule, and the jobs that it starts."""

    def run() -> int:
        due = claim_due_pages()
        for page_id in due:
            tasks.probe_page(page_id)
        return len(due)

    return run


# -- the token ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "calls"), [(OUTAGE, MAX_TRIES), (faults.token_error(460), 1), (faults.graph_error(102), 1)]
)
def test_refused_token_ends_the_run_and_changes_no_state(
    sync, stored, sandbox, add_threads, by_cursor, fault, calls
):
    add_threads(3)
    sandbox.faults.add(fault, **FOREVER)
    result = sync()
    assert (result.status, len(sandbox.call_log)) == ("error", calls)
    assert http_status_of(SyncRun.objects.get()) == 409
    page = stored()
    assert page.connection == ("connected", "")
    assert page.probe_at >= timezone.now() + timedelta(seconds=100)


def test_token_that_works_again_leaves_the_page_connected(
    sync, page, world, shop, stored, sandbox, add_threads, pass_time, run_due_probes
):
    add_threads(3)
    sandbox.faults.add(OUTAGE, **FOREVER)
    assert sync().status == "error"
    planned = stored().probe_at
    assert sync().status == "error"
    assert stored().probe_at == planned, "a further refusal does not postpone the probe"
    assert run_due_probes() == 0, "too early"
    sandbox.faults.clear()
    pass_time()
    assert run_due_probes() == 1
    assert (stored().connection, stored().probe_at) == (("connected", ""), None)
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_token_that_is_refused_again_needs_a_person_and_heals_by_itself(
    sync, stored, world, page, sandbox, add_threads, pass_time, run_due_probes
):
    add_threads(3)
    world.break_token(page.access_token, 460)
    sync()
    pass_time()
    run_due_probes()
    assert stored().state == "reconnect"
    assert "has a new password" in stored().state_reason
    assert run_due_probes() == 0, "once an hour"
    assert stored().probe_at > timezone.now() + timedelta(minutes=55)
    pass_time()
    run_due_probes()
    assert stored().state == "reconnect"
    world.repair_token(page.access_token)
    pass_time()
    sandbox.call_log.clear()
    run_due_probes()
    assert (stored().connection, len(sandbox.call_log)) == (("connected", ""), 1)
    assert sync().status == "complete"


def test_probe_without_an_answer_changes_nothing_and_is_repeated(
    sync, stored, world, page, sandbox, pass_time, run_due_probes
):
    world.break_token(page.access_token, 460)
    sync()
    sandbox.faults.add(faults.html(), **FOREVER)
    pass_time()
    assert run_due_probes() == 1
    assert stored().connection == ("connected", "")
    sandbox.faults.clear()
    pass_time()
    assert run_due_probes() == 1
    assert stored().state == "reconnect"


def test_one_temporary_refusal_is_retried_in_the_same_run(
    sync, page, world, shop, sandbox, add_threads, by_cursor
):
    add_threads(3)
    sandbox.faults.add(OUTAGE, path=LIST)
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.mark.parametrize(
    "fault", [faults.token_error(463), OUTAGE, faults.graph_error(200, message="API access blocked.")]
)
def test_refused_token_says_nothing_about_a_folder(sync, page, world, shop, stored, sandbox, fault):
    world.add_conversation(shop, folder="spam")
    sandbox.faults.add(fault, path="folder=spam", **FOREVER)
    assert sync().status == "error"
    assert "spam" not in stored().capabilities["messenger"].get("folders", {})
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_page_that_was_connected_again_is_not_judged_by_its_old_token(stored, world, page, shop, sandbox):
    page.schedule_probe()
    world.break_token(page.access_token, 463)
    old = stored()
    Page.objects.filter(pk=page.pk).update(probe_at=None)
    fresh = stored()
    fresh.access_token = world.add_token("EAAnewTokenOfTheShop", shop.id).value
    fresh.save()
    probe.probe_page(old)
    assert stored().connection == ("connected", "")


def test_schedule_waits_for_the_probe(page, sandbox, settings):
    settings.SYNC_EVERY_MINUTES = 1
    page.schedule_probe()
    tasks.keep_current(0)
    assert not SyncRun.objects.exists()
    Page.objects.update(probe_at=timezone.now() - timedelta(seconds=1))
    tasks.keep_current(0)
    jobs = tasks.ProcrastinateJob.objects.filter(task_name="probe_page", status="todo")
    assert [job.args for job in jobs] == [{"page_id": page.pk}]


# -- the app and the Page ----------------------------------------------------------------------------------
REFUSED = {
    "app off": (
        faults.graph_error(200, message="API access deactivated. To reactivate, go to the app dashboard."),
        "switched off at Facebook: go to the app dashboard",
    ),
    "app blocked": (faults.graph_error(200, message="API access blocked."), "go to the app dashboard"),
    "app not used": (
        faults.graph_error(
            200,
            message="(#200) Access to this data is temporarily disabled for non-active apps or apps that "
            "have not recently accessed this data ...",
        ),
        "go to the app dashboard",
    ),
    "app in development": (
        faults.graph_error(10, message="(#10) The app is in development mode."), "switch it to live",
    ),
    "no token": (faults.graph_error(104, message="An access token is required to request this resource."),
                 "a proxy or gateway"),
    "migrated": (faults.graph_error(21, message=MIGRATED),
                 "Facebook merged this Page into Page 900000000000999: connect that one"),
    "gone": (faults.graph_error(100, 33, message=NOT_FOUND.format("900000000000001")),
             "look at facebook.com/900000000000001"),
    "new experience": (faults.graph_error(200, 2069030, message="Permissions error"), "New Pages Experience"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_refusal_says_what_to_do_and_sets_the_state(sync, page, stored, sandbox, add_threads, name, platform):
    add_threads(2)
    page.instagram_account_id = "17841400000000001" if platform == "instagram" else ""
    page.save()
    fault, text = REFUSED[name]
    sandbox.faults.add(fault, path=f"{LIST}.*platform={platform}", **FOREVER)
    result = sync()
    assert (result.status, http_status_of(SyncRun.objects.get())) == ("error", 409)
    assert text in result.error
    assert "pages_messaging" not in result.error
    page = stored()
    assert page.state == "reconnect"
    assert text in page.state_reason
    assert page.migrated_to == ("900000000000999" if name == "migrated" else "")
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert (stored().connection, stored().migrated_to, stored().probe_at) == (("connected", ""), "", None)


@pytest.mark.parametrize(
    "fault",
    [
        faults.graph_error(190, 490, message=CHECKPOINT),
        faults.token_error(459),
        faults.graph_error(200, message="(#200) This business requires two-factor authentication"),
    ],
)
def test_checkpoint_asks_to_log_in_first(sync, stored, sandbox, pass_time, run_due_probes, fault):
    sandbox.faults.add(fault, path=LIST, **FOREVER)
    error = sync().error
    assert "log in at facebook.com" in error
    assert error.index("log in") < error.index("Connect the Page again")
    pass_time()
    run_due_probes()
    assert "log in at facebook.com" in stored().state_reason


def test_texts_for_people_are_shown_to_managers_only(sync, page, stored, sandbox):
    refusal = faults.graph_error(
        200,
        2069030,
        message="Permissions error",
        is_transient=False,
        error_user_title="New Pages Experience Is Not Supported",
        error_user_msg="This endpoint is not supported.",
    )
    sandbox.faults.add(refusal, path=LIST, **FOREVER)
    text = "New Pages Experience Is Not Supported: This endpoint is not supported."
    assert text in sync().error

    def shown_to(user) -> str:
        client = api(user)
        answers = [f"/api/pages/{page.pk}", "/api/pages", "/api/sync-runs", f"/api/pages/{page.pk}/threads"]
        return " ".join(client.get(url).content.decode() for url in answers)

    assert text in shown_to(member(page, "manager"))
    assert text in shown_to(superuser())
    for role in ("viewer", "tagger"):
        assert "Not Supported" not in shown_to(member(page, role))
        assert "uses the New Pages Experience" in shown_to(member(page, role))


# -- one thread --------------------------------------------------------------------------------------------
def test_thread_that_facebook_refuses_costs_that_thread_only(
    sync, page, world, shop, stored, sandbox, add_threads
):
    others = add_threads(3)
    long = world.add_conversation(shop, messages=60)
    sandbox.faults.add(faults.permission_error(status=400), path=f"/{long.id}", **FOREVER)
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 3)
    assert len(sandbox.call_log.matching("limit=1$")) == 1, "one call confirms that the Page is not refused"
    thread = page.threads.get(state=Thread.State.OWED)
    assert (thread.graph_id, thread.held_count) == (long.id, 26)
    assert "Facebook refuses this thread only. Facebook says: (#10)" in thread.reason
    assert stored().connection == ("connected", "")

    world.add_message(others[0], "News of another thread")
    again = sync()
    assert (again.status, again.owed, again.events_created) == ("complete_with_errors", 1, 1)
    sandbox.faults.clear()
    assert (sync().status, stored().connection) == ("complete", ("connected", ""))
    assert_exact(page, world, shop)


def test_pending_thread_that_facebook_refuses_stays_pending(
    sync, page, world, shop, stored, sandbox, add_threads
):
    add_threads(2)
    thread = world.add_conversation(shop, messages=3)
    sync()
    Thread.objects.filter(graph_id=thread.id).update(state=Thread.State.OWED, backfill=None)
    sandbox.faults.add(faults.permission_error(200), path=f"/{thread.id}", **FOREVER)
    # The list, which shows this thread as a whole, answers before the call that confirms the refusal.
    sandbox.faults.add(faults.slow(2), path="limit=1$", **FOREVER)
    sandbox.call_log.clear()
    result = sync()
    assert (result.status, result.owed, len(sandbox.call_log)) == ("complete_with_errors", 1, 3)
    assert stored().connection == ("connected", "")


def test_refused_thread_of_instagram_does_not_stop_instagram(sync, page, world, shop, stored, sandbox):
    shop.instagram_id = page.instagram_account_id = "17841400000000001"
    shop.__post_init__()
    page.save()
    thread = world.add_conversation(shop, "Ana", messages=3, platform="instagram")
    other = world.add_conversation(shop, "Ben", messages=3, platform="instagram")
    sync()
    Thread.objects.filter(graph_id=thread.id).update(state=Thread.State.OWED, backfill=None)
    sandbox.faults.add(faults.permission_error(), path=f"/{thread.id}", **FOREVER)
    # The list, which shows this thread as a whole, answers before the call that confirms the refusal.
    sandbox.faults.add(faults.slow(2), path="limit=1$", **FOREVER)
    world.add_message(other, "News")
    result = sync()
    assert (result.status, result.owed, result.events_created) == ("complete_with_errors", 1, 1)
    assert not SyncRun.objects.latest("pk").notes


def test_many_refused_threads_are_confirmed_together(sync, page, world, shop, sandbox):
    for _ in range(12):
        world.add_conversation(shop, messages=60)
    sandbox.faults.add(faults.permission_error(), path="/messages", **FOREVER)
    result = sync()
    assert (result.owed, result.status) == (12, "complete_with_errors")
    assert 1 <= len(sandbox.call_log.matching("limit=1$")) <= 12
    assert all("this thread only" in reason for reason in page.threads.values_list("reason", flat=True))


def test_thread_that_facebook_did_not_show_is_asked_for_by_every_full_run(
    sync, page, world, shop, sandbox, by_cursor
):
    long = world.add_conversation(shop, messages=60)
    gone = faults.graph_error(100, 33, message=NOT_FOUND.format(long.id))
    sandbox.faults.add(gone, path=f"/{long.id}/messages", **FOREVER)
    assert (sync().status, page.threads.get().state, page.threads.get().held_count) == (
        "complete",
        "unreadable",
        26,
    )

    sandbox.call_log.clear()
    assert sync().skipped == 1
    assert not sandbox.call_log.matching("/messages"), "an incremental run does not ask again"
    before = row_versions()
    result = sync(full=True)
    assert (result.status, result.skipped, len(sandbox.call_log.matching("/messages"))) == ("complete", 1, 1)
    assert row_versions() == before, "the same answer is not written again"

    sandbox.faults.clear()
    result = sync(full=True)
    assert (result.status, result.skipped, result.events_created) == ("complete", 0, 34)
    assert_exact(page, world, shop)
