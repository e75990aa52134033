import pytest
import requests

from conversations.sandbox import ScriptedAnswer, faults

THREADS = "/v26.0/me/conversations"
FIRST: dict = {"data": [{"id": "t_1"}]}
SECOND: dict = {"data": []}


def test_scripted_answers_are_given_in_order_and_the_last_one_repeats(graph, sandbox):
    sandbox.script.add("/t_1/messages", FIRST, SECOND)
    assert [graph("/v26.0/t_1/messages") for _ in range(3)] == [FIRST, SECOND, SECOND]


def test_scripted_answers_can_be_limited_in_number(graph, sandbox, world, page):
    thread = world.add_conversation(page)
    sandbox.script.add("/me/conversations", FIRST, times=1)
    assert graph(THREADS) == FIRST
    assert graph(THREADS)["data"][0]["id"] == thread.id
    sandbox.script.add("/me/conversations", FIRST)
    sandbox.script.clear()
    assert graph(THREADS)["data"][0]["id"] == thread.id


def test_scripted_status_headers_and_text_are_sent_as_they_are(graph, sandbox):
    sandbox.script.add("/t_1", ScriptedAnswer({"error": {"code": -2}}, 504, {"X-App-Usage": "{}"}))
    sandbox.script.add("/t_2", '{"data" : [ ]}')
    response = graph.get("/t_1")
    assert (response.status_code, response.headers["X-App-Usage"]) == (504, "{}")
    assert response.json() == {"error": {"code": -2}}
    assert graph.get("/t_2").text == '{"data" : [ ]}'
    assert [(call.status, call.code) for call in sandbox.call_log] == [(504, -2), (200, None)]


@pytest.mark.parametrize(
    ("script", "path", "params", "fits"),
    [
        ("/t_1/messages", "/t_1/messages", {"after": "x"}, True),
        ("/t_1/messages?after=*", "/t_1/messages", {"after": "x"}, True),
        ("/t_1/messages?after=*", "/t_1/messages", {"limit": "1"}, False),
        ("/t_1/messages?after=x&limit=2", "/t_1/messages", {"after": "x", "limit": "3"}, False),
        ("/t_1/messages?!after", "/t_1/messages", {"after": ""}, False),
        ("/t_1/messages?!after", "/t_1/messages", {}, True),
        ("/*/messages", "/t_1/messages", {}, True),
        ("/*", "/t_1/messages", {}, False),
        ("/**", "/t_1/messages", {}, True),
        ("/*?fields=*name*", "/t_1", {"fields": "id,name"}, True),
        ("/x/conversations?platform=messenger", "/x/conversations", {}, True),
        ("/x/conversations?platform=messenger", "/x/conversations", {"platform": "instagram"}, False),
        ("POST /t_1/messages", "/t_1/messages", {}, False),
    ],
)
def test_script_answers_only_the_calls_that_it_describes(graph, sandbox, script, path, params, fits):
    sandbox.script.add(script, FIRST)
    assert (graph(path, **params) == FIRST) == fits


def test_the_script_that_was_added_last_comes_first(graph, sandbox):
    sandbox.script.add("/**", FIRST)
    sandbox.script.add("/t_1", SECOND, times=1)
    assert [graph("/t_1"), graph("/t_1")] == [SECOND, FIRST]


def test_a_function_can_decide_by_the_parameters_or_decline(graph, sandbox, world, page):
    thread = world.add_conversation(page)
    sandbox.script.add("/me/conversations", lambda params: None if params["limit"] == "1" else FIRST)
    assert graph(THREADS, limit=2) == FIRST
    assert graph(THREADS, limit=1)["data"][0]["id"] == thread.id


def test_scripted_calls_need_a_token_and_count_for_the_limits(graph, sandbox, page):
    sandbox.script.add("/t_1/messages", FIRST)
    sandbox.limits.calls_per_second = 1
    assert graph.error("/t_1/messages", token="unknown") == (400, 190, None)
    assert graph("/t_1/messages") == FIRST
    assert graph.error("/t_1/messages")[1] == 613
    assert sandbox.call_log.calls[1].page_id == page.id


def test_a_fault_comes_before_the_script_and_leaves_it_unused(graph, sandbox):
    sandbox.script.add("/t_1", FIRST, SECOND)
    sandbox.faults.add(faults.unavailable())
    assert graph.error("/t_1")[0] == 503
    assert graph("/t_1") == FIRST


def test_a_script_without_answers_is_refused(sandbox):
    with pytest.raises(ValueError, match="at least one answer"):
        sandbox.script.add("/t_1")


def test_another_process_can_add_and_clear_scripts(graph, sandbox, page):
    script = {"call": "/t_1?after=*", "answers": [{"body": FIRST, "status": 201}], "times": 2}
    assert requests.post(f"{sandbox.url}/_sandbox/script", json=script, timeout=60).json() == {"ok": True}
    assert graph.get("/t_1", after="x").status_code == 201
    assert requests.delete(f"{sandbox.url}/_sandbox/script", timeout=60).json() == {"ok": True}
    assert graph.get("/t_1", after="x").status_code == 400
