"""The threads of a Page and their states."""

import pytest

from conversations.models import Thread
from tests.factories import NOON, ConversationFactory, PageFactory, api, member, superuser


@pytest.fixture
def route(page) -> str:
    return f"/api/pages/{page.pk}/threads"


def add(page, *states: str) -> list[Thread]:
    return [
        Thread.objects.create(page=page, graph_id=f"t_{n}", state=state) for n, state in enumerate(states)
    ]


def test_thread_has_exactly_the_documented_fields(page, route):
    conversation = ConversationFactory(page=page)
    thread = Thread.objects.create(
        page=page,
        graph_id="t_7",
        conversation=conversation,
        updated_time=NOON,
        state="owed",
        reason="Facebook did not answer in time.",
        message_count=150,
        held_count=25,
        unreadable_count=1,
        record={"id": "t_7", "secret": "not shown"},
    )
    assert api(member(page)).get(route).json() == {
        "threads": [
            {
                "id": thread.pk,
                "graph_id": "t_7",
                "platform": "messenger",
                "state": "owed",
                "reason": "Facebook did not answer in time.",
                "updated_time": "2024-05-17T12:00:00Z",
                "message_count": 150,
                "held_count": 25,
                "unreadable_count": 1,
                "history": "partial",
                "gap_at": None,
                "conversation": conversation.pk,
            }
        ],
        "pagination": {"limit": 50, "hasNext": False, "nextCursor": None},
    }


@pytest.mark.parametrize("state", Thread.State.values)
def test_threads_are_filtered_by_state(page, route, state):
    add(page, "stored", "merged", "unreadable", "owed", "owed")
    rows = api(member(page)).get(route, {"state": state}).json()["threads"]
    assert [row["state"] for row in rows] == [state] * (2 if state == "owed" else 1)


def test_cursor_returns_all_threads(page, route):
    ids = [thread.pk for thread in add(page, *["owed", "stored"] * 12)]
    client, seen, cursor = api(member(page)), [], ""
    while cursor is not None:
        answer = client.get(route, {"limit": 5, "cursor": cursor, "state": "owed"}).json()
        seen += [row["id"] for row in answer["threads"]]
        cursor = answer["pagination"]["nextCursor"]
        assert answer["pagination"]["hasNext"] == (cursor is not None)
    assert seen == sorted(ids[::2], reverse=True)


def test_cursor_of_an_older_link_is_the_id_of_a_thread(page, route):
    first, second, third = (thread.pk for thread in add(page, *["stored"] * 3))
    answer = api(member(page)).get(route, {"cursor": str(third)}).json()
    assert [row["id"] for row in answer["threads"]] == [second, first]


@pytest.mark.parametrize("rows", [49, 50, 51])
def test_has_next_is_exact(page, route, rows):
    add(page, *["stored"] * rows)
    answer = api(member(page)).get(route).json()
    assert len(answer["threads"]) == min(rows, 50)
    assert answer["pagination"]["hasNext"] == (rows > 50)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "lost"),
        ("state", "OWED"),
        ("limit", "1001"),
        ("limit", "0"),
        ("cursor", "x"),
        ("cursor", "0"),
        ("cursor", "9" * 30),
        ("page", "1"),
    ],
)
def test_invalid_parameter_is_named_in_the_error(page, route, name, value):
    answer = api(member(page)).get(route, {name: value})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


def test_threads_of_an_invisible_page_are_a_404(page, route):
    add(page, "owed")
    assert api(member(PageFactory(), "manager")).get(route).status_code == 404
    assert api(None).get(route).status_code == 401
    assert api(superuser()).get("/api/pages/999999/threads").status_code == 404
    assert api(superuser()).get(f"/api/pages/{'9' * 30}/threads").status_code == 404
    assert len(api(superuser()).get(route).json()["threads"]) == 1


def test_list_takes_a_constant_number_of_queries(page, route, django_assert_num_queries):
    client = api(member(page))
    for _ in range(2):
        for number in range(5):
            conversation = ConversationFactory(page=page)
            Thread.objects.create(
                page=page, graph_id=f"t_{conversation.pk}_{number}", conversation=conversation
            )
        with django_assert_num_queries(3):  # the token, the Page, the threads
            client.get(route)
