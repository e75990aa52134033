"""Only what one of our secrets has signed names a person."""

from base64 import urlsafe_b64encode

import pytest

from conversations.sandbox.webhooks.signed_requests import signed_request, signed_requests
from conversations.webhooks.signed_request import NotSigned, is_configured, sign, user_of

GOOD_AND_BAD = signed_requests("secret", "1234")


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.FACEBOOK_APP_SECRET, settings.FACEBOOK_WEBHOOK_SECRETS = "new", ["secret"]


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_good_ones_name_the_person_and_bad_ones_nobody(name):
    text, is_good = GOOD_AND_BAD[name]
    if is_good:
        assert user_of(text) == "1234"
    else:
        with pytest.raises(NotSigned):
            user_of(text)


def test_the_secret_of_the_app_and_those_of_webhooks_are_good():
    assert user_of(signed_request("new", "77")) == "77"
    assert user_of(signed_request("secret", "77")) == "77"


def test_without_a_secret_nothing_is_good(settings):
    settings.FACEBOOK_APP_SECRET, settings.FACEBOOK_WEBHOOK_SECRETS = "", []
    assert not is_configured()
    with pytest.raises(NotSigned):
        user_of(signed_request("", "77"))


@pytest.mark.parametrize("user_id", ["", "12 34", "x", "1" * 33, "٣", "../7"])
def test_an_id_that_is_none_is_refused(user_id):
    with pytest.raises(NotSigned):
        user_of(signed_request("secret", user_id))


def test_a_long_one_is_refused_before_it_is_read():
    with pytest.raises(NotSigned):
        user_of(signed_request("secret", "77", more="x" * 10_000))
    with pytest.raises(NotSigned):
        user_of(signed_request("secret", "77") + "\n")


def test_deep_json_is_refused():
    encoded = urlsafe_b64encode(b"[" * 3000).decode().rstrip("=")
    with pytest.raises(NotSigned):
        user_of(f"{sign('secret', encoded)}.{encoded}")
