import json

import pytest

THREADS = "/v26.0/me/conversations"


def usage(response) -> dict:
    """What the answer says of the Page's budget."""
    [[row]] = json.loads(response.headers["X-Business-Use-Case-Usage"]).values()
    return row


def test_nothing_is_capped_by_default(graph):
    responses = [graph.ask(THREADS) for _ in range(30)]
    assert {response.status_code for response in responses} == {200}
    assert not any(name.startswith("X-") for name in responses[0].headers)


@pytest.mark.parametrize("code", [613, 80006])
def test_third_call_within_a_second_is_refused(graph, sandbox, code):
    sandbox.limits.calls_per_second, sandbox.limits.rate_code = 2, code
    assert [graph.ask(THREADS).status_code for _ in range(2)] == [200, 200]
    assert graph.error(THREADS) == (400, code, None)
    sandbox.clock.advance(1)
    assert graph.ask(THREADS).status_code == 200


def test_refused_calls_keep_the_second_full(graph, sandbox):
    sandbox.limits.calls_per_second = 2
    for _ in range(3):
        graph.ask(THREADS)
    sandbox.clock.advance(0.6)
    graph.ask(THREADS)
    graph.ask(THREADS)
    sandbox.clock.advance(0.6)
    assert graph.error(THREADS)[1] == 613


def test_each_page_and_platform_has_its_own_budget(graph, sandbox, world, page):
    other = world.add_page("900000000000002", "Other")
    thread = world.add_conversation(page)
    sandbox.limits.calls_per_second = 1
    assert graph.ask(THREADS).status_code == 200
    assert graph.error(f"/{thread.id}/messages")[1] == 613
    assert graph.ask(THREADS, platform="instagram").status_code == 200
    assert graph.ask(THREADS, token=other.token).status_code == 200
    assert graph.ask("/me").status_code == 200


def test_penalty_closes_the_page_and_calls_extend_it(graph, sandbox):
    sandbox.limits.calls_per_second, sandbox.limits.penalty_seconds = 1, 60
    sandbox.limits.rate_code = 80006
    graph.ask(THREADS)
    refused = graph.ask(THREADS)
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
    assert graph.ask(THREADS).status_code == 200


def test_quota_of_a_day_grows_in_the_headers_and_ends_in_80006(graph, sandbox):
    sandbox.limits.calls_per_day = 4
    assert [usage(graph.ask(THREADS))["call_count"] for _ in range(4)] == [25, 50, 75, 100]
    refused = graph.ask(THREADS)
    assert refused.json()["error"]["code"] == 80006
    assert usage(refused)["estimated_time_to_regain_access"] == 24 * 60
    sandbox.clock.advance(86400)
    assert graph.ask(THREADS).status_code == 200


def test_page_can_be_blocked_by_hand(graph, sandbox, page):
    sandbox.limits.block(page.id, "messenger", 120, sandbox.clock.monotonic(), code=613)
    assert graph.error(THREADS)[1] == 613
    assert graph.ask(THREADS, platform="instagram").status_code == 200
    sandbox.clock.advance(121)
    assert graph.ask(THREADS).status_code == 200


def test_usage_can_be_announced(graph, sandbox):
    sandbox.limits.announced = {"call_count": 96}
    assert usage(graph.ask(THREADS))["call_count"] == 96


def test_app_limit_is_code_4_with_403(graph, sandbox):
    sandbox.limits.app_calls_per_hour = 1
    assert json.loads(graph.ask("/me").headers["X-App-Usage"])["call_count"] == 100
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
def test_too_much_in_one_call_is_refused(graph, sandbox, world, page, path, params):
    path = path.replace("{thread}", world.add_conversation(page).id)
    sandbox.limits.max_weight = 100
    assert graph.error(path, **params)[:2] == (500, 1)
    assert "reduce the amount of data" in graph(path, **params)["error"]["message"]
    sandbox.limits.max_weight = 125
    assert graph.ask(path, **params).status_code == 200


def test_light_lists_weigh_nothing(graph, sandbox):
    sandbox.limits.max_weight = 1
    assert graph.ask(THREADS, limit=100).status_code == 200


def test_the_old_header_of_a_page_can_be_announced(graph, sandbox):
    sandbox.limits.announced_to_page = {"call_count": 12}
    told = json.loads(graph.ask(THREADS).headers["X-Page-Usage"])
    assert told == {"call_count": 12, "total_cputime": 0, "total_time": 0}
