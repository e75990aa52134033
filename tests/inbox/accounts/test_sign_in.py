"""Signing in: guesses in parallel, and the second factor."""

import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from conversations.lib.low_priority import NICE
from conversations.models.audit import AuditEntry
from inbox.accounts import hashing, second_factor
from inbox.accounts.models import Authenticator, totp_of
from inbox.accounts.views.confirm import safe_target
from tests.factories import UserFactory
from tests.inbox.accounts.signing_in import (
    NEW,
    PASSWORD,
    age_confirmation,
    code_of,
    create_anna,
    is_in,
    log_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return create_anna(email="anna@example.com", is_staff=True)


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
    assert codes.count(200) <= 4  # who hears the answer after the fifth was counted is told of the lock
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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_passwords_are_hashed_with_a_low_priority(anna, monkeypatch):
    seen = []

    def encode(*args):
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return "hash"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    hashing.BoundedPBKDF2PasswordHasher().encode("a", "salt")
    assert seen == [min(19, os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) + NICE)]


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


def test_an_address_that_is_no_path_of_this_site_leads_to_the_inbox_page(anna):
    client, response = log_in(next="pages")
    assert (response.status_code, response["Location"]) == (302, "/")
    response = client.post("/account/confirm", {"password": PASSWORD, "next": "pages"})
    assert (response.status_code, response["Location"]) == (302, "/")
    for odd in ("", "keys", "?a=b", "a/b", "https://evil.example/", "//evil.example", "/\\evil.example"):
        assert safe_target(odd) == "/"
    assert safe_target("/admin/?q=a#b") == "/admin/?q=a#b"


# -- the second factor
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
    client, code = log_in()[0], code_of(anna)
    assert client.post("/login/code", {"code": code}).status_code == 302
    again = log_in()[0]
    assert again.post("/login/code", {"code": code}).status_code == 200
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
