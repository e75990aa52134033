import json

import pytest

from conversations.graph.error_rules.envelopes import find_error
from conversations.graph.errors import AccessTokenError, GraphError, MissingPermissionError, RateLimitError
from conversations.sandbox import faults

EXPIRED = "Error validating access token: Session has expired."


@pytest.mark.parametrize(
    ("body", "expected", "text"),
    [
        (
            {"error_code": 190, "error_msg": EXPIRED, "request_args": [{"key": "access_token"}]},
            AccessTokenError,
            EXPIRED,
        ),
        ({"error_code": "4", "error_msg": "Too many calls"}, RateLimitError, "Too many calls"),
        ({"error_type": "OAuthException", "code": 400, "error_message": EXPIRED}, AccessTokenError, EXPIRED),
        (
            {"error_type": "OAuthAccessTokenException", "code": 400, "error_message": "Not valid."},
            AccessTokenError,
            "Not valid.",
        ),
        (
            {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found"},
            GraphError,
            "Matching code was not found",
        ),
        (
            {"meta": {"error_type": "OAuthPermissionsException", "code": 400, "error_message": "No scope."}},
            MissingPermissionError,
            "No scope.",
        ),
        ({"error": "invalid_token", "error_description": "Bad."}, AccessTokenError, "Bad."),
        ({"error": "invalid_request", "error_description": "No URL."}, GraphError, "No URL."),
        ({"error": {"message": EXPIRED, "type": "OAuthException"}}, AccessTokenError, EXPIRED),
    ],
    ids=lambda value: None if isinstance(value, type) else str(value)[:40],
)
def test_error_is_recognized_in_every_envelope(client, sandbox, body, expected, text):
    sandbox.faults.add(faults.text(json.dumps(body), 400), times=None)
    with pytest.raises(GraphError) as caught:
        client.get("me", fields="id")
    assert type(caught.value) is expected
    assert f"Facebook says: {text}" in caught.value.text


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"data": []},
        {"error": False},
        {"error": None},
        {"error": "no"},
        {"data": {"error": {"code": 1}}},
        {"meta": {}},
    ],
)
def test_answer_without_an_error_has_none(body):
    assert find_error(body) is None
