import pytest

from conversations.graph.errors import (
    AccessTokenError,
    CursorError,
    GoneError,
    GraphError,
    RateLimitError,
    RefusedRequestError,
    TooMuchDataError,
    TransientError,
    from_error,
    from_status,
    redact,
)

TOKEN = "a token that looks like none of Facebook's"
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def kind(code, subcode=None, message="Made to fail", status=400, **more) -> type[GraphError]:
    error = {"code": code, "error_subcode": subcode, "message": message} | more
    return type(from_error(error, status=status, token=TOKEN))


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
@pytest.mark.parametrize(
    ("code", "subcode", "message", "expected"),
    [
        (1, None, REDUCE, TooMuchDataError),
        (1, None, "An unknown error has occurred.", TransientError),
        (1, 99, "An unknown error has occurred.", TransientError),
        (2, None, "Service temporarily unavailable", TransientError),
        *((code, None, "Too many calls", RateLimitError) for code in (4, 17, 32, 341, 613)),
        *((code, None, "Too many calls", RateLimitError) for code in (80001, 80002, 80006)),
        (613, 1996, "Odd pattern", RateLimitError),
        *((190, sub, "Bad token", AccessTokenError) for sub in (None, 458, 459, 460, 463, 464, 467, 492)),
        (102, None, "Session invalid", AccessTokenError),
        (104, None, "Incorrect signature", AccessTokenError),
        *((code, None, "No permission", AccessTokenError) for code in (3, 10, 200, 230, 299)),
        (100, None, "Invalid appsecret_proof provided in the API argument", AccessTokenError),
        (100, 33, "Unsupported get request. Object with ID 't_1' does not exist", GoneError),
        (803, None, "Some of the aliases you requested do not exist", GoneError),
        (9000001, None, "This message has been deleted by the user or the business", GoneError),
        (2642, None, "Invalid cursors values", CursorError),
        (100, None, "The after cursor specified exceeds the max limit", CursorError),
        (100, None, "Tried accessing nonexisting field (snippet)", RefusedRequestError),
        (2500, None, "Syntax error", RefusedRequestError),
        ("80006", None, "A code as text", RateLimitError),
    ],
)
def test_code_decides_before_the_status(status, code, subcode, message, expected):
    assert kind(code, subcode, message, status) is expected


@pytest.mark.parametrize(
    ("code", "status", "more", "expected"),
    [
        (None, 400, {}, GraphError),
        ({}, 400, {}, GraphError),
        (float("inf"), 400, {}, GraphError),
        (99999, 400, {"is_transient": True}, TransientError),
        (99999, 503, {}, TransientError),
        (99999, 429, {}, RateLimitError),
    ],
)
def test_unknown_code_is_judged_by_what_else_is_told(code, status, more, expected):
    assert kind(code, status=status, **more) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [(200, TransientError), (502, TransientError), (429, RateLimitError)]
)
def test_answer_that_is_not_graphs_is_judged_by_its_status(status, expected):
    assert type(from_status(status)) is expected


@pytest.mark.parametrize(
    ("subcode", "words"), [(460, "password"), (463, "expired"), (492, "role"), (458, "removed")]
)
def test_dead_token_is_explained_to_its_owner(subcode, words):
    error = from_error({"code": 190, "error_subcode": subcode}, status=400, token=TOKEN)
    assert words in str(error)
    assert "Connect the Page again" in str(error)


def test_error_names_code_subcode_and_trace():
    raw = {"code": 190, "error_subcode": 463, "message": "Expired.", "fbtrace_id": "AbC"}
    error = from_error(raw, status=400, token=TOKEN)
    assert (error.code, error.subcode, error.trace) == (190, 463, "AbC")
    assert str(error).endswith("Facebook says: Expired. (code 190, subcode 463, trace AbC)")


@pytest.mark.parametrize(
    "secret", [TOKEN, "EAAGm0PX4ZCpsBAKZCZAhyzSomeLongerToken123", "0123456789abcdef" * 4]
)
def test_token_that_facebook_repeats_is_left_out(secret):
    raw = {"code": 190, "message": f"Cannot parse {secret}!", "fbtrace_id": secret, "error_subcode": 463}
    error = from_error(raw, status=400, token=TOKEN)
    assert secret not in str(error) + repr(error) + repr(vars(error))
    assert "Cannot parse [token]!" in str(error)


def test_words_about_a_missing_token_are_left_alone():
    assert redact("An access token is required.", "") == "An access token is required."


def test_error_is_one_short_line_that_anything_can_hold():
    message = "A\x00B\ud83d\x1b[31mC\nD\u2028" + "x" * 100_000
    words = str(from_error({"code": 1, "message": message, "fbtrace_id": "\x00"}, status=500, token=TOKEN))
    assert words.isprintable()
    assert words.encode()
    assert "A B [31mC D" in words
    assert len(words) < 600


@pytest.mark.parametrize("message", [None, 5, [], {"text": TOKEN}])
def test_message_of_any_kind_is_survived(message):
    error = from_error({"code": 2, "message": message}, status=500, token=TOKEN)
    assert TOKEN not in str(error)
