"""Pages are connected and reconnected in the admin."""

import html
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.sessions.models import Session

from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from tests.conversations.admin.conftest import log_in_as
from tests.factories import member, superuser

START = "/admin/conversations/page/connect/"
CHOOSE, BACK = f"{START}choose/", f"{START}back/"


@pytest.fixture
def page(db, shop, sandbox):
    """A Page that was connected and whose token no longer works."""
    return Page.objects.create(
        facebook_page_id=shop.id,
        name="Our name",
        access_token="EAAdead",
        state="reconnect",
        state_reason="Somebody <b>changed</b> the password.",
        watermarks={"messenger": "2026-01-01T00:00:00+00:00"},
    )


@pytest.fixture
def uma(world, shop, sandbox, db):
    """A person with access to 31 Pages."""
    more = [world.add_page(f"9100000000000{n:02}", f"Branch {n:02}") for n in range(30)]
    return world.add_user(pages=[shop, *more])


@pytest.fixture
def login(settings, sandbox):
    settings.FACEBOOK_APP_ID, settings.FACEBOOK_APP_SECRET = sandbox.switches.app_id, "s3cret"
    settings.FACEBOOK_DIALOG_URL = f"{sandbox.url}/v26.0/dialog/oauth"
    sandbox.switches.app_secret = "s3cret"


def text(response) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def enter_token(client, token, page=None):
    return client.post(START + (f"?page={page.pk}" if page else ""), {"token": token}, follow=True)


def use_dialog(client, decision="allow", without=(), **query) -> str:
    """Confirm Facebook's dialog; return the URL on this host to which it redirects."""
    redirect = client.get(f"{START}facebook/", query)
    url = redirect["Location"]
    scopes = parse_qs(urlsplit(url).query)["scope"][0].split(",")
    assert "Allow" in requests.get(url, timeout=60).text
    ticked = "".join(f"&granted={scope}" for scope in scopes if scope not in without)
    answer = requests.get(f"{url}&decision={decision}{ticked}", allow_redirects=False, timeout=60)
    return answer.headers["Location"].removeprefix("http://testserver")


def test_token_of_a_person_lists_all_pages_and_connects_the_selected_ones(root, uma, world, sandbox):
    shown = text(enter_token(root, uma.token))
    assert "token of the person <b>Uma User</b>. It has access to 31 Pages" in shown
    assert all(page.id in shown and page.token not in shown for page in world.pages.values())
    stored_scope = Session.objects.get().get_decoded()["token_scope"]
    assert "EAA" not in stored_scope
    assert "Branch" not in stored_scope
    done = text(root.post(CHOOSE, {"pages": ["910000000000029", "910000000000003"]}, follow=True))
    assert done.count("Start the first sync") == 2
    stored = Page.objects.order_by("facebook_page_id")
    assert [(page.name, page.access_token) for page in stored] == [
        (name, world.pages[id].token)
        for id, name in (("910000000000003", "Branch 03"), ("910000000000029", "Branch 29"))
    ]
    assert "token_scope" not in Session.objects.get().get_decoded()
    assert {call.token_in for call in sandbox.call_log.calls} == {"header"}
    assert not [call for call in sandbox.call_log.calls if "subscribed_apps" in call.path]
    root.post(f"/admin/conversations/page/{stored[0].pk}/sync/")
    assert SyncRun.objects.get().page == stored[0]


def test_token_of_a_page_connects_that_page(root, shop, sandbox, db):
    assert "token of the Page <b>Demo Shop</b>. It has access to 1 Page." in text(
        enter_token(root, shop.token)
    )
    root.post(CHOOSE, {"pages": [shop.id]})
    assert Page.objects.get().access_token == shop.token


def test_missing_permissions_are_shown_before_anything_is_stored(root, uma, world, shop):
    world.tokens[uma.token].granted.discard("pages_messaging")
    shop.tasks = ("ANALYZE",)
    shown = text(enter_token(root, uma.token))
    assert "Missing: pages_messaging." in shown
    assert shown.count("lacks the task Messages") == 1
    assert not Page.objects.exists()


def row_of(page, shown: str) -> str:
    """Return the row of one Page in the list."""
    return shown.split(f'value="{page.id}"')[1].split("</li>")[0]


def test_permission_for_other_pages_only_is_shown_at_the_page(root, uma, world, shop):
    branches = {id for id in world.pages if id != shop.id}
    world.tokens[uma.token].only_for = {"pages_messaging": branches, "pages_read_engagement": {shop.id}}
    shown = text(enter_token(root, uma.token))
    assert "Allowed for other Pages only: pages_messaging." in row_of(shop, shown)
    assert "select this Page, too" in row_of(shop, shown)
    for id in branches:
        assert "Allowed for other Pages only: pages_read_engagement." in row_of(world.pages[id], shown)
    assert "Missing:" not in shown
    assert "did not say" not in shown


def test_permissions_that_only_the_app_may_read_are_requested_as_the_app(
    root, uma, login, world, shop, sandbox
):
    sandbox.switches.debug_needs_app = True
    world.tokens[uma.token].only_for = {"pages_messaging": {"910000000000001"}}
    shown = text(enter_token(root, uma.token))
    assert "Allowed for other Pages only: pages_messaging." in row_of(shop, shown)
    assert "Allowed" not in row_of(world.pages["910000000000001"], shown)
    assert "s3cret" not in shown
    assert {call.token_in for call in sandbox.call_log.calls if "debug_token" in call.path} == {
        "batch",
        "header",
    }


def test_unknown_permissions_of_single_pages_are_not_reported_as_missing(root, uma, world, shop, sandbox):
    sandbox.switches.debug_needs_app = True
    world.tokens[uma.token].only_for = {"pages_messaging": {"910000000000001"}}
    shown = text(enter_token(root, uma.token))
    assert "did not say for which of these Pages each permission was given" in shown
    assert "Allowed for other Pages only" not in shown
    assert "Missing:" not in shown


def test_missing_permissions_of_a_page_token_are_shown_before_it_is_stored(root, shop, world, sandbox, db):
    world.tokens[shop.token].granted.discard("pages_messaging")
    assert "Missing: pages_messaging." in row_of(shop, text(enter_token(root, shop.token)))
    sandbox.switches.debug_needs_app = True
    assert "Missing" not in text(enter_token(root, shop.token))


@pytest.mark.parametrize("token", ["EAAnobodyKnowsThisToken1234", "not a token", "ümlaut"])
def test_invalid_token_is_rejected_and_not_repeated(root, uma, token):
    shown = text(enter_token(root, token))
    assert "Nothing was changed." in shown
    assert token not in shown
    assert not Page.objects.exists()


def test_page_that_fails_is_reported_and_the_others_are_stored(root, uma, world):
    enter_token(root, uma.token)
    world.break_token(world.pages["910000000000003"].token, 460)
    done = text(root.post(CHOOSE, {"pages": ["910000000000003", "910000000000004"]}, follow=True))
    assert "Branch 03 was not connected." in done
    assert Page.objects.get().name == "Branch 04"


def test_failure_of_facebook_is_reported(root, uma, sandbox):
    sandbox.faults.add(faults.html(), times=None)
    assert "Nothing was changed." in text(enter_token(root, uma.token))


def test_expired_token_scope_is_reported(root, uma):
    assert "Start again." in text(root.get(CHOOSE, follow=True))


def test_only_superusers_connect_pages(page, uma, login):
    manager = member(page, "manager")
    manager.is_staff = True
    manager.save()
    client = log_in_as(manager)
    for url in (START, CHOOSE, BACK, f"{START}facebook/", f"{START}done/?page={page.pk}"):
        assert client.get(url).status_code == 403
    assert client.post(START, {"token": uma.token}).status_code == 403


def test_members_see_the_reconnect_notice_on_every_page(page, staff, root):
    notice = "Our name</b> is no longer connected"
    shown = root.get("/admin/tags/tag/").content.decode()
    assert notice in shown
    assert f"{START}?page={page.pk}" in shown
    assert "Somebody &lt;b&gt;changed" in shown
    seen = text(staff("viewer").get("/admin/tags/tag/"))
    assert notice in seen
    assert f"ask {root.user.username}" in seen
    assert START not in seen
    other = Page.objects.create(facebook_page_id="77", name="Other", access_token="EAAother")
    assert notice not in text(staff("viewer", on=other).get("/admin/tags/tag/"))


def test_reconnecting_keeps_all_settings_of_the_page(page, root, uma, shop):
    done = text(enter_token(root, uma.token, page))
    assert "Our name</a> is connected" in done
    assert "is no longer connected" not in done
    after = Page.objects.get()
    assert (after.pk, after.name, after.state, after.state_reason) == (page.pk, "Our name", "connected", "")
    assert (after.access_token, after.watermarks) == (shop.token, page.watermarks)


def test_token_of_another_page_does_not_reconnect(page, root, world):
    other = world.add_page("900000000000009", "Another")
    assert "This is the token of Another, which has no access to Our name" in text(
        enter_token(root, other.token, page)
    )
    assert Page.objects.get().access_token == "EAAdead"


def test_facebook_login_continues_with_the_list_of_pages(root, uma, login, sandbox):
    url = use_dialog(root)
    shown = root.get(url, follow=True)
    assert shown.redirect_chain[-1][0] == CHOOSE
    assert "It has access to 31 Pages" in text(shown)
    calls = [call for call in sandbox.call_log.calls if call.path == "/oauth/access_token"]
    assert [call.method for call in calls] == ["POST", "POST"]  # the code, then the long-lived token
    assert not [call for call in calls if {"code", "client_secret"} & set(call.params)]
    second = text(root.get(url, follow=True))  # a state is valid once
    assert "was not started here" in second


def test_facebook_login_reconnects_a_page(page, root, uma, login):
    assert "is connected" in text(root.get(use_dialog(root, page=page.pk), follow=True))
    after = Page.objects.get()
    assert (after.state, after.connected_by) == ("connected", uma.id)


def test_the_person_whose_login_it_is_is_kept_until_another_token_comes(root, uma, login, shop, world):
    root.get(use_dialog(root), follow=True)
    root.post(CHOOSE, {"pages": [shop.id]}, follow=True)
    assert Page.objects.get().connected_by == uma.id
    world.users.clear()  # Facebook does not tell whose token it is
    enter_token(root, shop.token, Page.objects.get())
    assert Page.objects.get().connected_by == ""


def test_cancelled_dialog_is_reported(root, uma, login):
    shown = text(root.get(use_dialog(root, "cancel"), follow=True))
    assert "Facebook's dialog was cancelled" in shown


def test_permission_unticked_in_the_dialog_is_missing(root, uma, login):
    shown = text(root.get(use_dialog(root, without=["pages_messaging"]), follow=True))
    assert "Missing: pages_messaging." in shown


def test_expired_code_is_reported(root, uma, login, sandbox):
    url = use_dialog(root)
    sandbox.clock.advance(3600)
    shown = text(root.get(url, follow=True))
    assert "expired or has been used" in shown
    assert "s3cret" not in shown
    assert "sandboxcode" not in shown


def test_login_of_another_session_is_rejected(root, uma, login, client):
    assert "was not started here" in text(log_in_as(superuser()).get(use_dialog(root), follow=True))


@pytest.mark.parametrize(
    ("given", "stored"), [({}, 45), ({"history_days": "7"}, 7), ({"history_days": "0"}, 0)]
)
def test_age_of_history_is_asked(root, shop, sandbox, settings, given, stored):
    settings.HISTORY_DONE_BEFORE = 45
    assert 'name="history_days" value="45"' in text(enter_token(root, shop.token))
    root.post(CHOOSE, {"pages": [shop.id], **given})
    assert Page.objects.get().history_days == stored


def test_wrong_age_of_history_connects_nothing(root, shop, sandbox):
    enter_token(root, shop.token)
    assert 'role="alert"' in text(root.post(CHOOSE, {"pages": [shop.id], "history_days": "-1"}))
    assert not Page.objects.exists()
    root.post(CHOOSE, {"pages": [shop.id], "history_days": "3"})
    assert Page.objects.get().history_days == 3
