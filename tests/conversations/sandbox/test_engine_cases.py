"""Every file of graph_samples/engine/ is served word for word."""

import json

import pytest

from tests.conversations.engine_cases import NAMES, PLAYS, EngineCase

LIST = "/v26.0/me/conversations"
RUNS = {
    "06-100-33-for-a-while": 2,
    "10-edited-and-reacted": 2,
    "12-person-id-changes": 2,
    "14-facebook-user": 2,
    "15-one-190-in-an-outage": 2,
    "16-app-is-off": 3,
}


@pytest.fixture
def start(sandbox):
    def run(name: str) -> EngineCase:
        case = EngineCase(name, sandbox)
        case.play()
        return case

    return run


def read_thread(graph, **first) -> list[dict]:
    """All messages of t_1, read by the `after` of each answer."""
    response, found = graph("/v26.0/t_1/messages", limit=100), []
    while True:
        found += response["data"]
        if "next" not in response["paging"]:
            return found
        response = graph("/v26.0/t_1/messages", limit=100, after=response["paging"]["cursors"]["after"])


def test_every_case_can_be_played():
    assert set(NAMES) == set(PLAYS)


@pytest.mark.parametrize("name", NAMES)
def test_case_says_what_is_right_and_ends(start, name):
    case = start(name)
    assert case["expected"]
    for _ in range(RUNS.get(name, 1) - 1):
        case.play()
    with pytest.raises(StopIteration):
        case.play()


@pytest.mark.parametrize("name", ["17-checkpoint-490", "18-code-104-no-token", "19-page-migrated"])
def test_refusals_come_with_every_call(graph, start, name):
    case = start(name)
    for path in ("/me", LIST, "/t_1/messages", "/debug_token"):
        response = graph.get(path)
        assert (response.status_code, response.json()) == (case["status"], case["answer"])


def test_each_text_of_an_app_that_is_off(graph, start):
    case = start("16-app-is-off")
    assert graph("/me") == case["answers"][0]
    case.play()
    assert graph("/me") == case["answers"][1]
    case.play()
    assert graph(LIST) == case["answers"][2]


def test_outage_ends(graph, start):
    case = start("15-one-190-in-an-outage")
    response = graph.get(LIST)
    assert (response.status_code, response.json()) == (401, case["answer"])
    case.play()
    assert graph(LIST) == {"data": []}


def test_endless_list_gives_the_same_answer_each_time(graph, start):
    case = start("01-endless-paging")
    [thread] = graph(LIST)["data"]
    assert len(thread["messages"]["data"]) == 26
    assert thread["messages"]["paging"] == case["nested_first"]["paging"]
    answers = [graph("/t_1/messages", after=after) for after in ("26", "SAME", "SAME")]
    assert answers == [case["answers_each_time"]["variant_a_same_cursor"]] * 3


def test_instagram_account_has_two_ids(graph, start):
    case = start("02-instagram-own-id")
    account = graph("/me", fields="id,name,instagram_business_account{id,username}")
    assert account["instagram_business_account"] == case["connect"]["instagram_business_account"]
    assert graph(LIST, platform="instagram") == case["list_instagram"]
    assert graph(LIST) == {"data": []}


def test_only_one_thread_a_call_is_answered(graph, start, world, page):
    threads = [world.add_conversation(page, platform="instagram") for _ in range(2)]
    case = start("04-minus2-2534084")
    response = graph.get(LIST, platform="instagram", limit=2)
    assert (response.status_code, response.json()) == (400, case["answer"])
    assert graph.get(LIST, platform="instagram").json() == case["answer"]
    pages = graph.read_all_ids(LIST, platform="instagram", limit=1)
    assert {id for [id] in pages} == {thread.id for thread in threads}


def test_thread_is_not_visible_for_a_while(graph, start):
    case = start("06-100-33-for-a-while")
    assert len(graph(LIST, fields="messages.limit(26){id}")["data"][0]["messages"]["data"]) == 26
    assert graph("/t_1/messages", after="26") == case["run_1"]["answer"]
    case.play()
    assert len(graph("/t_1/messages", after="26", limit=100)["data"]) == 34


def test_nested_messages_have_no_next(graph, start):
    case = start("07-nested-without-next")
    [thread] = graph(LIST)["data"]
    paging = case["list"]["data"][0]["messages"]["paging"]
    assert (thread["message_count"], len(thread["messages"]["data"])) == (80, 25)
    assert thread["messages"]["paging"] == paging
    assert len(read_thread(graph)) == 80


def test_times_come_as_numbers_and_text(graph, start):
    case = start("08-unix-times")
    assert json.loads(json.dumps(case["list"])) == graph(LIST)


def test_attachments_continue_behind_a_cursor(graph, start):
    start("09-attachments-behind-a-cursor")
    [message] = graph(LIST)["data"][0]["messages"]["data"]
    more = graph("/m_1/attachments", limit=25, after="MjQZD")
    ids = [item["id"] for item in message["attachments"]["data"] + more["data"]]
    assert ids == [str(number) for number in range(1, 31)]


def test_message_is_edited_between_the_runs(graph, start):
    case = start("10-edited-and-reacted")
    assert graph(LIST)["data"][0]["messages"]["data"] == [case["run_1"]]
    case.play()
    assert graph(LIST)["data"][0]["messages"]["data"] == case["run_2"]


def test_three_messages_share_each_second(graph, start):
    start("11-one-second-bursts")
    times = [message["created_time"] for message in read_thread(graph)]
    assert len(times) == 400
    assert [times.count(time) for time in dict.fromkeys(times)] == [3] * 133 + [1]


def test_person_has_another_id_in_the_second_run(graph, start):
    case = start("12-person-id-changes")
    assert graph(LIST)["data"][0]["participants"] == case["run_1"]["participants"]
    before = read_thread(graph)
    case.play()
    assert graph(LIST)["data"][0]["participants"] == case["run_2"]["participants"]
    after = read_thread(graph)
    assert [message["id"] for message in after[1:]] == [message["id"] for message in before]
    assert after[1]["created_time"] == before[0]["created_time"]
    assert len(after) == 61


def test_name_is_replaced_in_the_second_run(graph, start):
    case = start("14-facebook-user")
    assert graph(LIST)["data"][0]["participants"] == case["run_1"]["participants"]
    case.play()
    assert graph(LIST)["data"][0]["participants"] == case["run_2"]["participants"]


def test_usage_headers_are_sent_with_every_answer(graph, start):
    case = start("20-another-use-is-full")
    for path in ("/me", LIST):
        assert graph.get(path).headers.items() >= case["headers"].items()


def test_one_thread_is_refused_and_the_list_answers(graph, start):
    case = start("21-one-thread-refused")
    assert [thread["id"] for thread in graph(LIST)["data"]] == ["t_1", "t_2"]
    assert graph("/t_1/messages") == case["answer"]


def test_only_the_parameters_of_next_lead_on(graph, start):
    start("22-time-paging")
    response, ids = graph("/t_1/messages"), []
    for _ in range(6):
        ids += [message["id"] for message in response["data"]]
        if "next" in response["paging"]:
            response = graph("/t_1/messages?" + response["paging"]["next"].partition("?")[2])
    assert len(set(ids)) == 150
