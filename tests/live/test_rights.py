"""Rights that change are felt by streams that are open: nobody hears of a Page they no longer may see."""

import threading

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from conversations.models import Page, PageMember, SyncRun
from conversations.sandbox import faults
from conversations.sync import runs
from conversations.sync.progress import ENDS


@pytest.fixture
def other(page) -> Page:
    return Page.objects.create(facebook_page_id="55", name="Other", access_token="EAAother")


@pytest.fixture
def anna(page, other):
    """Viewer of the one, manager of the other."""
    user = User.objects.create_user("anna")
    PageMember.objects.create(page=page, user=user, role="viewer")
    PageMember.objects.create(page=other, user=user, role="manager")
    return user


@pytest.fixture
def listen(web, open_stream):
    def start(user, query: str = ""):
        token, _ = Token.objects.get_or_create(user=user)
        return open_stream("GET", f"{web.url}/api/events{query}", {"Authorization": f"Token {token.key}"})

    return start


@pytest.fixture
def busy(page, world, shop, sandbox) -> Page:
    """A sync of it stores 100 conversations, then hangs."""
    for _ in range(150):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.hang(), times=None, path="/conversations.*&after=")
    return page


def say(page, words: str) -> int:
    """A run that fails with these words; its id."""
    run = SyncRun(page=page, mode="full", trigger="test", status="starting")
    runs.save(run)
    runs.finish(run, "error", words)
    return run.pk


def hears(stream, run: int) -> dict:
    return stream.wait_for(lambda state: state["run"] == run and state["status"] == "error")


def test_a_role_that_is_taken_away_ends_what_is_shown_of_that_page_and_nothing_else(
    listen, anna, page, other
):
    stream = listen(anna)
    hears(stream, say(page, "before"))
    PageMember.objects.get(page=page, user=anna).delete()
    hidden = say(page, "after")
    hears(stream, say(other, "goes on"))
    hears(stream, say(other, "goes on still"))
    assert hidden not in {state["run"] for state in stream.states}


def test_a_lower_role_no_longer_hears_why_and_a_new_one_hears_at_once(listen, anna, page, other):
    stream = listen(anna)
    assert hears(stream, say(other, "A reason"))["message"] == "A reason"
    PageMember.objects.filter(page=other, user=anna).update(role="viewer")
    assert hears(stream, say(other, "Another reason"))["message"] == "It failed."
    newest = say(third := Page.objects.create(facebook_page_id="77"), "long ago")
    PageMember.objects.create(page=third, user=anna, role="viewer")
    hears(stream, newest)  # the present state of what is new to her


@pytest.mark.parametrize("act", ["last role", "inactive", "renewed key", "revoked key"])
def test_who_may_see_nothing_more_is_let_go(listen, anna, page, other, act):
    stream = listen(anna, f"?facebookPageId={page.facebook_page_id}")
    bystander = listen(User.objects.create_superuser("boss"))
    hears(stream, say(page, "before"))
    match act:
        case "last role":
            PageMember.objects.get(page=page, user=anna).delete()
        case "inactive":
            User.objects.filter(pk=anna.pk).update(is_active=False)
        case "renewed key":
            Token.objects.filter(user=anna).delete()
            Token.objects.create(user=anna)
        case "revoked key":
            Token.objects.filter(user=anna).delete()
    hidden = say(page, "after")
    hears(bystander, hidden)
    assert stream.ended.wait(20)
    assert hidden not in {state["run"] for state in stream.states}


@pytest.mark.parametrize("act", ["lower role", "inactive", "revoked key"])
def test_who_watches_a_run_and_may_not_any_more_is_let_go_and_the_run_goes_on(
    web, open_stream, anna, busy, act
):
    PageMember.objects.filter(page=busy, user=anna).update(role="manager")
    colleague = User.objects.create_superuser("boss")
    url, body = f"{web.url}/api/conversations/sync-stream", {"pageId": busy.pk}
    hers, other = (
        open_stream("POST", url, {"Authorization": f"Token {Token.objects.create(user=user).key}"}, body)
        for user in (anna, colleague)
    )
    for stream in (hers, other):
        run = stream.wait_for(lambda state: state["synced"] == 100)["run"]
    PageMember.objects.filter(user=colleague).update(role="viewer")  # nobody's
    match act:
        case "lower role":
            PageMember.objects.filter(page=busy, user=anna).update(role="viewer")
        case "inactive":
            User.objects.filter(pk=anna.pk).update(is_active=False)
        case "revoked key":
            Token.objects.filter(user=anna).delete()
    assert hers.ended.wait(20)
    assert {state["status"] for state in hers.states}.isdisjoint(ENDS)
    assert not other.ended.is_set()
    assert SyncRun.objects.get(pk=run).status not in ENDS
    runs.cancel(run)
    other.wait_for(lambda state: state["status"] == "cancelled")


def test_who_waits_for_a_run_and_may_not_any_more_is_refused_at_once(web, listen, anna, busy):
    PageMember.objects.filter(page=busy, user=anna).update(role="manager")
    headers = {"Authorization": f"Token {Token.objects.create(user=anna).key}"}
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
    assert SyncRun.objects.get(pk=run).status not in ENDS
