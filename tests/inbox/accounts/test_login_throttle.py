"""Guessing passwords is throttled and recorded, and reveals no usernames."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.test import Client
from django.utils import timezone

from inbox.accounts import login_throttle
from tests.factories import UserFactory, superuser
from tests.inbox.accounts.signing_in import PASSWORD, create_anna

pytestmark = pytest.mark.django_db

LIMIT = 5


@pytest.fixture
def anna():
    return create_anna()


@pytest.fixture
def root():
    client = Client()
    client.force_login(superuser())
    return client


def log_in(password: str, name: str = "anna", at: str = "192.0.2.1", **headers):
    form = {"username": name, "password": password, "next": "/api/docs"}
    return Client(REMOTE_ADDR=at).post("/login", form, headers=headers)


def fail(times: int, name: str = "anna", at: str = "192.0.2.1", **headers) -> list[int]:
    return [log_in("wrong", name, at, **headers).status_code for _ in range(times)]


# -- locks -------------------------------------------------------------------------------------------------
def test_user_is_locked_at_an_address_after_five_failures(anna):
    assert fail(LIMIT) == [200, 200, 200, 200, 429]
    response = log_in(PASSWORD)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    text = response.content.decode()
    assert "Too many attempts" in text
    assert "Wait 15 minutes" in text
    assert "anna" not in text
    assert "<script" not in text


def test_lock_affects_no_other_address_and_no_other_user(anna):
    fail(LIMIT)
    assert log_in(PASSWORD, at="192.0.2.2").status_code == 302
    assert log_in("wrong", "berta").status_code == 200


def test_address_that_tries_many_users_is_locked_for_all(anna):
    for number in range(16):
        assert set(fail(3, f"user{number}")) == {200}
    assert fail(2, "another") == [200, 429]
    assert log_in(PASSWORD).status_code == 429
    assert log_in(PASSWORD, at="192.0.2.2").status_code == 302


def test_failures_are_counted_across_browsers(anna):
    codes = [fail(1, user_agent=f"browser {number}")[0] for number in range(LIMIT)]
    assert codes[-1] == 429


def test_lock_expires_despite_further_attempts(anna):
    fail(LIMIT)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    response = log_in("wrong")
    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 60
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in(PASSWORD).status_code == 302


def test_failures_that_have_expired_count_no_longer(anna):
    fail(LIMIT - 1)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert fail(LIMIT - 1) == [200] * (LIMIT - 1)
    assert log_in(PASSWORD).status_code == 302


def test_success_resets_only_the_failures_of_the_user(anna):
    fail(LIMIT - 1)
    fail(LIMIT - 1, "berta")
    assert log_in(PASSWORD).status_code == 302
    assert set(fail(LIMIT - 1)) == {200}
    assert fail(1, "berta") == [429]


# -- no information ----------------------------------------------------------------------------------------
def text_of(response) -> str:
    return re.sub(r'(value|name="csrfmiddlewaretoken" value)="[^"]*"', "", response.content.decode())


def test_unknown_inactive_and_wrong_get_the_same_responses(anna):
    gone = UserFactory(username="gone", is_active=False)
    gone.set_password(PASSWORD)
    gone.save()
    texts = set()
    for name, password in (("anna", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)):
        responses = [log_in(password, name, f"198.51.100.{len(name)}") for _ in range(LIMIT)]
        assert [response.status_code for response in responses] == [200, 200, 200, 200, 429]
        texts.add((text_of(responses[0]), text_of(responses[-1])))
    assert len(texts) == 1


# -- records -----------------------------------------------------------------------------------------------
def test_records_contain_no_password_even_if_typed_as_username(anna, traces_of):
    Client().get("/login?next=/secret-in-address")
    fail(2)
    log_in("hunter2-as-password", "my-secret-typed-as-name")
    form = {"username": "anna", "password": "x", "csrfmiddlewaretoken": "secret-token"}
    Client().post("/login?next=/secret-in-address", form)
    assert AccessFailureLog.objects.count() == 4
    assert traces_of("anna")
    for secret in ("hunter2", "my-secret", "secret-token", "secret-in-address", PASSWORD):
        assert not traces_of(secret), secret


@pytest.fixture
def traces_of():
    def find(text: str) -> list:
        rows = []
        for model in (AccessAttempt, AccessFailureLog, AccessLog):
            rows += [row for row in model.objects.values() if text in str(row)]
        return rows

    return find


def test_superusers_see_sign_ins_and_failures_and_unlock(anna, root):
    log_in(PASSWORD)
    fail(LIMIT)
    for model in ("accesslog", "accessfailurelog", "accessattempt"):
        text = root.get(f"/admin/axes/{model}/").content.decode()
        assert "anna" in text
        assert "192.0.2.1" in text
        assert f"/admin/axes/{model}/" in root.get("/admin/").content.decode()
        row = {"accesslog": AccessLog, "accessfailurelog": AccessFailureLog, "accessattempt": AccessAttempt}
        pk = row[model].objects.filter(username="anna")[0].pk
        assert root.post(f"/admin/axes/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
        assert root.post(f"/admin/axes/{model}/{pk}/change/", {"username": "x"}).status_code == 403
        detail = root.get(f"/admin/axes/{model}/{pk}/change/").content.decode()
        assert "post_data" not in detail
        assert "session hash" not in detail.lower()
        assert "session_hash" not in detail
    locked = AccessAttempt.objects.get()
    form = {"action": "unlock", "_selected_action": [locked.pk], "index": 0, "select_across": 0}
    assert (
        "Unlocked 1 sign-in." in root.post("/admin/axes/accessattempt/", form, follow=True).content.decode()
    )
    assert log_in(PASSWORD).status_code == 302


def test_only_superusers_see_records(anna):
    client = Client()
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/admin/axes/accesslog/").status_code == 403


def test_records_are_deleted_after_ninety_days(anna):
    log_in("wrong")
    log_in(PASSWORD)
    long_ago = timezone.now() - timedelta(days=91)
    for model in (AccessLog, AccessFailureLog):
        model.objects.update(attempt_time=long_ago, username="old")
    log_in("wrong")
    log_in(PASSWORD)
    for model in (AccessLog, AccessFailureLog):
        assert [row.username for row in model.objects.all()] == ["anna"]


# -- client address ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),  # not from a trusted proxy
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # entries further left come from the client
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),  # it did not pass the outer proxy
        (1, None, "192.0.2.1"),
        (1, "no address", "192.0.2.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),  # one customer has the whole network
        (1, "[2001:db8:1:2::9]", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_client_address_cannot_be_forged(settings, rf, count, forwarded, address):
    settings.PROXY_COUNT = count
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = rf.post("/login", headers=headers, REMOTE_ADDR="192.0.2.1")
    assert login_throttle.address_of(request) == address


def test_forged_address_does_not_avoid_the_lock(anna, settings):
    settings.PROXY_COUNT = 1
    codes = [fail(1, x_forwarded_for=f"10.0.0.{number}, 203.0.113.9")[0] for number in range(LIMIT)]
    assert codes[-1] == 429


def test_user_is_locked_without_a_known_address(anna):
    assert fail(LIMIT, at="")[-1] == 429


# -- other authentication ----------------------------------------------------------------------------------
def test_invalid_api_keys_are_not_counted(anna):
    for _ in range(LIMIT + 1):
        response = Client().get("/api/pages", headers={"authorization": "Token wrong"})
        assert response.status_code == 401
    assert not AccessAttempt.objects.exists()
    assert log_in(PASSWORD).status_code == 302
