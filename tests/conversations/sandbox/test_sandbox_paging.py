import itertools
from urllib.parse import parse_qs, urlsplit

import pytest

THREADS = "/v26.0/me/conversations"


@pytest.fixture
def threads(world, page):
    """Ten threads, newest first."""
    created = [world.add_conversation(page, updated_time=f"2026-01-{day:02}") for day in range(1, 11)]
    return created[::-1]


def ids(threads):
    return [thread.id for thread in threads]


def test_list_is_newest_first_and_its_last_page_has_no_next(graph, threads):
    assert graph.read_all_ids(THREADS, limit=4) == [ids(threads[:4]), ids(threads[4:8]), ids(threads[8:])]


def test_full_last_page_has_cursors_and_no_next(graph, threads):
    paging = graph(THREADS, limit=10)["paging"]
    assert set(paging) == {"cursors"}
    assert graph(THREADS, after=paging["cursors"]["after"]) == {"data": []}


def test_next_url_contains_every_parameter(graph, page, threads):
    next_url = urlsplit(graph(THREADS, limit=4, platform="messenger", fields="id")["paging"]["next"])
    params = {name: values[0] for name, values in parse_qs(next_url.query).items()}
    assert params.pop("after").startswith("QVFI")
    assert params == {
        "access_token": page.token,
        "limit": "4",
        "platform": "messenger",
        "fields": "id",
        "pretty": "0",
    }


def test_previous_returns_the_page_before(graph, threads):
    second = graph(graph(THREADS, limit=4)["paging"]["next"])
    assert [item["id"] for item in graph(second["paging"]["previous"])["data"]] == ids(threads[:4])


def test_cursor_stays_valid_when_the_limit_changes(graph, threads):
    after = graph(THREADS, limit=4)["paging"]["cursors"]["after"]
    assert [item["id"] for item in graph(THREADS, limit=1, after=after)["data"]] == ids(threads[4:5])


def test_message_between_two_calls_moves_its_thread_to_the_top(graph, world, threads):
    first = graph(THREADS, limit=4)
    world.add_message(threads[7])
    second = graph(first["paging"]["next"])
    # Cursors by position: the last thread of page 1 is repeated, and the moved thread does not appear again.
    assert [item["id"] for item in second["data"]] == ids(threads[3:7])
    assert graph(THREADS, limit=1)["data"][0]["id"] == threads[7].id


def test_cursor_can_follow_the_item_instead(graph, sandbox, world, threads):
    sandbox.switches.cursors_follow = "item"
    first = graph(THREADS, limit=4)
    world.add_message(threads[7])
    second = graph(first["paging"]["next"])
    assert [item["id"] for item in second["data"]] == ids(threads[4:7] + threads[8:9])


@pytest.mark.parametrize("follow", ["position", "item"])
def test_message_between_two_calls_shifts_the_message_list(graph, sandbox, world, page, follow):
    sandbox.switches.cursors_follow = follow
    thread = world.add_conversation(page, messages=6)
    first = graph(f"/{thread.id}/messages", fields="message", limit=2)
    world.add_message(thread, "new")
    second = graph(first["paging"]["next"])["data"]
    expected = {"position": ["Message 5", "Message 4"], "item": ["Message 4", "Message 3"]}
    assert [message["message"] for message in second] == expected[follow]


def test_hidden_threads_make_short_and_empty_pages_that_have_a_next(graph, threads):
    for thread in (threads[0], *threads[4:8]):
        thread.hidden = True
    assert graph.read_all_ids(THREADS, limit=4) == [ids(threads[1:4]), [], ids(threads[8:])]


def test_short_and_empty_pages_omit_no_thread(graph, sandbox, threads):
    sandbox.switches.short_pages, sandbox.switches.empty_pages = 2, 3
    pages = graph.read_all_ids(THREADS, limit=4)
    assert [len(page) for page in pages] == [4, 2, 0, 2, 2]
    assert list(itertools.chain(*pages)) == ids(threads)


def test_empty_page_does_not_repeat_its_cursor(graph, sandbox, threads):
    sandbox.switches.empty_pages = 2
    first = graph(THREADS, limit=4)["paging"]["cursors"]["after"]
    empty = graph(THREADS, limit=4, after=first)
    assert empty["data"] == []
    assert empty["paging"]["cursors"]["after"] != first


def test_expired_foreign_and_invented_cursors_are_invalid(graph, world, page, threads):
    after = graph(THREADS, limit=4)["paging"]["cursors"]["after"]
    assert graph.error(f"/{threads[0].id}/messages", after=after) == (400, 2642, None)
    for invented in ("abc", "%%%", after[:-8]):
        assert graph.error(THREADS, after=invented) == (400, 2642, None)
    world.expire_cursors()
    assert graph.error(THREADS, after=after) == (400, 2642, None)


def test_cursor_can_exceed_the_deepest_position(graph, sandbox, threads):
    sandbox.switches.deepest_position = 4
    second = graph(graph(THREADS, limit=4)["paging"]["next"])
    assert graph(second["paging"]["next"])["error"]["code"] == 100


def test_cursors_can_be_omitted_and_next_can_name_another_host(graph, sandbox, threads):
    sandbox.switches.omit_cursors, sandbox.switches.next_url = True, "https://elsewhere.example"
    paging = graph(THREADS, limit=4)["paging"]
    assert set(paging) == {"next"}
    assert paging["next"].startswith("https://elsewhere.example/v26.0/900000000000001/conversations?")


def test_limit_is_validated_and_can_have_a_silent_maximum(graph, sandbox, threads):
    assert graph.error(THREADS, limit="many")[1] == 100
    sandbox.switches.max_limit = 3
    assert len(graph(THREADS, limit=100)["data"]) == 3


@pytest.mark.parametrize(
    ("after_inclusive", "before_inclusive", "days"),
    [(True, True, [6, 5, 4]), (True, False, [5, 4]), (False, True, [6, 5]), (False, False, [5])],
)
def test_time_window_can_be_applied(graph, sandbox, threads, after_inclusive, before_inclusive, days):
    switches = sandbox.switches
    switches.updated_ms = "honoured"
    switches.updated_after_inclusive, switches.updated_before_inclusive = after_inclusive, before_inclusive
    start, end = (int(threads[10 - day].updated_time * 1000) for day in (4, 6))
    pages = graph.read_all_ids(THREADS, updated_after_ms=start, updated_before_ms=end, limit=2)
    assert list(itertools.chain(*pages)) == [threads[10 - day].id for day in days]


def test_window_in_the_far_past_is_empty(graph, sandbox, threads):
    sandbox.switches.updated_ms = "honoured"
    assert graph(THREADS, updated_before_ms=1000) == {"data": []}


def test_time_window_is_ignored_by_default_and_before_v26(graph, sandbox, threads):
    assert len(graph(THREADS, updated_before_ms=1000)["data"]) == 10
    sandbox.switches.updated_ms = "honoured"
    assert len(graph("/v25.0/me/conversations", updated_before_ms=1000)["data"]) == 10


def test_time_window_can_be_refused(graph, sandbox, threads):
    sandbox.switches.updated_ms = "refused"
    assert graph.error(THREADS, updated_after_ms=1) == (400, 100, None)
    assert graph.get(THREADS).status_code == 200
