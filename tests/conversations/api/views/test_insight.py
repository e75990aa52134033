"""GET /api/insight: its shape to the letter, only of Pages one may see, in as few queries as promised."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.reading import insight as room
from conversations.reading.messages import catch_up
from conversations.reading.sql import TooSlow
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory, api, member, superuser

INSIGHT = "/api/insight"


@pytest.fixture
def told(page):
    """A conversation of this morning: asked at 9:00, replied to at 9:10."""
    row = ConversationFactory(page=page, sender_name="Ada")
    today = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    EventFactory(conversation=row, kind="message_received", occurred_at=today)
    EventFactory(conversation=row, kind="message_sent", occurred_at=today + timedelta(minutes=10))
    catch_up()
    return row


def asked(client, **parameters) -> dict:
    answer = client.get(INSIGHT, parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["insight"]


def test_answer_has_exactly_the_promised_shape(page, told):
    tag = TagFactory(name="Late")
    tag_conversations([told.pk], [tag], actor=None)
    found = asked(api(member(page)))
    today = timezone.now().astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    first = today - timedelta(days=89)
    assert (found["from"], found["to"], found["timeZone"]) == (str(first), str(today), "UTC")
    assert [day["date"] for day in found["days"]] == [str(first + timedelta(days=n)) for n in range(90)]
    assert found["days"][-1] == {"date": str(today), "received": 1, "sent": 1}
    assert [len(hours) for hours in found["hours"]] == [24] * 7
    assert (found["hours"][today.weekday()][9], sum(map(sum, found["hours"]))) == (1, 1)
    assert found["tags"] == [
        {"tag": {"id": tag.pk, "name": "Late", "slug": tag.slug, "color": tag.color}, "conversations": 1}
    ]
    assert found["replies"][-1] == {"week": str(monday), "seconds": 600, "count": 1}
    assert found["replies"][0] == {
        "week": str(first - timedelta(days=first.weekday())),
        "seconds": None,
        "count": 0,
    }
    assert (found["conversations"], found["isExact"]) == (1, True)
    assert set(found) == {
        *("from", "to", "timeZone", "days", "hours", "tags", "replies", "conversations", "isExact")
    }


def test_days_and_hours_are_those_of_the_time_zone(page, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 ahead
    yesterday = (timezone.now() - timedelta(days=2)).date()
    at = datetime(yesterday.year, yesterday.month, yesterday.day, 18, 20, tzinfo=UTC)
    EventFactory(conversation__page=page, occurred_at=at)
    catch_up()
    found = asked(api(member(page)))
    assert found["timeZone"] == "Asia/Kathmandu"
    [day] = [day for day in found["days"] if day["received"]]
    assert day["date"] == str(yesterday + timedelta(days=1))
    assert found["hours"][(yesterday + timedelta(days=1)).weekday()][0] == 1


def test_only_pages_that_one_may_see_are_counted(page, told):
    stranger = api(member(PageFactory()))
    assert (asked(stranger)["conversations"], asked(stranger)["days"][-1]["received"]) == (0, 0)
    assert asked(stranger, search="Ada")["conversations"] == 0
    assert stranger.get(INSIGHT, {"facebookPageId": page.facebook_page_id}).status_code == 404
    assert asked(api(superuser()), facebookPageId=page.facebook_page_id)["days"][-1]["received"] == 1
    assert api(None).get(INSIGHT).status_code == 401


def test_filters_are_those_of_the_list(page, told):
    ConversationFactory(page=page, sender_name="Bob", unread_count=1)
    client = api(member(page))
    assert (
        asked(client, search="ada")["conversations"],
        asked(client, search="ada")["days"][-1]["sent"],
    ) == (1, 1)
    found = asked(client, unread="true")
    assert (found["conversations"], found["days"][-1]["received"], found["isExact"]) == (1, 0, True)
    assert asked(client, search="hello", search_in="messages")["conversations"] == 1


@pytest.mark.parametrize("parameter", ["page", "limit", "cursor", "total", "include_tag"])
def test_what_is_no_filter_is_refused_by_name(page, parameter):
    answer = api(member(page)).get(INSIGHT, {parameter: "1"})
    assert (answer.status_code, answer.json()["field"]) == (400, parameter)


def test_search_that_takes_too_long_says_so(page, monkeypatch):
    def slow(*_):
        raise TooSlow

    monkeypatch.setattr(room, "of_conversations", slow)
    answer = api(member(page)).get(INSIGHT, {"search": "ada"})
    assert answer.status_code == 503
    assert "took too long" in answer.json()["error"]


def test_numbers_take_as_many_queries_as_promised(page, told, django_assert_num_queries):
    client = api(member(page))
    with django_assert_num_queries(7):  # the token, the Pages, and five
        client.get(INSIGHT)
    # The time limit and its end (four), sizes, ids, shares, tags, whether all is counted.
    with django_assert_num_queries(11):
        client.get(INSIGHT, {"status": "active"})
