"""Signing in: guesses in parallel, the second factor, sessions and their end, forgotten passwords."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.models import Conversation
from conversations.models.audit import AuditEntry
from inbox.accounts import hashing, mails, second_factor
from inbox.accounts.models import Authenticator, SessionRecord, totp_of
from inbox.accounts.sessions import STARTED_AT, SessionStore
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, UserFactory, api, superuser

PASSWORD = "correct horse battery"
NEW = "another horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    user = UserFactory(username="anna", email="anna@example.com", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(password: str = PASSWORD, name: str = "anna", client: Client | None = None, **form):
    client = client or Client()
    return client, client.post("/login", {"username": name, "password": password, **form})


def is_in(client: Client) -> bool:
    return client.get("/api/pages").status_code == 200


# -- guesses
@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_before_they_are_checked(anna):
    """Forty at the same moment, the right one as one of the last: five are checked."""
    checked = []

    def guess(number: int) -> int:
        try:
            return log_in(PASSWORD if number == 39 else f"wrong {number}")[1].status_code
        finally:
            connection.close()

    start = hashing.BoundedPBKDF2PasswordHasher.encode

    def slow(self, password, *args):
        checked.append(password)
        time.sleep(0.05)  # as long as hashing takes elsewhere: the others arrive meanwhile
        return start(self, password, *args)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(12) as pool:
        patch.setattr(hashing.BoundedPBKDF2PasswordHasher, "encode", slow)
        codes = list(pool.map(guess, range(40)))
    assert 302 not in codes
    assert codes.count(200) == 4  # the fifth is told that it was the last
    assert len(checked) == 5
    assert log_in()[1].status_code == 429


@pytest.mark.django_db(transaction=True)
def test_right_passwords_at_once_all_come_in(anna):
    def come(_) -> int:
        try:
            return log_in()[1].status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(come, range(16))) == {302}
    assert not AccessAttempt.objects.exists()


def test_two_passwords_are_hashed_at_once_and_a_long_queue_is_refused(anna, monkeypatch):
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
    inside, leave = threading.Barrier(3), threading.Event()

    def hold():
        with hashing.hashing_slot():
            inside.wait(10)
            leave.wait(10)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    inside.wait(10)
    response = log_in()[1]
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "Wait a few seconds" in response.content.decode()
    leave.set()
    for holder in holders:
        holder.join()
    assert log_in()[1].status_code == 302


# -- the second factor
def code_of(user) -> str:
    return f"{totp_of(Authenticator.objects.get(user=user).secret).token():06}"


@pytest.fixture
def factor(anna) -> list[str]:
    """Anna's recovery codes."""
    return second_factor.turn_on(anna, second_factor.new_secret(), -1)[1]


def test_second_factor_is_set_up_and_then_asked_for(anna, settings):
    client, other = log_in()[0], log_in()[0]
    page = client.get("/account/second-factor").content.decode()
    [secret] = re.findall(r'class="secret">(\w+)<', page)
    assert "data:image/svg" in page
    assert secret not in str(Session.objects.values())
    assert client.post("/account/second-factor", {"action": "on", "code": "000000"}).context["form"].errors
    assert not Authenticator.objects.exists()
    code = f"{totp_of(secret).token():06}"
    answer = client.post("/account/second-factor", {"action": "on", "code": code}).content.decode()
    codes = re.findall(r"[A-Z2-7]{6}(?:-[A-Z2-7]{6}){3}", answer)
    assert len(codes) == second_factor.RECOVERY_CODES
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_authenticator")
        assert secret not in cursor.fetchone()[0]
    assert is_in(client)
    assert not is_in(other)
    half, response = log_in(next="/api/docs")
    assert response["Location"] == "/login/code"
    assert not is_in(half)
    assert half.post("/login/code", {"code": code}).context["form"].errors  # it was used before
    response = half.post("/login/code", {"code": codes[0].lower()})
    assert response["Location"] == "/api/docs"
    assert is_in(half)
    third = log_in()[0]
    assert third.post("/login/code", {"code": codes[0]}).status_code == 200  # once only
    assert not is_in(third)
    assert {"second_factor_added", "signed_in", "sign_in_failed"} <= {
        *AuditEntry.objects.values_list("action", flat=True)
    }


def test_codes_are_accepted_once_and_wrong_ones_lock(anna, factor):
    client = log_in()[0]
    assert client.post("/login/code", {"code": code_of(anna)}).status_code == 302
    again = log_in()[0]
    assert again.post("/login/code", {"code": code_of(anna)}).status_code == 200
    codes = [again.post("/login/code", {"code": "123456"}).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert again.post("/login/code", {"code": factor[0]}).status_code == 429
    assert log_in()[1].status_code == 429


def test_half_a_login_ends_after_ten_minutes_and_with_the_password(anna, factor):
    client = log_in()[0]
    session = client.session
    session["pending_sign_in"] = {**session["pending_sign_in"], "at": time.time() - 601}
    session.save()
    assert client.post("/login/code", {"code": factor[0]})["Location"] == "/login"
    client = log_in()[0]
    anna.set_password(NEW)
    anna.save()
    assert client.post("/login/code", {"code": factor[0]})["Location"] == "/login"
    assert Client().get("/login/code")["Location"] == "/login"


def test_second_factor_is_turned_off_after_the_password(anna, factor):
    client = log_in()[0]
    client.post("/login/code", {"code": factor[0]})
    answer = client.post("/account/second-factor", {"action": "codes"}).content.decode()
    assert factor[1] not in answer
    assert not second_factor.check_code(anna, factor[1])
    age_confirmation(client)
    assert client.post("/account/second-factor", {"action": "off"}).status_code == 403
    client.post("/account/confirm", {"password": PASSWORD})
    assert client.post("/account/second-factor", {"action": "off"}).status_code == 302
    assert log_in()[1]["Location"] == "/"


def test_staff_without_a_second_factor_only_set_one_up_where_it_is_required(anna, settings):
    settings.REQUIRE_2FA = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "inbox.accounts.second_factor_gate.SecondFactorGate"]
    client = log_in()[0]
    for route in ("/", "/admin/", "/account/keys", "/account/sessions"):
        assert client.get(route)["Location"] == "/account/second-factor", route
    refused = client.get("/api/pages")
    assert (refused.status_code, refused.json()["setUp"]) == (403, "/account/second-factor")
    forged = client.get("/api/pages", headers={"authorization": "Basic x"})
    assert forged.status_code == 403
    page = client.get("/account/second-factor").content.decode()
    [secret] = re.findall(r'class="secret">(\w+)<', page)
    code = f"{totp_of(secret).token():06}"
    client.post("/account/second-factor", {"action": "on", "code": code})
    assert is_in(client)
    client.post("/account/second-factor", {"action": "off"})
    assert Authenticator.objects.exists()
    UserFactory(username="berta").set_password(PASSWORD)
    plain = Client()
    plain.force_login(get_user_model().objects.get(username="berta"))
    assert is_in(plain)  # no staff


# -- sessions
def age_confirmation(client: Client) -> None:
    session = client.session
    session["confirmed_at"] -= 15 * 60
    session.save()


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


# -- the password
def change(client: Client, old: str = PASSWORD, new: str = NEW):
    return client.post("/account/password", {"old_password": old, "new_password1": new, "new_password2": new})


def test_own_password_is_changed_and_ends_the_other_sessions(anna):
    here, there = log_in()[0], log_in()[0]
    assert "not your present password" in change(here, old="wrong").content.decode()
    assert change(here, new="short").context["form"].errors
    assert change(here).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert log_in(NEW)[1].status_code == 302


def test_wrong_present_passwords_are_counted(anna):
    client = log_in()[0]
    assert [change(client, old="wrong").status_code for _ in range(5)][-1] == 429
    assert change(client).status_code == 429


def test_admin_leads_to_the_own_password_page(anna):
    root = Client()
    boss = superuser()
    root.force_login(boss)
    for route in ("/admin/password_change/", f"/admin/auth/user/{boss.pk}/password/"):
        assert root.get(route)["Location"] == "/account/password"


def test_forgotten_password_is_set_by_a_link_that_works_once(anna, settings):
    client = log_in()[0]
    assert Client().get("/login/forgotten").status_code == 404
    assert "Forgotten" not in Client().get("/login").content.decode()
    settings.EMAIL_URL = "memory://"
    settings.PUBLIC_URL = "https://inbox.example.com"
    assert "/login/forgotten" in Client().get("/login").content.decode()
    texts = {
        re.sub(r'value="\w{64}"', "", Client().post("/login/forgotten", {"name": name}).content.decode())
        for name in ("anna", "ANNA@example.com", "nobody")
    }
    assert len(texts) == 1
    [job] = ProcrastinateJob.objects.filter(task_name="send_password_mail")  # one within five minutes
    mails.send(**job.args)
    [message] = mail.outbox
    assert message.to == ["anna@example.com"]
    [path] = re.findall(r"https://inbox\.example\.com(/login/new-password/\S+)", message.body)
    forgetful = Client()
    form = forgetful.get(path, follow=True)
    url = form.redirect_chain[-1][0]
    assert forgetful.post(url, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/login"
    assert not is_in(client)
    assert not is_in(forgetful)
    assert "used before" in Client().get(path, follow=True).content.decode()
    assert log_in(NEW)[1].status_code == 302


def test_mails_are_bounded_by_address(anna, settings):
    settings.EMAIL_URL = "memory://"
    codes = [Client().post("/login/forgotten", {"name": f"user{n}"}).status_code for n in range(6)]
    assert codes == [200] * 5 + [429]
    assert log_in()[1].status_code == 302  # that was no guess at Anna's password


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
