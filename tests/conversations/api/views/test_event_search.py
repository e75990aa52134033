"""The events of a conversation: those with a text, those around one, and the way back to the newest."""

from datetime import timedelta

import pytest

from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, api, member


@pytest.fixture
def conversation(db):
    return ConversationFactory(page=PageFactory())


@pytest.fixture
def get(conversation):
    client = api(member(conversation.page))

    def get(code=200, **parameters) -> dict:
        answer = client.get(f"/api/conversations/{conversation.pk}/events", parameters)
        assert answer.status_code == code, answer.content
        return answer.json()

    return get


@pytest.fixture
def messages(conversation) -> list[int]:
    """IDs, newest first. All but the newest two have the same time, in the order of their ranks."""
    old = NOON - timedelta(days=1)
    ids = [
        EventFactory(
            conversation=conversation, text=f"number {n}", occurred_at=old if n < 8 else NOON, rank=-n
        ).pk
        for n in range(10)
    ]
    return [*ids[8:], *ids[:8]]


def ids_of(answer: dict) -> list[int]:
    return [event["id"] for event in answer["events"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("place", [0, 1, 2, 5, 9])
def test_around_an_event_both_ways_lead_to_all_others(get, messages, limit, place):
    start = get(around=messages[place], limit=limit)
    assert messages[place] in ids_of(start)
    assert len(start["events"]) <= limit
    found = ids_of(start)
    older, newer = (start["pagination"][name] for name in ("nextCursor", "previousCursor"))
    while older:
        part = get(cursor=older, limit=limit)
        assert part["pagination"]["previousCursor"] is None
        found, older = found + ids_of(part), part["pagination"]["nextCursor"]
    while newer:
        part = get(cursor=newer, limit=limit)
        found, newer = ids_of(part) + found, part["pagination"]["previousCursor"]
    assert found == messages


def test_newer_events_that_arrive_later_are_reached(get, conversation, messages):
    start = get(around=messages[3], limit=2)
    part = get(cursor=start["pagination"]["previousCursor"])
    assert part["pagination"]["previousCursor"] is None
    assert part["pagination"]["hasNext"]
    assert ids_of(get(cursor=part["pagination"]["nextCursor"]))[0] == messages[2]


def test_messages_with_a_text_are_counted_and_paged(get, conversation):
    hits = [
        EventFactory(conversation=conversation, text=text, occurred_at=NOON + timedelta(hours=n)).pk
        for n, text in enumerate(["Two GRÖSSEN", "no", "große", "größer", "gross."])
        if text != "no"
    ]
    EventFactory(text="Größe of another")
    first = get(search="gross", limit=3)
    assert ids_of(first) == hits[:0:-1]
    assert first["pagination"]["total"] == 4
    rest = get(search="gross", limit=3, cursor=first["pagination"]["nextCursor"])
    assert ids_of(rest) == hits[:1]
    assert "total" not in get()["pagination"]


def test_what_is_wrong_is_named(get, messages):
    assert get(400, search="a")["field"] == "search"
    assert get(400, search="x" * 201)["field"] == "search"
    assert get(400, around="x")["field"] == "around"
    assert get(400, around=messages[0], cursor="abc")["field"] == "around"
    assert get(400, cursor="~abc")["field"] == "cursor"
    other = EventFactory(text="of another conversation")
    assert "no such event" in get(404, around=other.pk)["error"]
