import pytest

from conversations.graph.errors import (
    BLOCKED_SECONDS,
    STOPPING,
    TABLE,
    AccessTokenError,
    CursorError,
    GoneError,
    GraphError,
    PlatformError,
    RateLimitError,
    Recovery,
    RefusedRequestError,
    TooMuchDataError,
    TransientError,
    VersionError,
    from_error,
    from_status,
    recoveries,
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
        (368, None, "Temporarily blocked for policies violations", RateLimitError),
        (80014, None, "Too many calls", RateLimitError),
        (2, 2018344, "The Page has not accepted the contact terms", GraphError),
        (2635, None, "You are calling a deprecated version", VersionError),
        (12, None, "The API is deprecated for this version", VersionError),
        (2500, None, "Unknown path components: /me", VersionError),
        (100, None, "Invalid version of the API", VersionError),
        (10, 2534077, "Link broken", PlatformError),
        (100, 2534013, "No Instagram account", PlatformError),
        (200, 2534041, "Access to messages is off", PlatformError),
        (36103, None, "Not eligible", PlatformError),
        (190, None, "This message has been deleted by the user or the business", GoneError),
        (190, None, "Error validating application. Application has been deleted.", AccessTokenError),
        (230, None, "User consent is required to access user profile", GoneError),
        (100, 2018218, "No profile available for this user", GoneError),
        (506, None, "Duplicate post", GraphError),
        (551, 1545041, "This person is not available", GraphError),
        (200, 1545041, "This person is not available", GraphError),
        (10, 2018278, "Outside of the allowed window", GraphError),
        (100, None, "Param limit must be less than 50", TooMuchDataError),
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


@pytest.mark.parametrize("code", [3, 10, 200, 230, 299])
def test_permission_missing_on_instagram_leaves_messenger_alone(code):
    raw = {"code": code, "message": "Application does not have permission for this action"}
    assert type(from_error(raw, status=403, token=TOKEN, platform="instagram")) is PlatformError
    assert type(from_error(raw, status=403, token=TOKEN, platform="messenger")) is AccessTokenError


def test_block_for_policy_is_waited_out_by_a_later_run():
    error = from_error({"code": 368, "message": "Blocked"}, status=400, token=TOKEN)
    assert isinstance(error, RateLimitError)
    assert (error.recovery, error.wait_seconds) == (Recovery.WAIT_HOURS, BLOCKED_SECONDS)
    assert "support inbox" in error.words


def test_error_for_another_thread_is_the_same_in_another_object():
    error = from_error({"code": 368, "message": "Blocked", "fbtrace_id": "A"}, status=400, token=TOKEN)
    assert isinstance(error, RateLimitError)
    again = error.again()
    assert again is not error
    assert vars(again) == vars(error)


@pytest.mark.parametrize(
    ("code", "stops"),
    [(190, True), (36103, True), (2635, True), (613, True), (803, False), (1, False), (77, False)],
)
def test_error_tells_whether_anything_else_would_be_answered(code, stops):
    assert from_error({"code": code}, status=400, token=TOKEN).stops is stops


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.meaning)
def test_every_row_has_a_recovery_and_words_where_a_person_must_act(row):
    recovery = row.recovery or row.kind.recovery
    assert isinstance(recovery, Recovery)
    assert row.meaning
    if recovery in STOPPING - {Recovery.WAIT}:
        assert row.words.endswith(".")


def test_rows_for_the_documentation_name_code_meaning_recovery_and_words():
    rows = list(recoveries())
    assert len(rows) > len(TABLE)
    assert len({(codes, meaning) for codes, meaning, _, _ in rows}) == len(rows)
    assert (
        '1 ("reduce the amount of data")',
        "too much data for one answer",
        Recovery.SHRINK.value,
        "",
    ) in rows
    assert any(codes == "190 / 463" and "expired" in words for codes, _, _, words in rows)
