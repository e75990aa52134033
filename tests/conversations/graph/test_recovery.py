"""How the client recovers by itself before it raises an error."""

import json
import logging

import pytest

from conversations.graph.errors import AccessTokenError, GraphError, RateLimitError, TransientError
from conversations.graph.rate_limiter import MAX_WAIT_SECONDS, THROTTLE_PAUSES_SECONDS
from conversations.graph.transport import MAX_TRIES
from conversations.sandbox import faults

TRANSIENT = {
    "code 1": faults.unknown_error(),
    "code 2 with 503": faults.unavailable(),
    "code 2 with 500": faults.unavailable(500),
    "code 2 with 200": faults.unavailable(200),
    "HTML": faults.html(),
    "HTML with 200": faults.html(200),
    "text with 200": faults.text(),
    "nothing with 200": faults.text(""),
    "a list": faults.text("[]"),
    "a number": faults.text("5"),
    "an error that is text": faults.text('{"error": "no"}'),
    "no list": faults.text('{"id": "1"}'),
    "an object for a list": faults.text('{"data": {}}'),
    "JSON too deep": faults.text("[" * 100_000),
    "no JSON with 400": faults.text("Bad Request", 400),
    "reset": faults.reset(),
    "truncated JSON": faults.truncated(),
    "cut off": faults.cut_off(),
}


@pytest.fixture(params=list(TRANSIENT.values()), ids=list(TRANSIENT))
def transient(request) -> faults.Fault:
    return request.param


def test_transient_error_is_retried(client, world, shop, sandbox, pauses, transient):
    world.add_conversation(shop)
    sandbox.faults.add(transient, times=2)
    (batch,) = client.conversations(shop.id)
    assert len(batch.conversations) == 1
    assert len(sandbox.call_log) == client.request_count == 3
    assert len(pauses) == 2


def test_lasting_transient_error_is_raised_and_is_no_empty_list(client, world, shop, sandbox, transient):
    world.add_conversation(shop)
    sandbox.faults.add(transient, times=None)
    with pytest.raises(TransientError):
        list(client.conversations(shop.id))


def test_pauses_double_and_differ(client, shop, sandbox, pauses):
    sandbox.faults.add(faults.unavailable(), times=None)
    for _ in range(3):
        with pytest.raises(TransientError):
            client.get("me")
    assert len(sandbox.call_log) == 3 * MAX_TRIES
    assert len(set(pauses)) == len(pauses) == 3 * (MAX_TRIES - 1)
    for number, pause in enumerate(pauses):
        longest = 2 ** (number % (MAX_TRIES - 1))
        assert longest / 2 <= pause <= longest


def test_pauses_are_reported_before_they_start(make_client, sandbox):
    waits: list[tuple[type, float]] = []
    client = make_client(on_wait=lambda error, seconds: waits.append((type(error), seconds)))
    sandbox.faults.add(faults.unavailable())
    sandbox.faults.add(faults.graph_error(613))
    client.get("me")
    assert [kind for kind, _ in waits] == [TransientError, RateLimitError]


@pytest.mark.parametrize("fault", [faults.hang(), faults.slow(5)], ids=["hang", "slow"])
def test_missing_response_is_retried(make_client, sandbox, fault):
    sandbox.faults.add(fault)
    client = make_client(connect_seconds=1, read_seconds=0.2)
    assert client.get("me")["id"]
    # On a busy machine a real response may take longer than the timeout, too.
    first, *others = [call.fault for call in sandbox.call_log]
    assert first
    assert set(others) == {None}


def test_unreachable_server_is_explained(make_client, sandbox, pauses):
    sandbox.stop()
    client = make_client()
    with pytest.raises(TransientError, match="cannot be reached"):
        client.get("me")
    assert client.request_count == MAX_TRIES


def test_restarted_server_is_reached_again(make_client, sandbox, pauses):
    sandbox.stop()
    client = make_client(on_wait=lambda error, seconds: sandbox.start() if len(pauses) == 1 else None)
    assert client.get("me")["id"]


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80006])
def test_rate_limit_is_waited_for_whatever_its_status(client, sandbox, pauses, status, code):
    sandbox.faults.add(faults.graph_error(code, status=status), times=3)
    assert client.get("me")["id"]
    assert pauses == list(THROTTLE_PAUSES_SECONDS[:3])


def test_rate_limit_without_json_is_waited_for(client, sandbox, pauses):
    sandbox.faults.add(faults.html(429))
    assert client.get("me")["id"]
    assert pauses == [THROTTLE_PAUSES_SECONDS[0]]


def test_wait_time_of_the_headers_is_used(client, shop, sandbox, pauses):
    sandbox.limits.announced = {"estimated_time_to_regain_access": 7}
    sandbox.faults.add(faults.graph_error(80006))
    list(client.conversations(shop.id))
    assert pauses == [7 * 60]


def test_rate_limit_that_does_not_end_is_an_error(client, sandbox, pauses):
    sandbox.faults.add(faults.graph_error(613), times=None)
    with pytest.raises(RateLimitError):
        client.get("me")
    assert pauses == list(THROTTLE_PAUSES_SECONDS)


def test_wait_that_is_too_long_is_left_to_the_next_run(client, shop, sandbox, pauses):
    sandbox.limits.announced = {"estimated_time_to_regain_access": MAX_WAIT_SECONDS // 60 + 1}
    sandbox.faults.add(faults.graph_error(80006), times=None)
    with pytest.raises(RateLimitError) as caught:
        list(client.conversations(shop.id))
    assert caught.value.wait_seconds > MAX_WAIT_SECONDS
    assert pauses == []


@pytest.mark.parametrize(
    "fault",
    [
        faults.token_error(463),
        faults.permission_error(),
        faults.graph_error(100, 33),
        faults.graph_error(368),
    ],
)
def test_permanent_error_is_not_retried(client, sandbox, pauses, fault):
    sandbox.faults.add(fault, times=None)
    with pytest.raises(GraphError):
        client.get("me")
    assert (len(sandbox.call_log), pauses) == (1, [])


def test_huge_numbers_do_not_fail_the_response(client, shop, sandbox):
    digits = "9" * 10_000
    items = (
        f'{{"id": {digits}}}, {{"id": "t_1", "message_count": {digits}}}, {{"id": 7, "unread_count": 1e999}}'
    )
    sandbox.faults.add(faults.text(f'{{"data": [{items}]}}'))
    (batch,) = client.conversations(shop.id)
    assert [record.id for record in batch.conversations] == [digits, "t_1", "7"]


def test_refused_field_is_omitted_from_then_on(client, world, shop, sandbox):
    for _ in range(101):
        world.add_conversation(shop)
    sandbox.switches.refused_fields = {"UnifiedThread.snippet"}
    first, second = client.conversations(shop.id)
    assert len(first.conversations) + len(second.conversations) == 101
    assert [call.status for call in sandbox.call_log] == [400, 200, 200]
    assert first.conversations[0].messages.messages[0].message


@pytest.mark.parametrize("field", ["Message.reactions", "Message.shares"])
def test_field_that_is_refused_only_for_messages_is_omitted(client, world, shop, sandbox, field):
    thread = world.add_conversation(shop, messages=3)
    sandbox.switches.refused_fields = {field}
    assert [len(batch.messages) for batch in client.messages(thread.id)] == [3]


def test_other_invalid_request_removes_no_fields(client, world, shop, sandbox):
    world.add_conversation(shop)
    sandbox.faults.add(faults.graph_error(100, message="(#100) Something else"), times=2)
    with pytest.raises(GraphError):
        list(client.conversations(shop.id))
    list(client.conversations(shop.id))
    assert "snippet" in sandbox.call_log.calls[-1].params["fields"]


# -- secrets -----------------------------------------------------------------------------------------------
SECRET = "none-of-Facebooks-shapes-0123456789"
REPEATING = faults.graph_error(190, message=f"Malformed access token {SECRET}", fbtrace_id=SECRET)


def all_texts(error: BaseException | None) -> str:
    """Return all texts of an error and of its causes."""
    text = ""
    while error is not None:
        text += f"{error} {error!r} {error.args} {vars(error)}"
        text += str(getattr(error, "doc", ""))
        error = error.__cause__ or error.__context__
    return text


@pytest.fixture
def quiet_shop(world):
    return world.add_page("900000000000009", "Quiet Shop", SECRET)


@pytest.mark.parametrize(
    "fault",
    [
        *TRANSIENT.values(),
        REPEATING,
        faults.hang(),
        faults.graph_error(613, message=SECRET),
        faults.redirect("http://["),
    ],
)
def test_token_is_in_no_error_no_log_and_no_url(make_client, quiet_shop, world, sandbox, caplog, fault):
    world.add_conversation(quiet_shop, messages=60)
    texts: list[str] = []
    client = make_client(
        SECRET,
        connect_seconds=1,
        read_seconds=0.05,
        on_wait=lambda error, seconds: texts.append(all_texts(error)),
    )
    sandbox.faults.add(fault, times=None)
    with caplog.at_level(logging.DEBUG), pytest.raises(GraphError) as caught:
        list(client.conversations(quiet_shop.id))
    assert SECRET not in all_texts(caught.value) + "".join(texts) + caplog.text
    assert {call.token_in for call in sandbox.call_log} == {"header"}
    assert SECRET not in "".join(call.line for call in sandbox.call_log)


def test_token_is_in_no_record(make_client, quiet_shop, world, sandbox):
    for _ in range(101):
        world.add_conversation(quiet_shop, messages=30)
    client = make_client(SECRET)
    batches = list(client.conversations(quiet_shop.id))
    assert SECRET not in repr(batches)
    assert SECRET not in json.dumps([record.raw for batch in batches for record in batch.conversations])
    assert len(batches) == 2


def test_invalid_token_stops_at_once(make_client, shop, sandbox, world):
    world.break_token(shop.token, 460)
    with pytest.raises(AccessTokenError, match="password"):
        list(make_client().conversations(shop.id))
    assert len(sandbox.call_log) == 1
