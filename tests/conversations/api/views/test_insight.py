"""GET /api/insight: its exact shape, visible Pages only, and the documented number of queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.lib.timeouts import TooSlow
from conversations.search import insight_queries
from conversations.search.index.message_index import index_pending
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    api,
    member,
    superuser,
)

INSIGHT = "/api/insight"


@pytest.fixture
def replied(page):
    """A conversation of this morning: a message at 9:00, a reply at 9:10."""
    row = ConversationFactory(page=page, sender_name="Ada")
    today = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    EventFactory(conversation=row, kind="message_received", occurred_at=today)
    EventFactory(conversation=row, kind="message_sent", occurred_at=today + timedelta(minutes=10))
    index_pending()
    return row


def get_insight(client, **parameters) -> dict:
    answer = client.get(INSIGHT, parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["insight"]


def test_response_has_exactly_the_documented_shape(page, replied):
    tag = TagFactory(name="Late")
    tag_conversations([replied.pk], [tag], actor=None)
    found = get_insight(api(member(page)))
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
        *("from", "to", "timeZone", "days", "hours", "tags", "ads", "replies", "conversations", "isExact"),
        *("members", "waiting", "unanswered", "contactTimes"),
    }
    times = found["contactTimes"]
    assert (times["minimum"], times["received"]["hours"]) == (10, found["hours"])
    assert times["received"] | {"hours": None} == {
        "observations": 1,
        "isEnough": False,
        "hours": None,
        "best": [],
    }
    assert {name: times["answers"][name] for name in ("observations", "answered", "share", "isEnough")} == {
        "observations": 0,
        "answered": 0,
        "share": None,
        "isEnough": False,
    }


def test_days_and_hours_are_in_the_time_zone(page, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 ahead
    yesterday = (timezone.now() - timedelta(days=2)).date()
    at = datetime(yesterday.year, yesterday.month, yesterday.day, 18, 20, tzinfo=UTC)
    EventFactory(conversation__page=page, occurred_at=at)
    index_pending()
    found = get_insight(api(member(page)))
    assert found["timeZone"] == "Asia/Kathmandu"
    [day] = [day for day in found["days"] if day["received"]]
    assert day["date"] == str(yesterday + timedelta(days=1))
    assert found["hours"][(yesterday + timedelta(days=1)).weekday()][0] == 1


def test_only_visible_pages_are_counted(page, replied):
    stranger = api(member(PageFactory()))
    assert (get_insight(stranger)["conversations"], get_insight(stranger)["days"][-1]["received"]) == (0, 0)
    assert get_insight(stranger, search="Ada")["conversations"] == 0
    assert stranger.get(INSIGHT, {"facebookPageId": page.facebook_page_id}).status_code == 404
    assert get_insight(api(superuser()), facebookPageId=page.facebook_page_id)["days"][-1]["received"] == 1
    assert api(None).get(INSIGHT).status_code == 401


def test_filters_are_those_of_the_list(page, replied):
    ConversationFactory(page=page, sender_name="Bob", unread_count=1)
    client = api(member(page))
    assert (
        get_insight(client, search="ada")["conversations"],
        get_insight(client, search="ada")["days"][-1]["sent"],
    ) == (1, 1)
    found = get_insight(client, unread="true")
    assert (found["conversations"], found["days"][-1]["received"], found["isExact"]) == (1, 0, True)
    assert get_insight(client, search="hello", search_in="messages")["conversations"] == 1


def test_ads_are_counted_where_the_reader_may_see_their_conversations(page):
    other = PageFactory()
    for number, (where, ad_id) in enumerate([(page, "238"), (page, "238"), (page, "999"), (other, "238")]):
        referral = {"source": "ADS", "ad_id": ad_id, "ad_title": f"Sale {number}"}
        ConversationFactory(page=where, ad_id=ad_id, referral=referral, unread_count=number)
    client = api(member(page))
    expected = [
        {"ad": {"id": "238", "title": "Sale 1"}, "conversations": 2},
        {"ad": {"id": "999", "title": "Sale 2"}, "conversations": 1},
    ]
    assert get_insight(client)["ads"] == expected
    assert get_insight(client, unread="true")["ads"][0]["conversations"] == 1
    assert get_insight(client, ad_id="999")["ads"] == expected[1:]
    assert get_insight(api(superuser()))["ads"][0] == {
        "ad": {"id": "238", "title": "Sale 3"},
        "conversations": 3,
    }


@pytest.mark.parametrize("parameter", ["page", "limit", "cursor", "total", "include_tag"])
def test_parameter_that_is_not_a_filter_is_named_in_the_error(page, parameter):
    answer = api(member(page)).get(INSIGHT, {parameter: "1"})
    assert (answer.status_code, answer.json()["field"]) == (400, parameter)


def test_search_that_takes_too_long_is_a_503(page, monkeypatch):
    def slow(*_):
        raise TooSlow

    monkeypatch.setattr(insight_queries, "insight_of_conversations", slow)
    answer = api(member(page)).get(INSIGHT, {"search": "ada"})
    assert answer.status_code == 503
    assert "took too long" in answer.json()["error"]


def test_insight_takes_the_documented_number_of_queries(page, replied, django_assert_num_queries):
    client = api(member(page))
    with django_assert_num_queries(8):  # the token, the Pages, and six
        client.get(INSIGHT)
    # The token, the Pages, cardinalities, ids, stats, tags, ads, whether all messages are indexed.
    with django_assert_num_queries(8):
        client.get(INSIGHT, {"status": "active"})


def test_managers_read_the_work_of_members(page, replied):
    tagger = member(page, "tagger")
    set_status([replied.pk], "done", actor=tagger)
    manager = member(page, "manager")
    found = get_insight(api(manager))["members"]
    assert {row["name"]: row["closedToday"] for row in found} == {tagger.username: 1, manager.username: 0}
    assert set(found[0]) == {"id", "name", "closedToday", "open", "firstReplySeconds"}
    assert get_insight(api(manager), status="done")["members"] is None
    assert get_insight(api(tagger))["members"] is None
    PageMemberFactory(page=PageFactory(), user=manager, role="viewer")
    assert len(get_insight(api(manager))["members"]) == 2, "of the managed Page alone"
