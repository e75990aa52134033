"""Open streams follow changes of permissions: no user gets events of a Page that is not visible any more."""

import threading

import pytest
import requests
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from conversations.lib.locks import sync_lock
from conversations.models import Page, PageMember, SyncRun
from conversations.sandbox import faults
from conversations.sync import run_lifecycle
from conversations.sync.progress import TERMINAL_STATUSES
from inbox.accounts.models import ApiKey
from inbox.accounts.sessions import STARTED_AT, SessionStore, end_sessions
from tests.factories import PageFactory, new_key
from tests.machine import pause


@pytest.fixture
def other(page) -> Page:
    return PageFactory(facebook_page_id="55", name="Other", access_token="EAAother")


@pytest.fixture
def anna(page, other):
    """A viewer of one Page and manager of the other."""
    user = User.objects.create_user("anna")
    PageMember.objects.create(page=page, user=user, role="viewer")
    PageMember.objects.create(page=other, user=user, role="manager")
    return user


@pytest.fixture
def listen(web, open_stream):
    def start(user, query: str = ""):
        return open_stream("GET", f"{web.url}/api/events{query}", {"Authorization": f"Token {new_key(user)}"})

    return start


@pytest.fixture
def busy(page, world, shop, sandbox) -> Page:
    """A sync of the Page stores 100 conversations, then hangs."""
    for _ in range(150):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.hang(), times=None, path="/conversations.*&after=")
    return page


def fail_run(page, error: str) -> int:
    """Create a run that fails with this error, and return its ID."""
    run = SyncRun(page=page, mode="full", trigger="test", status="starting")
    with sync_lock(page.pk):  # or a worker would take over the run
        run_lifecycle.save(run)
        run_lifecycle.finish(run, "error", error)
    return run.pk


def wait_for_error(stream, run: int) -> dict:
    return stream.wait_for(lambda state: state["run"] == run and state["status"] == "error")


def test_removed_role_ends_only_the_events_of_that_page(listen, anna, page, other):
    stream = listen(anna)
    wait_for_error(stream, fail_run(page, "before"))
    PageMember.objects.get(page=page, user=anna).delete()
    hidden = fail_run(page, "after")
    wait_for_error(stream, fail_run(other, "goes on"))
    wait_for_error(stream, fail_run(other, "goes on still"))
    assert hidden not in {state["run"] for state in stream.states}


def test_lower_role_gets_no_reasons_and_a_new_role_gets_events_at_once(listen, anna, page, other):
    stream = listen(anna)
    assert wait_for_error(stream, fail_run(other, "A reason"))["message"] == "A reason"
    PageMember.objects.filter(page=other, user=anna).update(role="viewer")
    assert wait_for_error(stream, fail_run(other, "Another reason"))["message"] == "The sync failed."
    newest = fail_run(third := PageFactory(facebook_page_id="77"), "long ago")
    PageMember.objects.create(page=third, user=anna, role="viewer")
    wait_for_error(stream, newest)  # the current state of the new Page


@pytest.mark.parametrize("act", ["last role", "inactive", "renewed key", "revoked key"])
def test_stream_of_a_user_without_pages_ends(listen, anna, page, other, act):
    stream = listen(anna, f"?facebookPageId={page.facebook_page_id}")
    bystander = listen(User.objects.create_superuser("boss"))
    wait_for_error(stream, fail_run(page, "before"))
    match act:
        case "last role":
            PageMember.objects.get(page=page, user=anna).delete()
        case "inactive":
            User.objects.filter(pk=anna.pk).update(is_active=False)
        case "renewed key":
            ApiKey.objects.filter(user=anna).delete()
            new_key(anna)
        case "revoked key":
            ApiKey.objects.filter(user=anna).delete()
    hidden = fail_run(page, "after")
    wait_for_error(bystander, hidden)
    assert stream.ended.wait(60)
    assert hidden not in {state["run"] for state in stream.states}


def cookie_of(user) -> dict[str, str]:
    browser = Client()
    browser.force_login(user)
    return {"Cookie": f"sessionid={browser.session.session_key}"}


@pytest.mark.parametrize(
    "act", ["logout", "log out everywhere", "password", "cut session", "expired session"]
)
def test_stream_of_a_session_ends_with_it(web, open_stream, anna, page, act):
    cookie, others = cookie_of(anna), cookie_of(User.objects.create_superuser("boss"))
    sessions = Session.objects.filter(pk=cookie["Cookie"].partition("=")[2])
    if act == "expired session":  # its 14 days are over soon after the streams are open
        store = SessionStore(sessions.get().pk)
        store[STARTED_AT] -= 14 * 24 * 3600 - pause(3, maximum=40)
        store.save()
    hers, other = (open_stream("GET", f"{web.url}/api/events", headers) for headers in (cookie, others))
    run = fail_run(page, "before")
    for stream in (hers, other):
        wait_for_error(stream, run)
    match act:
        case "logout":
            sessions.delete()
        case "cut session":
            sessions.update(expire_date=timezone.now())
        case "log out everywhere":
            end_sessions(anna)
        case "password":
            anna.set_password("another horse battery")
            anna.save()
    assert hers.ended.wait(60)
    assert not other.ended.is_set()
    wait_for_error(other, fail_run(page, "after"))


@pytest.mark.parametrize("act", ["lower role", "inactive", "revoked key"])
def test_stream_of_a_run_ends_without_the_role_and_the_run_continues(web, open_stream, anna, busy, act):
    PageMember.objects.filter(page=busy, user=anna).update(role="manager")
    colleague = User.objects.create_superuser("boss")
    url, body = f"{web.url}/api/conversations/sync-stream", {"pageId": busy.pk}
    hers, other = (
        open_stream("POST", url, {"Authorization": f"Token {new_key(user)}"}, body)
        for user in (anna, colleague)
    )
    for stream in (hers, other):
        run = stream.wait_for(lambda state: state["synced"] == 100)["run"]
    PageMember.objects.filter(user=colleague).update(role="viewer")  # of another user
    match act:
        case "lower role":
            PageMember.objects.filter(page=busy, user=anna).update(role="viewer")
        case "inactive":
            User.objects.filter(pk=anna.pk).update(is_active=False)
        case "revoked key":
            ApiKey.objects.filter(user=anna).delete()
    assert hers.ended.wait(60)
    assert {state["status"] for state in hers.states}.isdisjoint(TERMINAL_STATUSES)
    assert not other.ended.is_set()
    assert SyncRun.objects.get(pk=run).status not in TERMINAL_STATUSES
    run_lifecycle.cancel(run)
    other.wait_for(lambda state: state["status"] == "cancelled")


def test_waiting_request_is_refused_at_once_without_the_role(web, listen, anna, busy):
    PageMember.objects.filter(page=busy, user=anna).update(role="manager")
    headers = {"Authorization": f"Token {new_key(anna)}"}
    url, answers = f"{web.url}/api/conversations/sync", []

    def wait() -> None:
        answers.append(requests.post(url, json={"pageId": busy.pk}, headers=headers, timeout=60))

    bystander = listen(User.objects.create_superuser("boss"))
    waiter = threading.Thread(target=wait)
    waiter.start()
    run = bystander.wait_for(lambda state: state["synced"] == 100)["run"]
    PageMember.objects.filter(page=busy, user=anna).delete()
    waiter.join(60)
    assert answers[0].status_code == 403
    assert answers[0].json()["run"] == run
    assert "no longer have the role manager" in answers[0].json()["error"]
    assert SyncRun.objects.get(pk=run).status not in TERMINAL_STATUSES
