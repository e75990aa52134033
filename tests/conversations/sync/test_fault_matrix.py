"""Every failure that Facebook is known to return, and how a sync reacts to it.

Each fault is tested with both ways to read a list: by its cursors, and by windows of time.
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from conversations.graph import fields
from conversations.graph.readers import larger_lists
from conversations.models import CallBudget, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import Endless, faults, refusals
from conversations.sandbox.responses.error_responses import GraphFailure
from conversations.sandbox.switches import EQUIVALENT
from conversations.sync.crawl import window_splitter
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.sync.copies import assert_exact, row_versions
from tests.seeds import SEED

pytestmark = pytest.mark.django_db

# Three answers, each with a thread in its middle; the long threads are four answers themselves.
THREADS, PER_ANSWER = 8, 3
LONG_THREADS, LONG, SHORT, MIDDLE = (0, 6), 10, 2, 4
# How many threads Facebook may return when more are requested: the usual number, a little more, more, all.
RETURNED, LARGER = (3, 4, 6, 12), (12, 6)
LISTS, MESSAGES, ANY = "/conversations", "/messages", ""
REDUCE = "Please reduce the amount of data you're asking for"


@dataclass
class Scenario:
    """A fault and what its run must show. `more` is the maximum of calls beyond those of a run without it."""

    fault: faults.Fault
    path: str = LISTS
    times: int = 1
    after: int = 1
    more: int = 1
    statuses: tuple[str, ...] = ()
    notes: str = ""
    options: dict[str, Any] = field(default_factory=dict)


RETRIED = {
    "code 1": Scenario(faults.unknown_error(), statuses=("retrying",)),
    "code 1 with 400": Scenario(faults.unknown_error(400), statuses=("retrying",)),
    "code 1/99": Scenario(faults.graph_error(1, 99, status=500), statuses=("retrying",)),
    "code 2 with 503": Scenario(faults.unavailable(), times=3, more=3, statuses=("retrying",)),
    "code 2 with 200": Scenario(faults.unavailable(200), statuses=("retrying",)),
    "transient without a known code": Scenario(
        faults.graph_error(987, is_transient=True), statuses=("retrying",)
    ),
    "transient without a code": Scenario(faults.graph_error(0, is_transient=True), statuses=("retrying",)),
    "permission error that passes": Scenario(
        faults.graph_error(10, is_transient=True), statuses=("retrying",)
    ),
    "token error of an outage": Scenario(refusals.doubtful_token_error(), statuses=("retrying",)),
    "504": Scenario(refusals.gateway_timeout(), statuses=("retrying",)),
    "504 with code -2": Scenario(refusals.gateway_timeout(is_json=True), statuses=("retrying",)),
    "HTML with 502": Scenario(faults.html(), statuses=("retrying",)),
    "HTML with 200": Scenario(faults.html(200), statuses=("retrying",)),
    "text with 200": Scenario(faults.text(), statuses=("retrying",)),
    "nothing": Scenario(faults.text(""), statuses=("retrying",)),
    "a list": Scenario(faults.text("[]"), statuses=("retrying",)),
    "no data": Scenario(faults.text('{"paging": {}}'), statuses=("retrying",)),
    "null for data": Scenario(faults.text('{"data": null}'), statuses=("retrying",)),
    "too deep": Scenario(faults.text('{"data": ' + "[" * 100_000), statuses=("retrying",)),
    "truncated": Scenario(faults.truncated(), statuses=("retrying",)),
    "cut off": Scenario(faults.cut_off(), statuses=("retrying",)),
    "reset": Scenario(faults.reset(), times=2, more=2, statuses=("retrying",)),
    "redirect": Scenario(faults.redirect("http://127.0.0.1:1/"), statuses=("retrying",)),
    "in a thread": Scenario(faults.unavailable(), path=MESSAGES, after=0, statuses=("retrying",)),
    "reset in a thread": Scenario(faults.reset(), path=MESSAGES, after=0, statuses=("retrying",)),
}
WAITED = {
    f"{code} as {status}": Scenario(
        faults.graph_error(code, status=status), times=2, more=7, statuses=("waiting",)
    )
    for code, status in [
        (4, 403), (17, 400), (32, 400), (341, 400), (613, 400), (613, 403), (613, 429), (613, 200),
        (80001, 400), (80002, 400), (80006, 400), (80006, 500),
    ]
} | {
    "429 without JSON": Scenario(faults.html(429), statuses=("waiting",)),
    "613/1996": Scenario(faults.graph_error(613, 1996), statuses=("waiting",)),
    "in a thread": Scenario(faults.graph_error(613), path=MESSAGES, after=0, statuses=("waiting",)),
}  # fmt: skip
# Full counters of other products and IDs.
OTHERS_FULL = json.dumps(
    {
        "112": [{"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 90}],
        "900000000000001": [
            {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 90},
            {"type": "messenger", "call_count": 3, "estimated_time_to_regain_access": 0},
        ],
    }
)
UNAFFECTED = {
    "usage of others": Scenario(faults.headers({"X-Business-Use-Case-Usage": OTHERS_FULL}), times=99, more=0),
} | {
    f"odd usage {number}": Scenario(faults.odd_usage(number), times=99, more=0)
    for number in range(len(faults.ODD_USAGE))
}  # fmt: skip
SHRUNK = {
    "too much": Scenario(faults.reduce_data(), more=6),
    "too much, twice": Scenario(faults.reduce_data(), times=2, more=30),
    "too much in a thread": Scenario(faults.reduce_data(), path=MESSAGES, after=0, more=3),
    "time-out by size": Scenario(refusals.instagram_timeout(), more=6),
    "time-out by size in a thread": Scenario(refusals.instagram_timeout(), path=MESSAGES, after=0, more=3),
    "504 that lasts": Scenario(refusals.gateway_timeout(), times=6, more=12, statuses=("retrying",)),
    "504 that lasts in a thread": Scenario(
        refusals.gateway_timeout(is_json=True),
        path=MESSAGES,
        times=6,
        after=0,
        more=9,
        statuses=("retrying",),
    ),
}
RESTARTED = {
    "stale cursor": Scenario(
        faults.graph_error(2642), path="/conversations.*&after=", after=0, more=8, notes="Restarted reading"
    ),
    "cursor too deep": Scenario(
        faults.graph_error(100, message="(#100) The after cursor specified exceeds the max limit"),
        path="/conversations.*&after=", after=0, more=8, notes="Restarted reading",
    ),
    "stale cursor in a thread": Scenario(
        faults.graph_error(2642), path=f"{MESSAGES}.*after=", after=0, more=3
    ),
}  # fmt: skip
CONTINUES = RETRIED | WAITED | SHRUNK | RESTARTED | UNAFFECTED


@pytest.fixture(params=["by cursor", "by windows"])
def inbox(request, page, world, shop, sandbox):
    """Threads a few hours apart, in three answers. Some are as long as four answers."""
    capabilities = {"windows": request.param == "by windows", "folders": dict.fromkeys(FOLDERS, "refused")}
    page.capabilities = {"messenger": capabilities}
    page.save()
    sandbox.switches.updated_ms = "honoured" if capabilities["windows"] else "refused"
    sandbox.switches.max_limit = PER_ANSWER
    now = world.clock.now()
    for number in range(THREADS):
        count = LONG if number in LONG_THREADS else SHORT
        world.add_conversation(
            shop, f"Customer {number}", messages=count, updated_time=now - 2 * 9999 * (number + 1)
        )
    return list(shop.threads.values())


@pytest.fixture
def larger(monkeypatch, page, sandbox, inbox):
    """Three threads in an answer are usual. Facebook returns up to `returned`; `known` was learnt before."""

    def use(returned: int, known: int | None) -> None:
        sizes = ((min(count, PER_ANSWER), messages) for count, messages in fields.LIST_SIZES)
        monkeypatch.setattr(fields, "LIST_SIZES", tuple(dict.fromkeys(sizes)))
        monkeypatch.setattr(larger_lists, "USUAL", PER_ANSWER)
        monkeypatch.setattr(larger_lists, "LARGER", LARGER)
        monkeypatch.setattr(window_splitter, "LONG_LIST", 0)
        sandbox.switches.max_limit = returned
        page.capabilities["messenger"]["most_conversations"] = known
        page.save()

    return use


@pytest.fixture(scope="module")
def call_counts() -> dict[bool, int]:
    """Calls of a run without faults, by whether it uses windows. Counted once, as the inbox never changes."""
    return {}


@pytest.fixture
def normal_calls(inbox, sandbox, sync, page, call_counts):
    """How many calls the same inbox needs without faults."""
    has_windows = page.capabilities["messenger"]["windows"]
    if has_windows not in call_counts:
        capabilities = page.capabilities
        assert sync().status == "complete"
        call_counts[has_windows] = len(sandbox.call_log)
        sandbox.call_log.clear()
        for rows in (page.conversations, page.threads, page.runs):
            rows.all().delete()
        Page.objects.filter(pk=page.pk).update(
            watermarks={}, last_synced_at=None, last_full_sync_at=None, capabilities=capabilities
        )
    return call_counts[has_windows]


@pytest.fixture
def play(sandbox):
    def start(scenario: Scenario, **options: Any) -> None:
        defaults = {"times": scenario.times, "path": scenario.path, "after": scenario.after}
        sandbox.faults.add(scenario.fault, **defaults | options)

    return start


@pytest.mark.parametrize("name", CONTINUES)
def test_sync_continues_by_itself(sync, page, world, shop, sandbox, normal_calls, play, settings, name):
    scenario, has_windows = CONTINUES[name], page.capabilities["messenger"]["windows"]
    settings.GRAPH_RETRY_SECONDS = 0.01
    play(scenario)
    seen = []
    result = sync(on_progress=lambda progress: seen.append((progress.status, progress.seconds)))
    assert (result.status, result.owed, result.skipped, result.inserted) == ("complete", 0, 0, THREADS)
    assert set(scenario.statuses) <= {status for status, _ in seen}
    assert all(seconds is not None for status, seconds in seen if status in ("waiting", "retrying"))
    assert len(sandbox.call_log) == result.requests <= normal_calls + scenario.more + 4
    assert_exact(page, world, shop)
    run = SyncRun.objects.get()
    is_played = any(call.fault for call in sandbox.call_log)
    assert is_played or (name in RESTARTED and has_windows), "windows use no cursors"
    assert scenario.notes in " ".join(run.notes) or not is_played
    assert run.total == run.synced == THREADS
    before = row_versions()
    assert sync().requests == 1
    assert row_versions() == before


WITH_LARGER_LISTS = [
    *SHRUNK, "code 1", "504", "reset", "truncated", "cut off", "613 as 400", "429 without JSON",
    "stale cursor",
]  # fmt: skip


@pytest.mark.parametrize("name", WITH_LARGER_LISTS)
def test_larger_lists_lose_nothing(sync, page, world, shop, sandbox, inbox, larger, play, settings, name):
    settings.GRAPH_RETRY_SECONDS = 0.01
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    chance = random.Random(SEED)
    larger(chance.choice(RETURNED), chance.choice([None, *LARGER]))
    sandbox.switches.total_count = chance.choice(["honoured", "ignored", "refused", "wrong"])
    sandbox.switches.short_pages = chance.choice([0, 3])
    play((SHRUNK | CONTINUES)[name])
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete", 0, THREADS)
    assert_exact(page, world, shop)
    before = row_versions()
    assert sync().requests == 1
    assert row_versions() == before


def test_what_a_full_run_learnt_of_sizes_is_kept(sync, page, world, shop, sandbox, inbox, larger):
    for number in range(2 * PER_ANSWER):  # behind the others: enough for full answers in a larger size
        at = world.clock.now() - 2 * 9999 * (THREADS + number + 1)
        world.add_conversation(shop, f"Earlier customer {number}", messages=2, updated_time=at)
    larger(LARGER[1], None)
    assert sync().status == "complete"
    page.refresh_from_db()
    assert page.capabilities["messenger"]["most_conversations"] == LARGER[1]
    sandbox.call_log.clear()
    assert sync(full=True).status == "complete"
    assert {int(call.params["limit"]) for call in sandbox.call_log.matching(LISTS)} == {PER_ANSWER, LARGER[1]}


STOPS = {
    "expired": (faults.token_error(463), "expired", "owner"),
    "password": (faults.token_error(460), "password", "owner"),
    "checkpoint": (faults.token_error(459), "log in", "owner"),
    "app removed": (faults.token_error(458), "removed", "owner"),
    "not confirmed": (faults.token_error(464), "confirm", "owner"),
    "role lost": (faults.token_error(492), "role", "owner"),
    "token invalid": (faults.token_error(None, 401), "access token", "owner"),
    "session invalid": (faults.graph_error(102), "access token", "owner"),
    "checkpoint 490": (faults.token_error(490), "log in", "owner"),
    "app off": (faults.graph_error(200, message="API access blocked."), "app dashboard", "owner"),
    "migrated": (faults.graph_error(21), "connect that one", "owner"),
    "signature": (faults.graph_error(104), "FACEBOOK_APP_SECRET", "owner"),
    "permission 10": (faults.permission_error(10), "permission", "owner"),
    "permission 200": (faults.permission_error(200), "permission", "owner"),
    "permission 230": (faults.permission_error(230), "permission", "owner"),
    "capability 3": (faults.permission_error(3, status=400), "permission", "owner"),
    "version": (faults.graph_error(2635), "GRAPH_API_VERSION", "facebook"),
    "version too": (faults.graph_error(12), "GRAPH_API_VERSION", "facebook"),
    "bad field": (faults.graph_error(2500), "injected failure", "facebook"),
    "blocked": (faults.graph_error(368), "blocked", "facebook"),
    "contact terms": (faults.graph_error(2, 2018344, is_transient=False), "contact terms", "facebook"),
    "unknown": (faults.graph_error(4711), "injected failure", "facebook"),
}


# At the first call, which is the same in both ways, and in the middle of the list.
WHERE = [("by cursor", 0), ("by cursor", 2), ("by windows", 2)]


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize(("inbox", "after"), WHERE, indirect=["inbox"])
def test_sync_stops_with_a_message_and_the_next_one_resumes(
    sync, page, world, shop, sandbox, inbox, name, after
):
    fault, words, at_fault = STOPS[name]
    sandbox.faults.add(fault, times=None, path=LISTS, after=after)
    result = sync()
    run = SyncRun.objects.get()
    assert (result.status, run.status, run.fault) == ("error", "error", at_fault)
    assert words in result.error.lower() if words.islower() else words in result.error
    assert result.synced + result.owed == page.conversations.count() == len(Thread.objects.all())
    assert len(sandbox.call_log) <= after + 14
    page.refresh_from_db()
    is_token = fault.failure is not None and fault.failure.code in (102, 190)
    assert (page.state == "reconnect") == (at_fault == "owner" and not is_token)
    assert (page.probe_at is not None) == (at_fault == "owner")
    assert page.watermarks == {}
    sandbox.faults.clear()
    sandbox.call_log.clear()
    _delete_call_budgets()
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert (page.state, page.state_reason) == ("connected", "")


def _delete_call_budgets() -> None:
    from django.db import connection

    own = connection.copy()
    with own.cursor() as cursor:
        cursor.execute(f"DELETE FROM {CallBudget._meta.db_table}")  # noqa: S608 - our own table
    own.close()


def test_blocked_page_is_remembered_and_the_next_run_makes_no_call(sync, sandbox, inbox):
    sandbox.faults.add(faults.graph_error(368), path=LISTS)
    assert sync().status == "error"
    sandbox.call_log.clear()
    result = sync()
    assert (result.status, len(sandbox.call_log)) == ("error", 0)
    assert "no calls" in result.error


SKIPPED = {
    "100/33": GraphFailure(100, "Unsupported get request.", subcode=33),
    "803": GraphFailure(803, "Some of the aliases you requested do not exist"),
    "9000001": GraphFailure(9000001, "This message has been deleted by the user or the business."),
    "1 at any size": GraphFailure(1, REDUCE, status=500),
}


@pytest.mark.parametrize("name", SKIPPED)
@pytest.mark.parametrize("when", ["messages", "listed"])
def test_thread_that_fails_is_skipped_alone(sync, page, world, shop, sandbox, inbox, name, when):
    from conversations.sandbox.data.world import Poison

    bad = inbox[MIDDLE]
    bad.poison = Poison(SKIPPED[name], when)
    result = sync()
    if when == "listed":  # Facebook shows nothing of it: the list cannot be read past it
        assert result.status in ("complete", "complete_with_errors", "error")
        bad.poison = None
        assert sync().status == "complete"
        assert_exact(page, world, shop)
        return
    assert (result.status, result.skipped, result.inserted) == ("complete", 1, THREADS - 1)
    thread = page.threads.get(state="unreadable")
    assert thread.graph_id == bad.id
    assert thread.reason
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert not sandbox.call_log.matching(f"/{bad.id}"), "it is not requested again before it changes"
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
        {"message_paging": "time"},
        {"message_paging": "time", "short_pages": 2},
        {"cursors_follow": "item"},
        {"refused_fields": {"UnifiedThread.snippet", "Message.reactions"}},
        {"next_url": "https://evil.example"},
        {"next_url": "http://127.0.0.1:9"},
        {"escape_slashes": False, "escape_unicode": False},
        {"updated_before_inclusive": False, "updated_after_inclusive": False},
    ],
    ids=lambda switches: " ".join(switches),
)
def test_unusual_lists_are_read_to_their_end(sync, page, world, shop, sandbox, inbox, switches):
    for name, value in switches.items():
        setattr(sandbox.switches, name, value)
    result = sync()
    assert (result.status, result.inserted) == ("complete", THREADS)
    if "refused_fields" in switches:  # the documented fields alone include no counts
        assert InteractionEvent.objects.count() == sum(len(thread.history) for thread in inbox)
    else:
        assert_exact(page, world, shop)


def test_refused_fields_are_not_requested_again(sync, page, sandbox, inbox):
    sandbox.switches.refused_fields = {"UnifiedThread.snippet"}
    sync()
    assert len(sandbox.call_log.matching(code=100)) == 1
    sync()
    assert len(sandbox.call_log.matching(code=100)) == 1


def test_list_is_read_again_when_windows_are_refused(sync, page, world, shop, sandbox, inbox):
    sandbox.switches.updated_ms = "refused"
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert page.capabilities["messenger"]["windows"] is False


# -- lists that never end, and all of it at random -----------------------------------------------------------
ENDLESS = [Endless(data, cursor) for data in ("none", "repeated") for cursor in ("same", "new")]
LISTS_IN_OTHER_FORMS = [
    "links by time", "links without cursors", "cursors that follow items", "short answers", "empty answers",
    "no escapes",
]  # fmt: skip
TRANSIENT = [
    *faults.STORM,
    *refusals.TRANSIENT,
    faults.graph_error(10, is_transient=True),
    faults.graph_error(987, is_transient=True),
    faults.odd_usage(7),
    faults.headers({"X-Business-Use-Case-Usage": OTHERS_FULL}),
]


@pytest.mark.parametrize("endless", ENDLESS, ids=lambda each: f"{each.data}, {each.cursor} cursor")
@pytest.mark.parametrize("where", ["inbox", "thread"])
def test_endless_list_is_pending_and_everything_else_is_stored(
    sync, page, world, shop, sandbox, inbox, endless, where
):
    _make_endless(shop, inbox[0], endless, where)
    result = sync()
    is_stored = THREADS - (where == "thread")
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, is_stored)
    if where == "inbox":
        assert_exact(page, world, shop)
    _make_endless(shop, inbox[0], None, where)
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def _make_endless(shop, thread, endless, where) -> None:
    if where == "thread":
        thread.endless = endless
    elif endless:
        shop.endless["messenger"] = endless
    else:
        shop.endless.clear()


@pytest.mark.parametrize("number", range(3))
def test_any_mixture_of_faults_ends_and_the_next_run_is_exact(
    sync, page, world, shop, sandbox, inbox, larger, number
):
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    chance = random.Random(f"{SEED}-{number}")
    for name in chance.sample(LISTS_IN_OTHER_FORMS, 2):
        for switch, value in EQUIVALENT[name].items():
            setattr(sandbox.switches, switch, value)
    if chance.random() < 0.5:
        larger(chance.choice(RETURNED), chance.choice([None, *LARGER]))
    sandbox.switches.total_count = chance.choice(["honoured", "ignored", "refused", "wrong"])
    where = chance.choice(["inbox", "thread", ""])
    if where:
        _make_endless(shop, inbox[0], chance.choice(ENDLESS), where)
    if chance.random() < 0.5:
        slow = chance.choice([refusals.gateway_timeout(), refusals.instagram_timeout(), faults.reduce_data()])
        sandbox.faults.add(slow, times=None, above_weight=chance.choice([25, 250, 1000]))
    sandbox.faults.storm(chance.choice([0, 0.05, 0.2]), seed=chance.randrange(10**6), faults=TRANSIENT)
    result = sync()
    assert result.status in ("complete", "complete_with_errors", "error")
    assert result.status != "complete" or not where
    assert len(sandbox.call_log) < 1500
    sandbox.faults.clear()
    _make_endless(shop, inbox[0], None, where)
    assert sync().status == "complete"
    assert_exact(page, world, shop)
