import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph.usage import MAX_REGAIN_SECONDS, Usage, UsageScope
from conversations.sandbox.faults import ODD_USAGE

PAGE_ID, OTHER_ID = "900000000000001", "112"
MESSENGER = UsageScope(frozenset({"messenger"}), frozenset({PAGE_ID}))
FULL = {"call_count": 100, "estimated_time_to_regain_access": 90}


def business(*minutes: Any, **counters: Any) -> dict[str, str]:
    counts = {"type": "messenger", "call_count": 1} | counters
    uses = [counts | {"estimated_time_to_regain_access": m} for m in minutes or [0]]
    return {"X-Business-Use-Case-Usage": json.dumps({"900000000000001": uses})}


def test_longest_wait_is_used():
    assert Usage.from_headers(business(0, 7, 2)).regain_seconds == 7 * 60


def test_highest_counter_of_all_headers_is_used():
    headers = {
        "X-App-Usage": '{"call_count": 28, "total_time": 81, "total_cputime": 25}',
        "X-Page-Usage": '{"call_count": 40}',
    }
    assert Usage.from_headers(headers | business(total_cputime=60)).percent == 81
    assert Usage.from_headers(headers | business(total_cputime=96)).percent == 96
    assert Usage.from_headers({"X-Page-Usage": '{"call_count": 40}'}).percent == 40


def test_usage_is_read_under_any_key():
    uses = {"1": [{"call_count": 5}], "acme": [{"call_count": 90, "estimated_time_to_regain_access": 3}]}
    assert Usage.from_headers({"X-Business-Use-Case-Usage": json.dumps(uses)}) == Usage(90, 180)


@pytest.mark.parametrize("minutes", [None, "soon", [], {}, -5, True, float("nan"), float("inf"), 1e300])
def test_invalid_minutes_are_ignored(minutes):
    assert Usage.from_headers(business(minutes)).regain_seconds == 0
    assert Usage.from_headers(business(minutes, 2)).regain_seconds == 120


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "null", "7", '{"1": null}', '{"1": [5]}', '{"1": [{}]}', "[" * 9999, "é"]
)
@pytest.mark.parametrize("name", ["X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage"])
def test_invalid_header_is_ignored(name, header):
    assert Usage.from_headers({name: header}) == Usage()


def test_missing_headers_are_no_usage():
    assert Usage.from_headers({}) == Usage()


def test_endless_wait_is_limited():
    assert Usage.from_headers(business(10**8)).regain_seconds == MAX_REGAIN_SECONDS


@pytest.mark.parametrize(("text", "seconds"), [("120", 120), ("Fri, 31 Dec 1999 23:59:59 GMT", 0)])
def test_retry_after_is_used_if_it_is_a_number(text, seconds):
    assert Usage.from_headers({"Retry-After": text}).regain_seconds == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_raises_an_error(one, other):
    usage = Usage.from_headers({"X-App-Usage": one, "X-Business-Use-Case-Usage": other, "Retry-After": other})
    assert usage.percent >= 0
    assert 0 <= usage.regain_seconds <= MAX_REGAIN_SECONDS


def usage_of(scope: UsageScope, header: Any) -> Usage:
    text = header if isinstance(header, str) else json.dumps(header)
    return Usage.from_headers({"X-Business-Use-Case-Usage": text}, scope)


def row(kind: str | None, percent: Any = 3) -> dict[str, Any]:
    return ({"type": kind} if kind else {}) | {"call_count": percent}


@pytest.mark.parametrize(
    ("header", "percent"),
    [
        ({OTHER_ID: [row("messenger") | FULL], PAGE_ID: [row("messenger")]}, 3),
        ({PAGE_ID: [row("ads_insights") | FULL, row("messenger")]}, 3),
        ({PAGE_ID: [row("instagram") | FULL, row("pages") | FULL, row("messenger", 80)]}, 80),
        ({OTHER_ID: [row("messenger") | FULL], PAGE_ID: [row("pages")]}, 0),
        ({OTHER_ID: [row("ads_insights") | FULL]}, 0),
        ({OTHER_ID: [row("messenger", 97)]}, 97),  # the ID of the business
        ({PAGE_ID: [row("Messenger", 97)]}, 97),
        ({PAGE_ID: [row(None, 97)]}, 97),
    ],
)
def test_only_rows_of_our_type_and_id_count(header, percent):
    assert usage_of(MESSENGER, header) == Usage(percent)


@pytest.mark.parametrize(
    ("header", "percent"),
    [
        ({PAGE_ID: row("messenger", 97)}, 97),
        ([row("messenger", 97)], 97),
        (row("messenger", 97), 97),
        ({"data": {PAGE_ID: [row("messenger", 97)]}}, 97),
        ({PAGE_ID: [row("messenger", "97")]}, 97),
        ({PAGE_ID: [row("messenger", "97.5%")]}, 97.5),
        ({PAGE_ID: [None, 5, "x", [], row("messenger", 97)]}, 97),
        ({PAGE_ID: [{"type": 5, "call_count": 97}]}, 97),
    ],
)
def test_odd_shapes_are_understood(header, percent):
    assert usage_of(MESSENGER, header) == Usage(percent)


@pytest.mark.parametrize("text", ODD_USAGE)
def test_odd_headers_say_little_and_raise_nothing(text):
    usage = usage_of(MESSENGER, text)
    assert usage.percent <= 3.5
    assert usage.regain_seconds == 0


def test_throttled_request_waits_for_the_counter_that_its_code_names():
    header = {PAGE_ID: [row("pages") | FULL, row("messenger")]}
    assert usage_of(MESSENGER.with_code(80001), header) == Usage(100, 5400)
    assert usage_of(MESSENGER.with_code(80006), header) == Usage(3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "call_count", "total_time", "estimated_time_to_regain_access", PAGE_ID]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_shape_raises_an_error(value):
    usage = usage_of(MESSENGER, value)
    assert 0 <= usage.percent < 1e9
    assert 0 <= usage.regain_seconds <= MAX_REGAIN_SECONDS
