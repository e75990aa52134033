"""Forms of an answer that say the same, and data that Facebook changes afterwards."""

from datetime import datetime

import pytest

from conversations.sandbox import ABSENT, Person, placeholders, seed_page, truth
from conversations.sandbox.responses.variations import TIME_FORMATS
from conversations.sandbox.switches import EQUIVALENT

THREADS = "/v26.0/me/conversations"
FIELDS = "id,participants{id},messages.limit(30){id}"
TIMES = {
    "graph": "2026-11-20T18:00:00+0000",
    "colon": "2026-11-20T18:00:00+00:00",
    "Z": "2026-11-20T18:00:00Z",
    "no offset": "2026-11-20T18:00:00",
    "east": "2026-11-20T23:30:00+0530",
    "west": "2026-11-20T10:00:00-0800",
    "milliseconds in text": "2026-11-20T18:00:00.000+0000",
    "seconds": 1795197600,
    "seconds as text": "1795197600",
    "milliseconds": 1795197600000,
    "milliseconds as text": "1795197600000",
}


@pytest.mark.parametrize("form", TIMES)
def test_times_can_have_another_form(graph, sandbox, world, page, form):
    sandbox.switches.time_format = form
    thread = world.add_conversation(page)
    [shown] = graph(THREADS, fields="updated_time,messages{created_time}")["data"]
    assert shown["updated_time"] == shown["messages"]["data"][0]["created_time"] == TIMES[form]
    assert graph(f"/{thread.id}/messages")["data"][0]["created_time"] == TIMES[form]


def test_times_can_be_missing(graph, sandbox, world, page):
    sandbox.switches.time_format = "missing"
    world.add_conversation(page)
    [shown] = graph(THREADS, fields="id,updated_time,messages{id,created_time}")["data"]
    assert set(shown) == {"id", "messages"}
    assert set(shown["messages"]["data"][0]) == {"id"}


def test_times_can_be_mixed_and_each_keeps_its_form(graph, sandbox, world, page):
    sandbox.switches.time_format = "mixed"
    thread = world.add_conversation(page, messages=200)
    first, second = (graph(f"/{thread.id}/messages", limit=200)["data"] for _ in range(2))
    assert first == second
    forms = {type(message["created_time"]) for message in first}
    assert forms == {int, str}
    assert {*TIMES, "missing"} == set(TIME_FORMATS)


def test_one_message_can_lack_its_time(graph, world, page):
    thread = world.add_conversation(page, messages=[{"raw": {"created_time": ABSENT}}, "later"])
    later, unknown = graph(f"/{thread.id}/messages")["data"]
    assert ("created_time" in later, "created_time" in unknown) == (True, False)


def burst(world, page):
    return world.add_conversation(
        page, messages=[{"message": str(n), "created_time": 1000 + n // 4} for n in range(12)]
    )


def texts(response) -> list[str]:
    return [message["message"] for message in response["data"]]


def test_messages_of_one_second_can_be_reversed(graph, sandbox, world, page):
    thread = burst(world, page)
    sandbox.switches.same_second_order = "reversed"
    shown = texts(graph(f"/{thread.id}/messages", fields="message"))
    assert " ".join(shown) == "8 9 10 11 4 5 6 7 0 1 2 3"


def test_messages_of_one_second_can_differ_from_answer_to_answer(graph, sandbox, world, page):
    thread = burst(world, page)
    sandbox.switches.same_second_order = "varies"
    answers = [texts(graph(f"/{thread.id}/messages", fields="message", limit=8)) for _ in range(20)]
    assert len({tuple(answer) for answer in answers}) > 1
    assert all(set(answer[:4]) == {"8", "9", "10", "11"} for answer in answers)
    assert all(set(answer[4:]) == {"4", "5", "6", "7"} for answer in answers)


@pytest.mark.parametrize(
    ("order", "firsts"),
    [("customer first", {"7001"}), ("business first", {"900000000000001"}),
     ("varies", {"7001", "900000000000001"})],
)  # fmt: skip
def test_participants_can_come_in_another_order(graph, sandbox, world, page, order, firsts):
    world.add_conversation(page, Person("7001", "Ana Test"))
    sandbox.switches.participants_order = order
    answers = [graph(THREADS, fields="participants")["data"][0]["participants"]["data"] for _ in range(30)]
    assert {answer[0]["id"] for answer in answers} == firsts
    assert {len(answer) for answer in answers} == {2}


@pytest.mark.parametrize("name", placeholders.placeholders("7001"))
def test_facebook_can_show_something_else_than_the_name(graph, world, page, name):
    thread = world.add_conversation(page, Person("7001", "Ana Test"))
    thread.customer.hidden_as = name
    person = graph(THREADS, fields="participants{id,name}")["data"][0]["participants"]["data"][0]
    assert person == {"id": "7001"} | ({} if name is None else {"name": name})
    [message] = graph(f"/{thread.id}/messages", fields="from{name}")["data"]
    assert message["from"].get("name") == name
    assert [known.customer_name for known in truth(world)] == ["Ana Test"]


def test_message_can_be_edited(graph, world, page):
    thread = world.add_conversation(page, messages=["first", {"message": None, "is_unsupported": True}])
    unsupported, first = thread.history.newest(0, 2)
    reactions = [{"reaction": "love", "users": [{"id": page.id}]}]
    world.edit_message(thread, first.id, "corrected", reactions=reactions)
    world.edit_message(thread, unsupported.id, "readable", is_unsupported=ABSENT)
    fields = "message,reactions,is_unsupported,created_time"
    newest, oldest = graph(f"/{thread.id}/messages", fields=fields)["data"]
    assert (newest["message"], "is_unsupported" in newest) == ("readable", False)
    assert (oldest["message"], oldest["reactions"]) == ("corrected", {"data": reactions})
    assert graph(f"/{first.id}", fields="message")["message"] == "corrected"
    assert datetime.fromisoformat(oldest["created_time"]).timestamp() == first.created_time
    with pytest.raises(ValueError, match="no message"):
        world.edit_message(thread, "m_unknown", "x")


def test_generated_message_can_be_edited(graph, world, page):
    seed_page(world, page, conversations=1, messages=5)
    [thread] = page.threads.values()
    before = graph(THREADS, fields="messages{message}")["data"][0]["messages"]["data"]
    world.edit_message(thread, before[2]["id"], "corrected")
    after = graph(THREADS, fields="messages{message}")["data"][0]["messages"]["data"]
    assert after == [*before[:2], {"message": "corrected", "id": before[2]["id"]}, *before[3:]]
    assert graph(f"/{before[4]['id']}", fields="message") == before[4]


@pytest.mark.parametrize("in_messages", [True, False])
def test_person_can_get_another_id(graph, world, page, in_messages):
    thread = world.add_conversation(page, Person("7001", "Ana Test"), ["Hi"])
    world.change_person_id(thread, "7999", in_messages=in_messages)
    [shown] = graph(THREADS, fields="participants{id},messages{from{id}}")["data"]
    assert shown["participants"]["data"][0] == {"id": "7999"}
    sender = shown["messages"]["data"][0]["from"]["id"]
    assert sender == ("7999" if in_messages else "7001")


PARTS = {
    "attachments": [{"id": str(n), "mime_type": "image/jpeg"} for n in range(30)],
    "shares": [{"id": str(n), "link": f"https://shop.example/{n}"} for n in range(30)],
    "reactions": [{"reaction": "love", "users": [{"id": str(n)}]} for n in range(30)],
}


@pytest.mark.parametrize("name", PARTS)
def test_many_parts_of_a_message_continue_behind_a_cursor(graph, world, page, name):
    thread = world.add_conversation(page, messages=[{"message": "", name: PARTS[name]}])
    fields = "shares{id,link}" if name == "shares" else name
    [message] = graph(f"/{thread.id}/messages", fields=fields)["data"]
    shown = message[name]
    assert len(shown["data"]) == 25
    more = graph(f"/{message['id']}/{name}", after=shown["paging"]["cursors"]["after"])
    assert shown["data"] + more["data"] == PARTS[name]
    assert shown["data"] + graph(shown["paging"]["next"])["data"] == PARTS[name]
    assert "next" not in more["paging"]


def test_few_parts_have_no_paging_and_more_can_be_requested(graph, world, page):
    thread = world.add_conversation(page, messages=[{"attachments": PARTS["attachments"]}])
    [message] = graph(f"/{thread.id}/messages", fields="attachments.limit(30){id}")["data"]
    assert message["attachments"] == {"data": [{"id": str(n)} for n in range(30)]}
    [message] = graph(f"/{thread.id}/messages", fields="attachments.limit(2){id}")["data"]
    assert [part["id"] for part in message["attachments"]["data"]] == ["0", "1"]


def test_old_messages_of_instagram_have_no_edges(graph, world, page):
    thread = world.add_conversation(page, messages=21, platform="instagram")
    oldest = thread.history[0].id
    assert graph.error(f"/{oldest}/attachments") == (400, 9000001, None)
    assert graph(f"/{thread.history[1].id}/attachments") == {"data": []}


def test_without_advanced_access_only_people_with_a_role_are_listed(graph, sandbox, world, page):
    world.add_conversation(page, "Ana Test")
    colleague = world.add_conversation(page, Person("7001", "Uma User", has_role=True))
    sandbox.switches.standard_access = True
    assert [thread["id"] for thread in graph(THREADS)["data"]] == [colleague.id]
    sandbox.switches.standard_access = False
    assert len(graph(THREADS)["data"]) == 2


def items(graph, path: str, **params) -> list[dict]:
    """The whole list, read by `next`."""
    response, found = graph(path, **params), []
    while True:
        found += response["data"]
        if "next" not in response.get("paging", {}):
            return found
        response = graph(response["paging"]["next"])


@pytest.mark.parametrize("name", EQUIVALENT)
def test_equivalent_answers_contain_the_same(graph, sandbox, world, page, name):
    for size in (1, 40):
        burst = [{"message": str(n), "created_time": 1_700_000_000 + n // 3} for n in range(size)]
        world.add_conversation(page, "Zo\u00eb / Test", burst)
    for switch, value in EQUIVALENT[name].items():
        assert getattr(sandbox.switches, switch) != value
        setattr(sandbox.switches, switch, value)
    threads = items(graph, THREADS, fields=FIELDS, limit=1)
    assert {thread["id"] for thread in threads} == set(page.threads)
    for thread in threads:
        known = page.threads[thread["id"]]
        ids = [message["id"] for message in items(graph, f"/{known.id}/messages", limit=7)]
        assert sorted(ids) == sorted(message.id for message in known.history.newest(0, 100))
        nested = {message["id"] for message in thread["messages"]["data"]}
        assert nested <= set(ids)
        assert {person["id"] for person in thread["participants"]["data"]} == {known.customer.id, page.id}
