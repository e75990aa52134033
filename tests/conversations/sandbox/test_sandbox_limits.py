import json

import pytest

from conversations.sandbox import faults

THREADS = "/v26.0/me/conversations"


def usage(response) -> dict:
    """Return the usage of the Page's call budget, as the header of the response states it."""
    [[row]] = json.loads(response.headers["X-Business-Use-Case-Usage"]).values()
    return row


def test_nothing_is_limited_by_default(graph):
    responses = [graph.get(THREADS) for _ in range(30)]
    assert {response.status_code for response in responses} == {200}
    assert not any(name.startswith("X-") for name in responses[0].headers)


@pytest.mark.parametrize("code", [613, 80006])
def test_third_call_within_a_second_is_throttled(graph, sandbox, code):
    sandbox.limits.calls_per_second, sandbox.limits.rate_code = 2, code
    assert [graph.get(THREADS).status_code for _ in range(2)] == [200, 200]
    assert graph.error(THREADS) == (400, code, None)
    sandbox.clock.advance(1)
    assert graph.get(THREADS).status_code == 200


def test_throttled_calls_count_for_the_limit(graph, sandbox):
    sandbox.limits.calls_per_second = 2
    for _ in range(3):
        graph.get(THREADS)
    sandbox.clock.advance(0.6)
    graph.get(THREADS)
    graph.get(THREADS)
    sandbox.clock.advance(0.6)
    assert graph.error(THREADS)[1] == 613


def test_each_page_and_platform_has_its_own_budget(graph, sandbox, world, page):
    other = world.add_page("900000000000002", "Other")
    thread = world.add_conversation(page)
    sandbox.limits.calls_per_second = 1
    assert graph.get(THREADS).status_code == 200
    assert graph.error(f"/{thread.id}/messages")[1] == 613
    assert graph.get(THREADS, platform="instagram").status_code == 200
    assert graph.get(THREADS, token=other.token).status_code == 200
    assert graph.get("/me").status_code == 200


def test_penalty_blocks_the_page_and_further_calls_extend_it(graph, sandbox):
    sandbox.limits.calls_per_second, sandbox.limits.penalty_seconds = 1, 60
    sandbox.limits.rate_code = 80006
    graph.get(THREADS)
    refused = graph.get(THREADS)
    assert usage(refused) == {
        "type": "messenger",
        "call_count": 100,
        "total_cputime": 66,
        "total_time": 75,
        "estimated_time_to_regain_access": 1,
    }
    sandbox.clock.advance(40)
    assert graph.error(THREADS)[1] == 80006
    sandbox.clock.advance(40)
    assert graph.error(THREADS)[1] == 80006
    sandbox.clock.advance(61)
    assert graph.get(THREADS).status_code == 200


def test_daily_quota_is_announced_in_the_headers_and_ends_with_code_80006(graph, sandbox):
    sandbox.limits.calls_per_day = 4
    assert [usage(graph.get(THREADS))["call_count"] for _ in range(4)] == [25, 50, 75, 100]
    refused = graph.get(THREADS)
    assert refused.json()["error"]["code"] == 80006
    assert usage(refused)["estimated_time_to_regain_access"] == 24 * 60
    sandbox.clock.advance(86400)
    assert graph.get(THREADS).status_code == 200


def test_page_can_be_blocked_explicitly(graph, sandbox, page):
    sandbox.limits.block(page.id, "messenger", 120, sandbox.clock.monotonic(), code=613)
    assert graph.error(THREADS)[1] == 613
    assert graph.get(THREADS, platform="instagram").status_code == 200
    sandbox.clock.advance(121)
    assert graph.get(THREADS).status_code == 200


def test_usage_can_be_announced(graph, sandbox):
    sandbox.limits.announced = {"call_count": 96}
    assert usage(graph.get(THREADS))["call_count"] == 96


def test_app_limit_returns_code_4_with_status_403(graph, sandbox):
    sandbox.limits.app_calls_per_hour = 1
    assert json.loads(graph.get("/me").headers["X-App-Usage"])["call_count"] == 100
    assert graph.error("/me") == (403, 4, None)
    assert graph("/me")["error"]["is_transient"] is True


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (THREADS, {"fields": "messages.limit(25){id}", "limit": 5}),
        (THREADS, {"fields": "messages{id}", "limit": 5}),
        ("/{thread}", {"fields": "messages.limit(101){id}"}),
        ("/{thread}/messages", {"limit": 101}),
    ],
)
def test_too_much_data_in_one_call_is_refused(graph, sandbox, world, page, path, params):
    path = path.replace("{thread}", world.add_conversation(page).id)
    sandbox.limits.max_weight = 100
    assert graph.error(path, **params)[:2] == (500, 1)
    assert "reduce the amount of data" in graph(path, **params)["error"]["message"]
    sandbox.limits.max_weight = 125
    assert graph.get(path, **params).status_code == 200


def test_lists_without_messages_have_no_weight(graph, sandbox):
    sandbox.limits.max_weight = 1
    assert graph.get(THREADS, limit=100).status_code == 200


def test_the_older_usage_header_of_a_page_can_be_sent(graph, sandbox):
    sandbox.limits.announced_to_page = {"call_count": 12}
    usage = json.loads(graph.get(THREADS).headers["X-Page-Usage"])
    assert usage == {"call_count": 12, "total_cputime": 0, "total_time": 0}


def test_usage_of_other_products_and_ids_stands_beside_ours(graph, sandbox, page):
    full = {"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 90}
    sandbox.limits.announced = {"call_count": 3}
    sandbox.limits.announced_types = [{**full, "type": "pages"}]
    sandbox.limits.announced_others = {"112": [full]}
    usage = json.loads(graph.get(THREADS).headers["X-Business-Use-Case-Usage"])
    assert usage["112"] == [full]
    assert [(row["type"], row["call_count"]) for row in usage[page.id]] == [("pages", 100), ("messenger", 3)]


@pytest.mark.parametrize("number", range(len(faults.ODD_USAGE)))
def test_usage_can_have_an_odd_shape(graph, sandbox, number):
    sandbox.faults.add(faults.odd_usage(number))
    response = graph.get(THREADS)
    assert (response.status_code, response.headers["X-Business-Use-Case-Usage"]) == (
        200,
        faults.ODD_USAGE[number],
    )
