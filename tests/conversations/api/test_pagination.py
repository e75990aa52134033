import base64
from datetime import timedelta

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, Page
from conversations.search import counts
from tests.factories import NOON, ConversationFactory, EventFactory, TagFactory

LIST = "/api/conversations"


@pytest.fixture
def ten(page):
    return ConversationFactory.create_batch(10, page=page)


def test_pages_are_limited_and_counted(viewer, ten):
    answer = viewer.get(LIST, {"page": 2, "limit": 4}).json()
    assert [row["id"] for row in answer["conversations"]] == [row.pk for row in reversed(ten)][4:8]
    assert answer["pagination"] == {
        "page": 2,
        "limit": 4,
        "total": 10,
        "pages": 3,
        "hasNext": True,
        "hasPrev": True,
        "nextCursor": answer["pagination"]["nextCursor"],
        "totalIsExact": True,
    }


@pytest.mark.parametrize(("number", "rows", "has_next"), [(1, 5, True), (2, 5, False), (3, 0, False)])
@pytest.mark.parametrize("total", ["exact", "none"])
def test_has_next_is_exact_with_and_without_a_total(viewer, ten, number, rows, has_next, total):
    answer = viewer.get(LIST, {"page": number, "limit": 5, "total": total}).json()
    pagination = answer["pagination"]
    assert len(answer["conversations"]) == rows
    assert (pagination["hasNext"], pagination["hasPrev"]) == (has_next, number > 1)
    counted = (10, 2, True) if total == "exact" else (None, None, False)
    assert (pagination["total"], pagination["pages"], pagination["totalIsExact"]) == counted


@pytest.mark.parametrize("total", ["exact", "none"])
def test_page_far_after_the_end_is_empty(viewer, ten, total):
    for page in ("1000", "9" * 19, "9" * 5000):
        answer = viewer.get(LIST, {"page": page, "limit": 10000, "total": total})
        assert answer.status_code == 200
        assert answer.json()["conversations"] == []


def test_limit_is_20_by_default_and_10000_at_most(page, viewer):
    ConversationFactory.create_batch(25, page=page)
    assert len(viewer.get(LIST).json()["conversations"]) == 20
    assert len(viewer.get(LIST, {"limit": 10000}).json()["conversations"]) == 25


def test_equal_times_are_sorted_by_id_and_rows_without_time_are_last(page, viewer):
    never = ConversationFactory(page=page, last_message_time=None)
    old, tied, higher = (
        ConversationFactory(page=page, last_message_time=NOON + timedelta(days=days)) for days in (0, 1, 1)
    )
    rows = viewer.get(LIST).json()["conversations"]
    assert [row["id"] for row in rows] == [higher.pk, tied.pk, old.pk, never.pk]


def test_list_takes_three_queries_besides_lookups(viewer, ten, django_assert_num_queries):
    look_ups = 2  # token with user, Pages
    with django_assert_num_queries(look_ups + 3):
        viewer.get(LIST)
    [name] = Page.objects.values_list("facebook_page_id", flat=True)
    with django_assert_num_queries(look_ups + 2):  # the name of a Page is looked up with the roles
        viewer.get(LIST, {"facebookPageId": name, "total": "none"})
    with django_assert_num_queries(look_ups + 2):
        viewer.get(LIST, {"total": "none"})
    vip = TagFactory(name="VIP")
    tag_conversations([row.pk for row in ten], [vip], actor=None)
    with django_assert_num_queries(look_ups + 2 + 2):  # lookup of tags, cardinalities; rows, their tags
        viewer.get(LIST, {"include_tags": "vip", "exclude_tags": "late", "limit": 10000})


# -- by cursor ---------------------------------------------------------------------------------------------


def by_cursor(client, limit, between=lambda: None, **parameters) -> list[int]:
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(LIST, {"limit": limit, "cursor": cursor, **parameters}).json()
        found += [row["id"] for row in answer["conversations"]]
        cursor = answer["pagination"]["nextCursor"]
        assert answer["pagination"]["hasNext"] is (cursor is not None)
        between()
    return found


def test_cursor_repeats_no_row_and_skips_none_that_did_not_move(page, viewer):
    """While rows arrive, move to the top, and have no time."""
    never = ConversationFactory.create_batch(3, page=page, last_message_time=None)
    tied = ConversationFactory.create_batch(5, page=page, last_message_time=NOON - timedelta(days=1))
    early = ConversationFactory.create_batch(7, page=page)
    moving, *still = ConversationFactory.create_batch(
        3, page=page, last_message_time=NOON - timedelta(days=2)
    )

    def change_rows():
        ConversationFactory(page=page, last_message_time=NOON + timedelta(days=99))
        Conversation.objects.filter(pk=moving.pk).update(last_message_time=NOON + timedelta(days=98))

    found = by_cursor(viewer, 2, change_rows)
    assert len(found) == len(set(found))
    assert [pk for pk in found if pk != moving.pk] == [
        row.pk for row in (*reversed(early), *reversed(tied), *reversed(still), *reversed(never))
    ]


def test_cursor_and_page_exclude_each_other(viewer, ten):
    cursor = viewer.get(LIST, {"limit": 4}).json()["pagination"]["nextCursor"]
    answer = viewer.get(LIST, {"cursor": cursor, "page": 2})
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")
    pagination = viewer.get(LIST, {"cursor": cursor, "limit": 4}).json()["pagination"]
    assert (pagination["page"], pagination["hasPrev"], pagination["total"]) == (None, True, 10)


# -- totals ------------------------------------------------------------------------------------------------


def test_totals_are_estimates_where_counting_is_expensive(page, viewer, ten, monkeypatch):
    monkeypatch.setattr(counts, "MAX_EXACT", 3)
    tag_conversations([row.pk for row in ten[:6]], [TagFactory(name="VIP")], actor=None)
    parameters = {"include_tags": "vip", "unread": "false", "limit": 2}
    assert by_total(viewer, **parameters) == (6, True)
    assert by_total(viewer, **parameters, total="exact") == (6, True)
    number, is_exact = by_total(viewer, **parameters, total="estimate")
    assert 3 < number <= 6
    assert not is_exact
    cursor = viewer.get(LIST, parameters).json()["pagination"]["nextCursor"]
    assert by_total(viewer, **parameters, cursor=cursor)[1] is False
    assert by_total(viewer, include_tags="vip", total="estimate") == (6, True)  # from a counter
    assert by_total(viewer, **parameters, total="none") == (None, False)


def by_total(client, **parameters):
    pagination = client.get(LIST, parameters).json()["pagination"]
    return pagination["total"], pagination["totalIsExact"]


# -- events ------------------------------------------------------------------------------------------------


@pytest.fixture
def events(page):
    return f"{LIST}/{ConversationFactory(page=page).pk}/events"


def conversation_of(events: str) -> int:
    return int(events.split("/")[3])


def read_all_events(client, address, limit, between=lambda: None) -> list[int]:
    ids, cursor = [], ""
    for _ in range(10):
        answer = client.get(address, {"limit": limit, "cursor": cursor}).json()
        ids += [event["id"] for event in answer["events"]]
        cursor = answer["pagination"]["nextCursor"]
        assert answer["pagination"]["hasNext"] is (cursor is not None)
        if cursor is None:
            break
        between()
    return ids


def test_cursor_returns_all_events_newest_first_with_equal_times(viewer, events):
    moments = [NOON, NOON + timedelta(microseconds=1), NOON, NOON - timedelta(days=1), NOON]
    rows = [EventFactory(conversation_id=conversation_of(events), occurred_at=moment) for moment in moments]
    order = sorted(rows, key=lambda row: (row.occurred_at, row.pk), reverse=True)
    for limit in (1, 2, 5, 6):
        assert read_all_events(viewer, events, limit) == [row.pk for row in order]


def test_cursor_survives_inserts(viewer, events):
    conversation_id = conversation_of(events)
    rows = EventFactory.create_batch(6, conversation_id=conversation_id)

    def add_event():
        EventFactory(conversation_id=conversation_id, occurred_at=NOON + timedelta(days=9))

    assert read_all_events(viewer, events, 2, add_event) == [row.pk for row in reversed(rows)]


def test_number_of_queries_for_events_is_constant(viewer, events, django_assert_num_queries):
    EventFactory.create_batch(10, conversation_id=conversation_of(events))
    with django_assert_num_queries(4):  # the token, the Pages, the conversation, its events
        assert len(viewer.get(events).json()["events"]) == 10


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "====",
        "é",
        base64.urlsafe_b64encode(b"2024-05-17T12:00:00+00:00 0").decode(),
        base64.urlsafe_b64encode(b"2024-05-17T12:00:00+00:00 99999999999999999999").decode(),
        base64.urlsafe_b64encode(b"2024-05-17T12:00:00+00:00 " + b"9" * 5000).decode(),
        base64.urlsafe_b64encode(b"0001-01-01T00:00:00+23:00 1").decode(),
        base64.urlsafe_b64encode(b"yesterday 1").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_invalid_cursor_is_named_in_the_error(viewer, events, cursor):
    answer = viewer.get(events, {"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_limit_of_events_is_one_to_a_thousand(viewer, events, limit):
    assert viewer.get(events, {"limit": limit}).status_code == 400
    assert viewer.get(events, {"limit": 1000}).json()["pagination"]["limit"] == 1000
    assert viewer.get(events).json()["pagination"]["limit"] == 50
