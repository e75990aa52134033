"""People who logged in with Facebook take their access back, or have their data deleted, at Facebook."""

import json

import pytest
from django.test import Client

from conversations.alerts.watch import watch
from conversations.models import AuditEntry, Conversation, Page, PendingConnection
from conversations.models.privacy import PrivacyRequest
from conversations.privacy.facebook_users import REMOVED
from conversations.sandbox.webhooks.signed_requests import signed_request, signed_requests
from tests.factories import ConversationFactory, PageFactory, SyncRunFactory, api, member

UMA = "5550000001"
DEAUTHORIZE, DELETION = "/webhooks/facebook/deauthorize", "/webhooks/facebook/data-deletion"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.FACEBOOK_APP_SECRET, settings.FACEBOOK_WEBHOOK_SECRETS = "s3cret", ["s3cret"]


@pytest.fixture
def page(db):
    return PageFactory(connected_by=UMA, live_state="subscribed", capabilities={"notes": ["Permissions: …"]})


@pytest.fixture
def facebook():
    return Client(enforce_csrf_checks=True)


def post(client, address: str, text: str | None = None, **more: str):
    given = signed_request("s3cret", UMA) if text is None else text
    return client.post(address, {"signed_request": given} | more)


def entries(action: str) -> list[tuple[str, dict]]:
    return list(AuditEntry.objects.filter(action=action).values_list("target_name", "details"))


@pytest.mark.parametrize("address", [DEAUTHORIZE, DELETION])
def test_access_ends_and_conversations_stay(page, facebook, traces, address):
    ConversationFactory(page=page)
    other = PageFactory(connected_by="another", access_token="EAAofAnother")
    mine, others = (SyncRunFactory(page=each, status="queued", ended_at=None) for each in (page, other))
    PendingConnection.objects.create(scope=json.dumps({"user_id": UMA, "pages": []}))
    PendingConnection.objects.create(scope=json.dumps({"pages": []}))  # of an earlier version
    assert post(facebook, address).status_code == 200
    page.refresh_from_db()
    assert (page.access_token, page.connected_by, page.state) == ("", "", "reconnect")
    assert "Connect the Page again." in page.state_reason
    assert (page.live_state, page.next_subscription_check) == ("off", None)
    assert page.capabilities == {}
    assert Conversation.objects.count() == 1
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.status, others.status) == ("cancelled", "queued")
    assert PendingConnection.objects.count() == 1
    other.refresh_from_db()
    assert (other.access_token, other.state) == ("EAAofAnother", "connected")
    assert entries("page_disconnected") == [(page.name, {"reason": page.state_reason})]
    action = "app_removed" if address == DEAUTHORIZE else "user_data_deleted"
    assert entries(action) == [("", {"pages": 1})]
    assert traces(UMA) == []


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_the_text_comes_as_a_form_or_as_json(page, facebook, content_type):
    text = signed_request("s3cret", UMA)
    body = json.dumps({"signed_request": text}) if "json" in content_type else f"signed_request={text}"
    assert facebook.post(DEAUTHORIZE, body, content_type=content_type).status_code == 200
    page.refresh_from_db()
    assert page.state == "reconnect"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b'{"signed_request": 7}',
        b'{"signed_request": ["x"]}',
        b"[" * 9000,
        b"\xff\xfe",
    ],
)
def test_json_that_is_none_of_facebook_is_refused(page, facebook, body):
    assert facebook.post(DEAUTHORIZE, body, content_type="application/json").status_code == 403
    large = b'{"signed_request": "' + 20_000 * b"x"
    assert facebook.post(DEAUTHORIZE, large, content_type="application/json").status_code == 413


def test_staff_are_told_that_the_page_must_be_connected_again(page, facebook):
    manager, viewer = api(member(page, "manager")), api(member(page, "viewer"))
    post(facebook, DEAUTHORIZE)
    for client in (manager, viewer):
        [shown] = client.get("/api/pages").json()["pages"]
        assert (shown["state"], shown["reason"]) == ("reconnect", REMOVED)
        assert shown["live"]["state"] == "off"
    watch()
    [alert] = page.alerts.all()
    assert (alert.cause, alert.closed_at) == ("token", None)


def test_removing_the_app_answers_with_nothing_and_again_too(page, facebook):
    for _ in range(2):
        answer = post(facebook, DEAUTHORIZE)
        assert (answer.status_code, answer.content) == (200, b"")
    assert len(entries("page_disconnected")) == 1


def test_who_removed_the_app_before_reads_of_those_pages_too(page, facebook, client):
    post(facebook, DEAUTHORIZE)
    url = post(facebook, DELETION).json()["url"]
    assert "The access to 1 Page that you gave" in client.get(url).content.decode()


def test_deletion_answers_as_facebook_wants_and_a_repetition_the_same(page, facebook, settings):
    settings.PUBLIC_URL = "https://inbox.example.com"
    first = post(facebook, DELETION).json()
    code = first["confirmation_code"]
    assert first == {
        "url": f"https://inbox.example.com/privacy/requests/{code}",
        "confirmation_code": code,
    }
    assert post(facebook, DELETION).json() == first
    assert post(facebook, DELETION, signed_request("s3cret", "9")).json() != first
    settings.PUBLIC_URL, settings.SECRET_KEY = "", "another" * 6
    again = post(facebook, DELETION).json()
    assert again == {"url": f"http://testserver/privacy/requests/{code}", "confirmation_code": code}
    assert PrivacyRequest.objects.get(code=code).pages == 1


def test_who_connects_again_can_ask_again(page, facebook):
    code = post(facebook, DELETION).json()["confirmation_code"]
    Page.objects.update(connected_by=UMA, access_token="EAAnew", state="connected")
    assert post(facebook, DELETION).json()["confirmation_code"] == code
    page.refresh_from_db()
    assert (page.access_token, page.state) == ("", "reconnect")
    assert PrivacyRequest.objects.get().pages == 2


def test_the_page_tells_what_was_done_without_a_login_and_whose_it_is_not(page, facebook, client):
    url = post(facebook, DELETION).json()["url"]
    answer = client.get(url)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "The access to 1 Page that you gave" in text
    assert page.name not in text
    assert page.facebook_page_id not in text
    assert UMA not in text
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    nothing = post(facebook, DELETION, signed_request("s3cret", "9")).json()
    assert "Nothing had to be deleted" in client.get(nothing["url"]).content.decode()
    assert client.post(url).status_code == 405


@pytest.mark.parametrize("code", ["x", "%00", "..", "0" * 5000])
def test_another_code_opens_nothing(db, client, code):
    PrivacyRequest.objects.create(digest="d")
    assert client.get(f"/privacy/requests/{code}").status_code == 404


@pytest.mark.parametrize("address", [DEAUTHORIZE, DELETION])
def test_nothing_happens_without_the_signature(page, facebook, address):
    for name, (text, is_good) in signed_requests("s3cret", UMA).items():
        if not is_good:
            assert post(facebook, address, text).status_code == 403, name
    assert facebook.post(address).status_code == 403
    double = {"signed_request": [signed_request("s3cret", UMA)] * 2}
    assert facebook.post(address, double).status_code == 403
    assert post(facebook, address, more="x" * 20_000).status_code == 413
    assert facebook.get(address).status_code == 405
    page.refresh_from_db()
    assert (page.state, page.connected_by) == ("connected", UMA)
    assert not PrivacyRequest.objects.exists()


@pytest.mark.parametrize("address", [DEAUTHORIZE, DELETION])
def test_without_a_secret_nothing_can_be_trusted(page, facebook, settings, address):
    settings.FACEBOOK_APP_SECRET, settings.FACEBOOK_WEBHOOK_SECRETS = "", []
    answer = post(facebook, address)
    assert answer.status_code == 503
    assert b"FACEBOOK_APP_SECRET" in answer.content
    page.refresh_from_db()
    assert page.state == "connected"
