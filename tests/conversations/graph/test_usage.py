import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph.usage import MAX_REGAIN_SECONDS, Usage


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
