"""Which requests share the places of strangers."""

import pytest

from inbox.web.admission import is_stranger

SESSION = (b"cookie", b"a=b; sessionid=x")


@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        ("/api/pages", (b"accept", b"*/*"), True),
        ("/api/pages", SESSION, False),
        ("/", (b"cookie", b"__Host-sessionid=x"), False),
        ("/api/pages", (b"authorization", b"Token x"), False),
        ("/login", SESSION, True),  # nobody is known there: a made-up cookie gains nothing
        ("/login/forgotten", SESSION, True),
    ],
)
def test_strangers_are_requests_without_credentials_and_those_of_the_login(path, header, expected):
    assert is_stranger({"path": path, "headers": [header]}) is expected
