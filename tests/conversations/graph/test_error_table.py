import pytest

from conversations.graph.error_table import (
    BLOCKED_SECONDS,
    ERROR_RULES,
    from_error,
    from_status,
    recoveries,
)
from conversations.graph.errors import (
    STOPPING,
    AccessTokenError,
    ActionRequiredError,
    GraphError,
    InvalidRequestError,
    MissingPermissionError,
    NotFoundError,
    PageMovedError,
    PayloadTooLargeError,
    PlatformError,
    RateLimitError,
    Recovery,
    SendRefusedError,
    StaleCursorError,
    TransientError,
    VersionError,
)

TOKEN = "a token that looks like none of Facebook's"
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def kind(code, subcode=None, message="Injected failure", status=400, **more) -> type[GraphError]:
    error = {"code": code, "error_subcode": subcode, "message": message} | more
    return type(from_error(error, status=status, token=TOKEN))


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
@pytest.mark.parametrize(
    ("code", "subcode", "message", "expected"),
    [
        (1, None, REDUCE, PayloadTooLargeError),
        (1, None, "An unknown error has occurred.", TransientError),
        (1, 99, "An unknown error has occurred.", TransientError),
        (2, None, "Service temporarily unavailable", TransientError),
        *((code, None, "Too many calls", RateLimitError) for code in (4, 17, 32, 341, 613)),
        *((code, None, "Too many calls", RateLimitError) for code in (80001, 80002, 80006)),
        (613, 1996, "Odd pattern", RateLimitError),
        *((190, sub, "Bad token", AccessTokenError) for sub in (None, 458, 459, 460, 463, 464, 467, 492)),
        (102, None, "Session invalid", AccessTokenError),
        (104, None, "Incorrect signature", ActionRequiredError),
        *((code, None, "No permission", MissingPermissionError) for code in (3, 10, 200, 230, 299)),
        (100, None, "Invalid appsecret_proof provided in the API argument", ActionRequiredError),
        (100, 33, "Unsupported get request. Object with ID 't_1' does not exist", NotFoundError),
        (803, None, "Some of the aliases you requested do not exist", NotFoundError),
        (9000001, None, "This message has been deleted by the user or the business", NotFoundError),
        (2642, None, "Invalid cursors values", StaleCursorError),
        (100, None, "The after cursor specified exceeds the max limit", StaleCursorError),
        (100, None, "Tried accessing nonexisting field (snippet)", InvalidRequestError),
        (2500, None, "Syntax error", InvalidRequestError),
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
        (190, None, "This message has been deleted by the user or the business", NotFoundError),
        (190, None, "Error validating application. Application has been deleted.", ActionRequiredError),
        (200, None, "API access deactivated. To reactivate, go to the app dashboard.", ActionRequiredError),
        (200, None, "API access blocked.", ActionRequiredError),
        (200, None, "The app is in development mode", ActionRequiredError),
        (200, 2069030, "Permissions error", ActionRequiredError),
        (190, 2069032, "Invalid OAuth 2.0 Access Token", ActionRequiredError),
        (210, None, "(#210) A page access token is required to request this resource.", ActionRequiredError),
        (104, None, "An access token is required to request this resource.", ActionRequiredError),
        (2500, None, "An active access token must be used to query information", ActionRequiredError),
        (21, None, "(#21) Page ID 1 was migrated to page ID 2.", PageMovedError),
        (100, 33, "Object with ID '900000000000001' does not exist", ActionRequiredError),
        (803, None, "Some of the aliases you requested do not exist: 900000000000001", ActionRequiredError),
        (190, 490, "The user is enrolled in a blocking, logged-in checkpoint", AccessTokenError),
        (200, None, "The business requires two-factor authentication", AccessTokenError),
        (None, None, "Error validating access token", AccessTokenError),
        (230, None, "User consent is required to access user profile", NotFoundError),
        (100, 2018218, "No profile available for this user", NotFoundError),
        (506, None, "Duplicate post", GraphError),
        (551, 1545041, "This person is not available", SendRefusedError),
        (200, 1545041, "This person is not available", SendRefusedError),
        *((10, sub, "Outside of allowed window", SendRefusedError) for sub in (2018278, 2534022, 2018065)),
        (10, None, "(#10) This message is sent outside of allowed window.", SendRefusedError),
        (10, 1893063, "The Page is restricted", SendRefusedError),
        (2018108, None, "Only testers", SendRefusedError),
        (2018300, None, "Not the owner", SendRefusedError),
        (100, 2534037, "Not the owner", SendRefusedError),
        (36000, None, "The image is too large", SendRefusedError),
        (100, None, "(#100) Tag HUMAN_AGENT is not approved", SendRefusedError),
        (100, None, "Param limit must be less than 50", PayloadTooLargeError),
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
def test_unknown_code_is_classified_by_other_fields(code, status, more, expected):
    assert kind(code, status=status, **more) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [(200, TransientError), (502, TransientError), (429, RateLimitError)]
)
def test_response_that_is_not_from_graph_is_classified_by_its_status(status, expected):
    assert type(from_status(status)) is expected


@pytest.mark.parametrize(
    ("subcode", "text"), [(460, "password"), (463, "expired"), (492, "role"), (458, "removed")]
)
def test_invalid_token_is_explained_to_its_owner(subcode, text):
    error = from_error({"code": 190, "error_subcode": subcode}, status=400, token=TOKEN)
    assert text in str(error)
    assert "Connect the Page again" in str(error)


def test_error_names_code_subcode_and_trace():
    raw = {"code": 190, "error_subcode": 463, "message": "Expired.", "fbtrace_id": "AbC"}
    error = from_error(raw, status=400, token=TOKEN)
    assert (error.code, error.subcode, error.trace) == (190, 463, "AbC")
    assert str(error).endswith("Facebook says: Expired. (code 190, subcode 463, trace AbC)")


@pytest.mark.parametrize(
    "secret", [TOKEN, "EAAGm0PX4ZCpsBAKZCZAhyzSomeLongerToken123", "0123456789abcdef" * 4]
)
def test_token_in_facebooks_message_is_redacted(secret):
    raw = {"code": 190, "message": f"Cannot parse {secret}!", "fbtrace_id": secret, "error_subcode": 463}
    error = from_error(raw, status=400, token=TOKEN)
    assert secret not in str(error) + repr(error) + repr(vars(error))
    assert "Cannot parse [token]!" in str(error)


def test_error_is_one_short_printable_line():
    message = "A\x00B\ud83d\x1b[31mC\nD\u2028" + "x" * 100_000
    text = str(from_error({"code": 1, "message": message, "fbtrace_id": "\x00"}, status=500, token=TOKEN))
    assert text.isprintable()
    assert text.encode()
    assert "A B [31mC D" in text
    assert len(text) < 600


@pytest.mark.parametrize("message", [None, 5, [], {"text": TOKEN}])
def test_message_of_any_type_is_accepted(message):
    error = from_error({"code": 2, "message": message}, status=500, token=TOKEN)
    assert TOKEN not in str(error)


@pytest.mark.parametrize("code", [3, 10, 200, 230, 299])
def test_missing_permission_on_instagram_does_not_stop_messenger(code):
    raw = {"code": code, "message": "Application does not have permission for this action"}
    assert type(from_error(raw, status=403, token=TOKEN, platform="instagram")) is PlatformError
    assert type(from_error(raw, status=403, token=TOKEN, platform="messenger")) is MissingPermissionError


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (190, AccessTokenError),
        (10, MissingPermissionError),
        (36103, PlatformError),
        (613, RateLimitError),
        (803, TransientError),
        (2500, TransientError),
        (2635, TransientError),
        (77, TransientError),
    ],
)
def test_temporary_error_is_retried_and_still_says_what_a_person_must_do(code, expected):
    error = from_error({"code": code, "is_transient": True}, status=400, token=TOKEN)
    assert type(error) is expected
    assert error.is_retried is (expected is not RateLimitError)
    assert "temporary" in error.full_text
    assert "temporary" not in str(error)


def test_texts_for_people_are_only_in_the_full_text():
    raw = {
        "code": 190,
        "message": "Bad token.",
        "error_user_title": "Log in",
        "error_user_msg": f"Your session {TOKEN} ended.",
    }
    error = from_error(raw, status=400, token=TOKEN)
    assert "Facebook adds: Log in: Your session [token] ended." in error.full_text
    assert "session" not in str(error) + error.text
    assert error.facebook_text == error.full_text.removeprefix(error.advice).strip()
    assert error.facebook_text.startswith("Facebook says: Bad token.")


@pytest.mark.parametrize(
    "text",
    ["Page ID 1 was migrated to page ID 22.", "Page ID 1 was merged into page ID 22", "moved to page id 22"],
)
def test_page_that_moved_names_its_new_id(text):
    error = from_error({"code": 21, "message": f"(#21) {text}"}, status=400, token=TOKEN)
    assert isinstance(error, PageMovedError)
    assert error.new_page_id == "22"
    assert "merged this Page into Page 22" in error.advice


def test_policy_block_is_left_to_a_later_run():
    error = from_error({"code": 368, "message": "Blocked"}, status=400, token=TOKEN)
    assert isinstance(error, RateLimitError)
    assert (error.recovery, error.wait_seconds) == (Recovery.WAIT_HOURS, BLOCKED_SECONDS)
    assert "support inbox" in error.text


def test_copy_of_an_error_is_equal_but_another_object():
    error = from_error({"code": 368, "message": "Blocked", "fbtrace_id": "A"}, status=400, token=TOKEN)
    assert isinstance(error, RateLimitError)
    copied = error.copy()
    assert copied is not error
    assert vars(copied) == vars(error)


@pytest.mark.parametrize(
    ("code", "stops"),
    [
        (190, True),
        (36103, True),
        (2635, True),
        (613, True),
        (803, False),
        (1, False),
        (77, False),
        (10, False),
    ],
)
def test_error_says_whether_all_other_requests_would_fail(code, stops):
    assert from_error({"code": code}, status=400, token=TOKEN).stops is stops


@pytest.mark.parametrize("rule", ERROR_RULES, ids=lambda rule: rule.meaning)
def test_every_rule_has_a_recovery_and_a_message_if_a_person_must_act(rule):
    recovery = rule.recovery or rule.kind.recovery
    assert isinstance(recovery, Recovery)
    assert rule.meaning
    if recovery in STOPPING - {Recovery.WAIT} | {Recovery.CONFIRM_ON_LIST}:
        assert rule.message.endswith(".")


def test_rows_for_the_documentation_have_code_meaning_recovery_and_message():
    rows = list(recoveries())
    assert len(rows) > len(ERROR_RULES)
    assert len({(codes, meaning) for codes, meaning, _, _ in rows}) == len(rows)
    assert (
        '1 ("reduce the amount of data")',
        "too much data for one response",
        Recovery.SHRINK.value,
        "",
    ) in rows
    assert any(codes == "190 / 463" and "expired" in text for codes, _, _, text in rows)
