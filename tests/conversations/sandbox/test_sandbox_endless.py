"""Lists without an end, lists that grow, and links without cursors."""

from urllib.parse import parse_qs, urlsplit

import pytest

from conversations.sandbox import Endless

THREADS = "/v26.0/me/conversations"


def follow(graph, path: str, answers: int, **params) -> list[dict]:
    """That many answers, read by `cursors.after`; each must have a `next`."""
    found = [graph(path, **params)]
    for _ in range(answers - 1):
        paging = found[-1]["paging"]
        assert "next" in paging
        found.append(graph(path, **params, after=paging["cursors"]["after"]))
    return found


def ids(response: dict) -> list[str]:
    return [item["id"] for item in response["data"]]


@pytest.fixture(params=["messages", "conversations"])
def endless(request, world, page):
    """Make a list of three items endless; return its path."""

    def make(**options) -> str:
        threads = [world.add_conversation(page, messages=3) for _ in range(3)]
        if request.param == "messages":
            threads[0].endless = Endless(**options)
            return f"/v26.0/{threads[0].id}/messages"
        page.endless["messenger"] = Endless(**options)
        return THREADS

    return make


@pytest.mark.parametrize("cursor", ["same", "new"])
def test_list_without_an_end_can_repeat_its_last_items(graph, endless, cursor):
    answers = follow(graph, endless(data="repeated", cursor=cursor), 5, limit=2)
    assert [len(answer["data"]) for answer in answers] == [2, 1, 2, 2, 2]
    assert ids(answers[2]) == ids(answers[3]) == [ids(answers[0])[1], *ids(answers[1])]
    cursors = {answer["paging"]["cursors"]["after"] for answer in answers[1:]}
    assert len(cursors) == (1 if cursor == "same" else 4)


@pytest.mark.parametrize("cursor", ["same", "new"])
def test_list_without_an_end_can_be_empty(graph, endless, cursor):
    answers = follow(graph, endless(data="none", cursor=cursor), 5, limit=3)
    assert [len(answer["data"]) for answer in answers] == [3, 0, 0, 0, 0]
    cursors = {answer["paging"]["cursors"]["after"] for answer in answers}
    assert len(cursors) == (1 if cursor == "same" else 5)


def test_list_can_have_older_items_forever(graph, endless):
    answers = follow(graph, endless(data="new"), 5, limit=3)
    found = [id for answer in answers for id in ids(answer)]
    assert len(found) == len(set(found)) == 15


def test_empty_list_can_be_endless(graph, page):
    page.endless["messenger"] = Endless("none")
    assert [answer["data"] for answer in follow(graph, THREADS, 3)] == [[], [], []]


def test_only_the_chosen_list_is_endless(graph, world, page):
    page.endless["messenger"] = Endless()
    world.add_conversation(page, platform="instagram")
    assert "next" not in graph(THREADS, platform="instagram")["paging"]


def test_thread_can_grow_while_it_is_read(graph, world, page):
    thread = world.add_conversation(page, messages=5)
    thread.growth = 2
    first, second, third = follow(graph, f"/{thread.id}/messages", 3, limit=2)
    assert ids(first) == ids(second) == ids(third) == [m.id for m in thread.history.newest(4, 6)]
    assert len(thread.history) == 11
    assert graph(THREADS)["data"][0]["id"] == thread.id


def test_messages_can_be_paged_by_time(graph, sandbox, world, page):
    sandbox.switches.message_paging = "time"
    times = [100, 200, 200, 200, 300]
    thread = world.add_conversation(
        page, messages=[{"message": str(n), "created_time": time} for n, time in enumerate(times)]
    )
    response, found = graph(f"/{thread.id}/messages", fields="message", limit=2), []
    while True:
        found += [message["message"] for message in response["data"]]
        assert "cursors" not in response["paging"]
        if "next" not in response["paging"]:
            break
        given = parse_qs(urlsplit(response["paging"]["next"]).query)
        assert given["__paging_token"][0].startswith("enc_")
        response = graph(response["paging"]["next"])
    assert found == ["4", "3", "2", "1", "0"]
    assert given["until"] == ["200"]
    previous = graph(response["paging"]["previous"])
    assert [message["message"] for message in previous["data"]] == ["2", "1"]
    by_time = graph(f"/{thread.id}/messages", fields="message", until=200)
    assert [message["message"] for message in by_time["data"]] == ["3", "2", "1", "0"]


def test_nested_messages_can_be_paged_by_time(graph, sandbox, world, page):
    sandbox.switches.message_paging = "time"
    thread = world.add_conversation(page, messages=5)
    [shown] = graph(THREADS, fields="messages.limit(2){id}")["data"]
    more = graph(shown["messages"]["paging"]["next"])
    assert ids(shown["messages"]) + ids(more) == [message.id for message in thread.history.newest(0, 4)]


def test_nested_messages_can_have_no_next(graph, sandbox, world, page):
    sandbox.switches.nested_next = False
    thread = world.add_conversation(page, messages=30)
    [shown] = graph(THREADS, fields="message_count,messages{id}")["data"]
    assert (shown["message_count"], len(shown["messages"]["data"])) == (30, 25)
    assert set(shown["messages"]["paging"]) == {"cursors"}
    assert "next" in graph(f"/{thread.id}/messages")["paging"]


def test_nested_limit_can_be_reduced_silently(graph, sandbox, world, page):
    sandbox.switches.max_nested_limit = 25
    thread = world.add_conversation(page, messages=30)
    [shown] = graph(THREADS, fields="messages.limit(26){id}")["data"]
    assert len(shown["messages"]["data"]) == 25
    assert len(graph(f"/{thread.id}/messages", limit=26)["data"]) == 26


def test_message_count_can_be_wrong(graph, world, page):
    thread = world.add_conversation(page, messages=3)
    thread.message_count = 80
    assert graph(THREADS, fields="message_count")["data"][0]["message_count"] == 80


@pytest.mark.parametrize("name", ["after", "before"])
def test_an_empty_cursor_is_the_start_of_the_list(graph, world, page, name):
    world.add_conversation(page, messages=30)
    assert graph(THREADS, **{name: ""}) == graph(THREADS)


@pytest.mark.parametrize("path", [THREADS, "/{thread}/messages"])
def test_summary_counts_the_whole_list(graph, world, page, path):
    thread, *_ = [world.add_conversation(page, messages=3) for _ in range(3)]
    path = path.replace("{thread}", thread.id)
    assert graph(path, limit=1, summary="true")["summary"] == {"total_count": 3}
    assert graph(path, limit=1, summary="total_count")["summary"] == {"total_count": 3}
    assert "summary" not in graph(path, limit=1)


def test_other_folders_and_the_thread_of_one_person_have_an_end(graph, world, page):
    page.endless["messenger"] = Endless()
    thread = world.add_conversation(page)
    world.add_conversation(page, folder="other")
    assert "next" in graph(THREADS)["paging"]
    assert "next" not in graph(THREADS, folder="other")["paging"]
    assert "next" not in graph(THREADS, user_id=thread.customer.id)["paging"]


@pytest.mark.parametrize("data", ["none", "repeated", "new"])
@pytest.mark.parametrize("messages", [0, 3])
def test_links_by_time_can_be_endless(graph, sandbox, world, page, data, messages):
    sandbox.switches.message_paging = "time"
    thread = world.add_conversation(page, messages=messages)
    thread.endless = Endless(data, "new")
    response, links = graph(f"/{thread.id}/messages", limit=2), set()
    for _ in range(5):
        links.add(response["paging"]["next"])
        response = graph(response["paging"]["next"])
    assert len(links) == 5


def test_links_by_time_survive_empty_answers(graph, sandbox, world, page):
    sandbox.switches.message_paging, sandbox.switches.empty_pages = "time", 2
    thread = world.add_conversation(page, messages=5)
    graph(THREADS)
    response, found = graph(f"/{thread.id}/messages", limit=2), []
    while "next" in response["paging"]:
        response = graph(response["paging"]["next"])
        found += ids(response)
    assert found == [message.id for message in thread.history.newest(0, 5)]
