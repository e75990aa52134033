"""Every answer that Facebook is known to give instead of the one that was asked for, and what comes of it.

Each fault is played against both shapes of the walk: by the list's cursors, and by windows of time.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from conversations.models import CallBudget, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import faults
from conversations.sandbox.errors import GraphFailure
from conversations.sync.walk import FOLDERS
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db

THREADS, LONG, PER_ANSWER = 45, 3, 10
LISTS, MESSAGES, ANY = "/conversations", "/messages", ""
REDUCE = "Please reduce the amount of data you're asking for"


@dataclass
class Played:
    """A fault, and what the run that met it must say. `more`: calls beyond those of a calm run, at most."""

    fault: faults.Fault
    path: str = LISTS
    times: int = 1
    after: int = 1
    more: int = 1
    sees: tuple[str, ...] = ()
    notes: str = ""
    orders: dict[str, Any] = field(default_factory=dict)


RETRIED = {
    "code 1": Played(faults.unknown_error(), sees=("retrying",)),
    "code 1 with 400": Played(faults.unknown_error(400), sees=("retrying",)),
    "code 1/99": Played(faults.graph_error(1, 99, status=500), sees=("retrying",)),
    "code 2 with 503": Played(faults.unavailable(), times=3, more=3, sees=("retrying",)),
    "code 2 with 200": Played(faults.unavailable(200), sees=("retrying",)),
    "transient without a known code": Played(faults.graph_error(987, is_transient=True), sees=("retrying",)),
    "HTML with 502": Played(faults.html(), sees=("retrying",)),
    "HTML with 200": Played(faults.html(200), sees=("retrying",)),
    "text with 200": Played(faults.text(), sees=("retrying",)),
    "nothing": Played(faults.text(""), sees=("retrying",)),
    "a list": Played(faults.text("[]"), sees=("retrying",)),
    "no data": Played(faults.text('{"paging": {}}'), sees=("retrying",)),
    "null for data": Played(faults.text('{"data": null}'), sees=("retrying",)),
    "too deep": Played(faults.text('{"data": ' + "[" * 100_000), sees=("retrying",)),
    "truncated": Played(faults.truncated(), sees=("retrying",)),
    "cut off": Played(faults.cut_off(), sees=("retrying",)),
    "reset": Played(faults.reset(), times=2, more=2, sees=("retrying",)),
    "redirect": Played(faults.redirect("http://127.0.0.1:1/"), sees=("retrying",)),
    "in a thread": Played(faults.unavailable(), path=MESSAGES, after=0, sees=("retrying",)),
    "reset in a thread": Played(faults.reset(), path=MESSAGES, after=0, sees=("retrying",)),
}
WAITED = {
    f"{code} as {status}": Played(faults.graph_error(code, status=status), times=2, more=7, sees=("waiting",))
    for code, status in [
        (4, 403), (17, 400), (32, 400), (341, 400), (613, 400), (613, 403), (613, 429), (613, 200),
        (80001, 400), (80002, 400), (80006, 400), (80006, 500),
    ]
} | {
    "429 without JSON": Played(faults.html(429), sees=("waiting",)),
    "613/1996": Played(faults.graph_error(613, 1996), sees=("waiting",)),
    "in a thread": Played(faults.graph_error(613), path=MESSAGES, after=0, sees=("waiting",)),
}  # fmt: skip
SHRUNK = {
    "too much": Played(faults.reduce_data(), more=6),
    "too much, twice": Played(faults.reduce_data(), times=2, more=30),
    "too much in a thread": Played(faults.reduce_data(), path=MESSAGES, after=0, more=3),
}
RESTARTED = {
    "stale cursor": Played(
        faults.graph_error(2642), path="/conversations.*&after=", after=0, more=8, notes="began anew"
    ),
    "cursor too deep": Played(
        faults.graph_error(100, message="(#100) The after cursor specified exceeds the max limit"),
        path="/conversations.*&after=", after=0, more=8, notes="began anew",
    ),
    "stale cursor in a thread": Played(
        faults.graph_error(2642), path=f"{MESSAGES}.*after=", after=0, more=3
    ),
}  # fmt: skip
GOES_ON = RETRIED | WAITED | SHRUNK | RESTARTED


@pytest.fixture(params=["by cursor", "by windows"])
def inbox(request, page, world, shop, sandbox):
    """Threads a few hours apart, some as long as four answers; ten come with an answer."""
    learnt = {"windows": request.param == "by windows", "folders": dict.fromkeys(FOLDERS, "refused")}
    page.learnt = {"messenger": learnt}
    page.save()
    sandbox.switches.updated_ms = "honoured" if learnt["windows"] else "refused"
    sandbox.switches.max_limit = PER_ANSWER
    now = world.clock.now()
    for number in range(THREADS):
        count = 35 if number % (THREADS // LONG) == 0 else 2
        world.add_conversation(
            shop, f"Customer {number}", messages=count, updated_time=now - 9999 * (number + 1)
        )
    return list(shop.threads.values())


@pytest.fixture(scope="module")
def counted() -> dict[bool, int]:
    """Calls of a calm run, by whether it goes by windows: counted once, as the inbox is always the same."""
    return {}


@pytest.fixture
def calm_calls(inbox, sandbox, sync, page, counted):
    """How many calls the same inbox takes where nothing fails."""
    shape = page.learnt["messenger"]["windows"]
    if shape not in counted:
        learnt = page.learnt
        assert sync().status == "complete"
        counted[shape] = len(sandbox.ledger)
        sandbox.ledger.clear()
        for rows in (page.conversations, page.threads, page.runs):
            rows.all().delete()
        Page.objects.filter(pk=page.pk).update(
            watermarks={}, last_synced_at=None, audited_at=None, learnt=learnt
        )
    return counted[shape]


@pytest.fixture
def play(sandbox):
    def begin(played: Played, **orders: Any) -> None:
        given = {"times": played.times, "path": played.path, "after": played.after}
        sandbox.faults.add(played.fault, **given | orders)

    return begin


@pytest.mark.parametrize("name", GOES_ON)
def test_sync_goes_on_by_itself(sync, page, world, shop, sandbox, calm_calls, play, settings, name):
    played, is_windowed = GOES_ON[name], page.learnt["messenger"]["windows"]
    settings.GRAPH_RETRY_SECONDS = 0.01  # seen: each pause is told before it begins
    play(played)
    seen = []
    result = sync(on_progress=lambda progress: seen.append((progress.status, progress.seconds)))
    assert (result.status, result.owed, result.skipped, result.inserted) == ("complete", 0, 0, THREADS)
    assert set(played.sees) <= {status for status, _ in seen}
    assert all(seconds is not None for status, seconds in seen if status in ("waiting", "retrying"))
    assert len(sandbox.ledger) == result.requests <= calm_calls + played.more + 4
    assert_exact(page, world, shop)
    run = SyncRun.objects.get()
    is_met = any(call.fault for call in sandbox.ledger)
    assert is_met or (name in RESTARTED and is_windowed), "windows use no cursor"
    assert played.notes in " ".join(run.notes) or not is_met
    assert run.total == run.synced == THREADS
    before = row_versions()
    assert sync().requests == 1
    assert row_versions() == before


STOPS = {
    "expired": (faults.token_error(463), "expired", "owner"),
    "password": (faults.token_error(460), "password", "owner"),
    "checkpoint": (faults.token_error(459), "log in", "owner"),
    "app removed": (faults.token_error(458), "removed", "owner"),
    "not confirmed": (faults.token_error(464), "confirm", "owner"),
    "role lost": (faults.token_error(492), "role", "owner"),
    "token invalid": (faults.token_error(None, 401), "access token", "owner"),
    "session invalid": (faults.graph_error(102), "access token", "owner"),
    "signature": (faults.graph_error(104), "FACEBOOK_APP_SECRET", "owner"),
    "permission 10": (faults.permission_error(10), "permission", "owner"),
    "permission 200": (faults.permission_error(200), "permission", "owner"),
    "permission 230": (faults.permission_error(230), "permission", "owner"),
    "capability 3": (faults.permission_error(3, status=400), "permission", "owner"),
    "version": (faults.graph_error(2635), "GRAPH_API_VERSION", "facebook"),
    "version too": (faults.graph_error(12), "GRAPH_API_VERSION", "facebook"),
    "bad field": (faults.graph_error(2500), "made to fail", "facebook"),
    "blocked": (faults.graph_error(368), "blocked", "facebook"),
    "contact terms": (faults.graph_error(2, 2018344, is_transient=False), "contact terms", "facebook"),
    "unknown": (faults.graph_error(4711), "made to fail", "facebook"),
}


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize("after", [0, 2])
def test_sync_stops_in_words_and_the_next_goes_on(sync, page, world, shop, sandbox, inbox, name, after):
    fault, words, blame = STOPS[name]
    sandbox.faults.add(fault, times=None, path=LISTS, after=after)
    result = sync()
    run = SyncRun.objects.get()
    assert (result.status, run.status, run.blame) == ("error", "error", blame)
    assert words in result.error.lower() if words.islower() else words in result.error
    assert result.synced + result.owed == page.conversations.count() == len(Thread.objects.all())
    assert len(sandbox.ledger) <= after + 14
    page.refresh_from_db()
    assert (page.state == "reconnect") == (blame == "owner")
    assert page.watermarks == {}
    sandbox.faults.clear()
    sandbox.ledger.clear()
    _forget_closings()
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert (page.state, page.state_reason) == ("connected", "")


def _forget_closings() -> None:
    from django.db import connection

    own = connection.copy()
    with own.cursor() as cursor:
        cursor.execute(f"DELETE FROM {CallBudget._meta.db_table}")  # noqa: S608 - our own table
    own.close()


def test_block_is_remembered_and_the_next_run_makes_no_call(sync, sandbox, inbox):
    sandbox.faults.add(faults.graph_error(368), path=LISTS)
    assert sync().status == "error"
    sandbox.ledger.clear()
    result = sync()
    assert (result.status, len(sandbox.ledger)) == ("error", 0)
    assert "no calls" in result.error


SKIPPED = {
    "100/33": GraphFailure(100, "Unsupported get request.", subcode=33),
    "803": GraphFailure(803, "Some of the aliases you requested do not exist"),
    "9000001": GraphFailure(9000001, "This message has been deleted by the user or the business."),
    "1 at any size": GraphFailure(1, REDUCE, status=500),
}


@pytest.mark.parametrize("name", SKIPPED)
@pytest.mark.parametrize("when", ["messages", "listed"])
def test_thread_that_fails_costs_itself_alone(sync, page, world, shop, sandbox, inbox, name, when):
    from conversations.sandbox.world import Poison

    bad = inbox[12]
    bad.poison = Poison(SKIPPED[name], when)
    result = sync()
    if when == "listed":  # nothing is shown of it at all: the walk cannot pass, and says so
        assert result.status in ("complete", "complete_with_errors", "error")
        bad.poison = None
        assert sync().status == "complete"
        assert_exact(page, world, shop)
        return
    assert (result.status, result.skipped, result.inserted) == ("complete", 1, THREADS - 1)
    thread = page.threads.get(state="unreadable")
    assert thread.graph_id == bad.id
    assert thread.reason
    sandbox.ledger.clear()
    assert sync().status == "complete"
    assert not sandbox.ledger.matching(f"/{bad.id}"), "it is not asked again before it changes"
    bad.poison = None
    world.add_message(bad, "Now it can be read")
    assert sync().skipped == 0
    assert_exact(page, world, shop)


@pytest.mark.parametrize(
    "switches",
    [
        {"short_pages": 3},
        {"empty_pages": 3},
        {"short_pages": 2, "empty_pages": 3},
        {"omit_cursors": True},
        {"cursors_follow": "item"},
        {"refused_fields": {"UnifiedThread.snippet", "Message.reactions"}},
        {"next_url": "https://evil.example"},
        {"next_url": "http://127.0.0.1:9"},
        {"escape_slashes": False, "escape_unicode": False},
        {"updated_before_inclusive": False, "updated_after_inclusive": False},
    ],
    ids=lambda switches: " ".join(switches),
)
def test_odd_lists_are_walked_to_their_end(sync, page, world, shop, sandbox, inbox, switches):
    for name, value in switches.items():
        setattr(sandbox.switches, name, value)
    result = sync()
    assert (result.status, result.inserted) == ("complete", THREADS)
    if "refused_fields" in switches:  # the documented fields alone tell no counts
        assert InteractionEvent.objects.count() == sum(len(thread.history) for thread in inbox)
    else:
        assert_exact(page, world, shop)


def test_fields_that_are_refused_are_not_asked_for_again(sync, page, sandbox, inbox):
    sandbox.switches.refused_fields = {"UnifiedThread.snippet"}
    sync()
    assert len(sandbox.ledger.matching(code=100)) == 1
    sync()
    assert len(sandbox.ledger.matching(code=100)) == 1


def test_windows_that_are_refused_one_day_cost_a_new_walk(sync, page, world, shop, sandbox, inbox):
    sandbox.switches.updated_ms = "refused"
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert page.learnt["messenger"]["windows"] is False
