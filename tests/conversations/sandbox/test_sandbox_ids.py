"""Several nodes in one call: `/?ids=a,b`."""

import pytest

from conversations.sandbox import World


@pytest.fixture
def threads(world: World, page):
    return [world.add_conversation(page, messages=2) for _ in range(3)]


def test_nodes_are_mapped_by_their_ids(graph, page, threads):
    ids = [thread.id for thread in threads]
    answer = graph("/v26.0/", ids=",".join([*ids, page.id]), fields="id")
    assert answer == {id: {"id": id} for id in [*ids, page.id]}
    assert graph("/", ids=ids[0]) == {ids[0]: graph(f"/{ids[0]}")}


def test_each_node_has_fields_of_its_own_type(graph, page, threads):
    answer = graph("/", ids=f"{threads[0].id},{threads[1].id}", fields="message_count,messages.limit(1){id}")
    newest = [thread.history.newest(0, 1)[0].id for thread in threads[:2]]
    assert [value["messages"]["data"] for value in answer.values()] == [[{"id": id}] for id in newest]
    assert graph.error("/", ids=f"{page.id},{threads[0].id}", fields="message_count") == (400, 100, None)


def test_edges_of_several_nodes_can_be_read_and_continued(graph, threads):
    answer = graph("/messages", ids=f"{threads[0].id},{threads[1].id}", limit=1)
    assert set(answer) == {threads[0].id, threads[1].id}
    for thread in threads[:2]:
        newest, oldest = thread.history.newest(0, 2)
        assert [message["id"] for message in answer[thread.id]["data"]] == [newest.id]
        more = graph(f"/{thread.id}/messages", limit=1, after=answer[thread.id]["paging"]["cursors"]["after"])
        assert [message["id"] for message in more["data"]] == [oldest.id]


def test_one_bad_id_fails_all(graph, threads):
    assert graph.error("/", ids=f"{threads[0].id},t_999") == (400, 100, 33)


def test_number_of_ids_is_limited(graph, threads):
    assert graph.error("/", ids=",".join(str(number) for number in range(51))) == (400, 100, None)
    assert graph.error("/", ids="") == (400, 2500, None)


def test_each_id_counts_as_a_call_for_the_limits(graph, sandbox, threads):
    sandbox.limits.calls_per_second = 2
    assert graph.get("/", ids=",".join(thread.id for thread in threads[:2])).status_code == 200
    sandbox.clock.advance(1)
    assert graph.error("/", ids=",".join(thread.id for thread in threads))[1] == 613
