import json

import pytest

from conversations.graph.usage import regain_seconds


def usage(*minutes) -> dict:
    uses = [{"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": m} for m in minutes]
    return {"X-Business-Use-Case-Usage": json.dumps({"900000000000001": uses})}


def test_longest_wait_of_all_uses_counts():
    assert regain_seconds(usage(0, 7, 2)) == 7 * 60


@pytest.mark.parametrize("minutes", [None, "soon", [], {}, -5, float("nan"), float("inf")])
def test_minutes_that_make_no_sense_are_passed_over(minutes):
    assert regain_seconds(usage(minutes)) == 0
    assert regain_seconds(usage(minutes, 2)) == 120


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "null", "7", '{"1": null}', '{"1": [5]}', '{"1": [{}]}', "[" * 9999]
)
def test_header_that_makes_no_sense_says_nothing(header):
    assert regain_seconds({"X-Business-Use-Case-Usage": header}) == 0


def test_missing_header_says_nothing():
    assert regain_seconds({"X-App-Usage": '{"call_count": 100}'}) == 0
