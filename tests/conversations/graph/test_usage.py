import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph.usage import LONGEST_SECONDS, Usage


def business(*minutes: Any, **counters: Any) -> dict[str, str]:
    given = {"type": "messenger", "call_count": 1} | counters
    uses = [given | {"estimated_time_to_regain_access": m} for m in minutes or [0]]
    return {"X-Business-Use-Case-Usage": json.dumps({"900000000000001": uses})}


def test_longest_wait_of_all_uses_counts():
    assert Usage.of(business(0, 7, 2)).regain_seconds == 7 * 60


def test_highest_of_all_counters_in_all_headers_counts():
    headers = {
        "X-App-Usage": '{"call_count": 28, "total_time": 81, "total_cputime": 25}',
        "X-Page-Usage": '{"call_count": 40}',
    }
    assert Usage.of(headers | business(total_cputime=60)).percent == 81
    assert Usage.of(headers | business(total_cputime=96)).percent == 96
    assert Usage.of({"X-Page-Usage": '{"call_count": 40}'}).percent == 40


def test_any_key_may_hold_the_uses():
    uses = {"1": [{"call_count": 5}], "acme": [{"call_count": 90, "estimated_time_to_regain_access": 3}]}
    assert Usage.of({"X-Business-Use-Case-Usage": json.dumps(uses)}) == Usage(90, 180)


@pytest.mark.parametrize("minutes", [None, "soon", [], {}, -5, True, float("nan"), float("inf"), 1e300])
def test_minutes_that_make_no_sense_are_passed_over(minutes):
    assert Usage.of(business(minutes)).regain_seconds == 0
    assert Usage.of(business(minutes, 2)).regain_seconds == 120


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "null", "7", '{"1": null}', '{"1": [5]}', '{"1": [{}]}', "[" * 9999, "é"]
)
@pytest.mark.parametrize("name", ["X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage"])
def test_header_that_makes_no_sense_says_nothing(name, header):
    assert Usage.of({name: header}) == Usage()


def test_missing_headers_say_nothing():
    assert Usage.of({}) == Usage()


def test_endless_wait_is_cut():
    assert Usage.of(business(10**8)).regain_seconds == LONGEST_SECONDS


@pytest.mark.parametrize(("text", "seconds"), [("120", 120), ("Fri, 31 Dec 1999 23:59:59 GMT", 0)])
def test_retry_after_counts_where_it_is_a_number(text, seconds):
    assert Usage.of({"Retry-After": text}).regain_seconds == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_is_an_error(one, other):
    usage = Usage.of({"X-App-Usage": one, "X-Business-Use-Case-Usage": other, "Retry-After": other})
    assert usage.percent >= 0
    assert 0 <= usage.regain_seconds <= LONGEST_SECONDS
