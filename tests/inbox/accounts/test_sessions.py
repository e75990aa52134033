"""Sessions: their end, their list, and the acts for which they ask for the password again."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation
from conversations.models.audit import AuditEntry
from inbox.accounts.models import SessionRecord
from inbox.accounts.sessions import STARTED_AT, SessionStore
from inbox.accounts.signed_in import living_session, user_with
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, api, superuser
from tests.inbox.accounts.signing_in import PASSWORD, age_confirmation, create_anna, is_in, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return create_anna(email="anna@example.com", is_staff=True)


# -- sessions
def expiry_of(client: Client):
    return Session.objects.get(pk=client.session.session_key).expire_date


def test_session_ends_after_twelve_hours_without_a_request(anna):
    client = log_in()[0]
    first = expiry_of(client)
    assert abs(first - timezone.now() - timedelta(hours=12)) < timedelta(minutes=1)
    assert is_in(client)
    assert expiry_of(client) == first  # noted at most once a minute
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    assert is_in(client)
    assert expiry_of(client) >= first
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)


def test_session_ends_after_fourteen_days_in_any_case(anna):
    client = log_in()[0]
    session = client.session
    session[STARTED_AT] -= (14 * 24 - 1) * 3600
    session.save()
    assert is_in(client)
    assert expiry_of(client) < timezone.now() + timedelta(hours=1, minutes=1)


def test_a_request_reads_its_session_and_user_as_django_would(anna, django_assert_num_queries):
    log_in()
    session, user = Session.objects.get(), type(anna).objects.get()
    with django_assert_num_queries(2):
        found = living_session(session.pk), user_with(user.pk)
    for one, other in zip(found, (session, user), strict=True):
        fields = [field.attname for field in other._meta.concrete_fields]
        assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    Session.objects.update(expire_date=timezone.now())
    assert (living_session(session.pk), user_with(user.pk + 1)) == (None, None)


def test_a_cookie_that_is_no_key_is_like_none(client):
    for odd in ('"aaaaaaaaaaa\\000"', "short", "aaaaaaaa-bbbb", "é" * 32):
        cookie = f"sessionid={odd}"
        assert client.get("/api/pages", HTTP_COOKIE=cookie).status_code == 401
        assert client.get("/", HTTP_COOKIE=cookie).status_code == 302


def test_sessions_of_an_earlier_version_get_an_end(anna):
    client = log_in()[0]
    session = client.session
    data = {key: value for key, value in session.items() if key not in (STARTED_AT, "confirmed_at")}
    text, far = SessionStore().encode(data), timezone.now() + timedelta(days=13)
    Session.objects.update(session_data=text, expire_date=far)
    SessionRecord.objects.all().delete()
    assert is_in(client)
    assert expiry_of(client) < timezone.now() + timedelta(hours=13)
    assert SessionRecord.objects.get().user == anna


def test_noting_activity_is_one_write_for_many_requests(anna, django_assert_max_num_queries):
    client = log_in()[0]
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    SessionRecord.objects.update(seen_at=timezone.now() - timedelta(hours=11))
    is_in(client)
    assert SessionRecord.objects.get().seen_at > timezone.now() - timedelta(minutes=1)
    seen = SessionRecord.objects.get().seen_at
    is_in(client)
    assert SessionRecord.objects.get().seen_at == seen


def test_users_see_and_end_their_sessions(anna):
    here, there = log_in()[0], log_in()[0]
    theirs = Client()
    theirs.force_login(superuser())
    page = here.get("/account/sessions").content.decode()
    assert page.count('name="session"') == 1
    assert here.session.session_key not in page
    foreign = SessionRecord.objects.exclude(user=anna).get()
    here.post("/account/sessions", {"action": "end", "session": foreign.pk})
    assert is_in(theirs)
    other = SessionRecord.objects.get(session_key=there.session.session_key)
    here.post("/account/sessions", {"action": "end", "session": other.pk})
    assert (is_in(here), is_in(there)) == (True, False)
    there = log_in()[0]
    here.post("/account/sessions", {"action": "others"})
    assert (is_in(here), is_in(there)) == (True, False)
    there = log_in()[0]
    assert here.post("/account/sessions", {"action": "everywhere"})["Location"] == "/login"
    assert (is_in(here), is_in(there)) == (False, False)
    assert SessionRecord.objects.get() == foreign
    assert is_in(theirs)


def test_ended_session_takes_its_record_along(anna):
    client = log_in()[0]
    client.post("/logout")
    assert not SessionRecord.objects.exists()
    assert AuditEntry.objects.filter(action="signed_out", actor=anna).exists()


# -- acts that need the password again
def test_acts_that_matter_ask_for_the_password_again(anna):
    boss = superuser()
    boss.set_password(PASSWORD)
    boss.save()
    page = PageFactory()
    member = PageMemberFactory(page=page)
    client = log_in(name=boss.username)[0]
    age_confirmation(client)
    change_page = f"/admin/conversations/page/{page.pk}/change/"
    for method, route in (
        ("get", "/admin/conversations/page/connect/"),
        ("post", "/admin/conversations/page/connect/"),
        ("post", "/admin/conversations/page/connect/choose/"),
        ("post", change_page),
        ("post", f"/admin/conversations/erasure/page/{page.pk}/"),
        ("post", f"/admin/auth/user/{member.user_id}/change/"),
        ("post", f"/admin/auth/user/{member.user_id}/password/"),
        ("post", "/admin/auth/user/add/"),
        ("post", "/account/second-factor"),
        ("post", "/account/keys"),
    ):
        response = getattr(client, method)(route, {"x": "1"} if method == "post" else None)
        assert response.status_code == 403, route
        assert 'action="/account/confirm"' in response.content.decode(), route
    assert client.get(change_page).status_code == 200
    person = f"/api/conversations/{ConversationFactory(page=page).pk}"
    assert client.delete(f"{person}?dry_run=1").status_code == 200
    refused = client.delete(person)
    assert (refused.status_code, refused.json()["confirm"]) == (403, "/account/confirm")
    assert Conversation.objects.exists()
    assert api(boss).delete(person).status_code == 200  # with a key, the role suffices
    answer = client.post("/account/confirm", {"password": PASSWORD, "next": "https://evil.example"})
    assert answer["Location"] == "/"
    assert client.get("/admin/conversations/page/connect/").status_code == 200
