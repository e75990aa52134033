from datetime import UTC, datetime

import pytest

from conversations.tagging import tag_conversations
from tests.factories import (
    NOON,
    ConversationFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    api,
    member,
    superuser,
)

LIST = "/api/conversations"


def found(client, **parameters) -> list[str]:
    """The names that the list shows for these parameters, in its order."""
    answer = client.get(LIST, parameters)
    assert answer.status_code == 200, answer.content
    return [row["sender_name"] for row in answer.json()["conversations"]]


def named(page, name, *tags, **fields):
    conversation = ConversationFactory(page=page, sender_name=name, **fields)
    tag_conversations([conversation.pk], tags, actor=None)
    return conversation


# -- Pages -------------------------------------------------------------------------------------------------


def test_only_conversations_of_visible_pages_are_listed(page, viewer):
    named(page, "Mine")
    named(PageFactory(), "Theirs")
    assert found(viewer) == found(viewer, facebookPageId="all") == ["Mine"]


def test_superuser_sees_every_page(page):
    named(page, "One")
    named(PageFactory(), "Two")
    assert sorted(found(api(superuser()))) == ["One", "Two"]


def test_user_of_no_page_sees_an_empty_list(page):
    named(page, "Theirs")
    answer = api(member(PageFactory())).get(LIST).json()
    assert answer["conversations"] == []
    assert answer["pagination"]["total"] == 0


def test_one_page_is_chosen_by_facebooks_id(page):
    other = PageFactory()
    user = member(page)
    PageMemberFactory(page=other, user=user)
    named(page, "One")
    named(other, "Two")
    assert found(api(user), facebookPageId=other.facebook_page_id) == ["Two"]


def test_unknown_or_unseen_page_is_a_404(viewer):
    for facebook_page_id in ("123", PageFactory().facebook_page_id, "abc"):
        answer = viewer.get(LIST, {"facebookPageId": facebook_page_id})
        assert answer.status_code == 404
        assert "facebookPageId" in answer.json()["error"]


# -- tags --------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(page):
    """Ann has vip, Ben has vip and late, Cem has late, Dan has none; Ann is the newest."""
    vip, late = TagFactory(name="VIP"), TagFactory(name="Late")
    named(page, "Dan")
    named(page, "Cem", late)
    named(page, "Ben", vip, late)
    named(page, "Ann", vip)
    return vip, late


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"include_tags": "vip"}, ["Ann", "Ben"]),
        ({"include_tags": "vip,late"}, ["Ann", "Ben", "Cem"]),
        ({"include_tags": " vip , late ,"}, ["Ann", "Ben", "Cem"]),
        ({"include_tags": "vip,late", "include_mode": "any"}, ["Ann", "Ben", "Cem"]),
        ({"include_tags": "vip,late", "include_mode": "all"}, ["Ben"]),
        ({"include_tags": "nobody"}, []),
        ({"include_tags": "99999"}, []),
        ({"include_tags": "0"}, []),
        ({"include_tags": "9" * 5000}, []),
        ({"include_tags": "vip,nobody"}, ["Ann", "Ben"]),
        ({"include_tags": "vip,nobody", "include_mode": "all"}, []),
        ({"exclude_tags": "vip"}, ["Cem", "Dan"]),
        ({"exclude_tags": "vip,late"}, ["Dan"]),
        ({"exclude_tags": "nobody"}, ["Ann", "Ben", "Cem", "Dan"]),
        ({"exclude_tags": "vip,nobody"}, ["Cem", "Dan"]),
        ({"include_tags": "late", "exclude_tags": "vip"}, ["Cem"]),
        ({"include_mode": "all"}, ["Ann", "Ben", "Cem", "Dan"]),
        ({"untagged": "true"}, ["Dan"]),
        ({"untagged": "0"}, ["Ann", "Ben", "Cem"]),
        ({"include_tags": "", "exclude_tags": "", "untagged": ""}, ["Ann", "Ben", "Cem", "Dan"]),
    ],
)
def test_tags_include_and_exclude(viewer, cast, parameters, names):
    assert found(viewer, **parameters) == names


def test_tags_are_named_by_id_or_slug(viewer, cast):
    vip, _ = cast
    assert found(viewer, include_tags=f"{vip.pk},late", include_mode="all") == ["Ben"]
    assert found(viewer, include_tags=f"{vip.pk},vip", include_mode="all") == ["Ann", "Ben"]
    assert found(viewer, exclude_tags=vip.pk) == ["Cem", "Dan"]


def test_slugs_may_be_in_any_script(page, viewer):
    tag = TagFactory(name="Важное")
    named(page, "Ann", tag)
    assert found(viewer, include_tags=tag.slug) == ["Ann"]


# -- search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term", ["josé", "JOSE", "osé gar", "Größe", "grosse", "GRÖSSE 4", "привет", "ПРИВЕТ", " jose "]
)
def test_search_finds_parts_of_name_or_last_message_in_any_case(page, viewer, term):
    named(page, "José García", last_message="Größe 42, привет")
    named(page, "Somebody", last_message="else")
    assert found(viewer, search=term) == ["José García"]


@pytest.mark.parametrize("term", ["%", "_", "\\", "50%", "' OR 1=1", "\u0301"])
def test_search_takes_signs_literally_and_never_shows_all(page, viewer, term):
    named(page, "Nobody", last_message="plain")
    assert found(viewer, search=term) == []


def test_search_finds_signs_that_are_there(page, viewer):
    named(page, "Ann", last_message="50% off_today \\o/")
    for term in ("50%", "off_", "\\o/"):
        assert found(viewer, search=term) == ["Ann"]


# -- time --------------------------------------------------------------------------------------------------


@pytest.fixture
def days(page):
    for name, hour in (("Early", 0), ("Noon", 12), ("Late", 23)):
        moment = datetime(2024, 5, 17, hour, 59 * (hour == 23), 59 * (hour == 23), tzinfo=UTC)
        named(page, name, last_message_time=moment)
    named(page, "Before", last_message_time=datetime(2024, 5, 16, 23, 59, 59, 999999, tzinfo=UTC))
    named(page, "After", last_message_time=datetime(2024, 5, 18, tzinfo=UTC))
    named(page, "Never", last_message_time=None)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, ["After", "Late", "Noon", "Early", "Before", "Never"]),
        ({"startDate": "2024-05-17", "endDate": "2024-05-17"}, ["Late", "Noon", "Early"]),
        ({"startDate": "2024-05-18"}, ["After"]),
        ({"endDate": "2024-05-16"}, ["Before"]),
        ({"startDate": "2024-05-17T12:00:00"}, ["After", "Late", "Noon"]),
        ({"startDate": "2024-05-17 12:00"}, ["After", "Late", "Noon"]),
        ({"startDate": "2024-05-17T12:00:00Z", "endDate": "2024-05-17T12:00:00Z"}, ["Noon"]),
        ({"startDate": "2024-05-17T14:00:00+02:00", "endDate": "2024-05-17T14:00:00+0200"}, ["Noon"]),
        ({"startDate": "2024-05-17T14:00:00 02:00", "endDate": "2024-05-17 14:00 02:00"}, ["Noon"]),
        ({"startDate": "2024-05-17T10:00:00-02:00", "endDate": "2024-05-17T12:00:00.000Z"}, ["Noon"]),
        ({"startDate": "2024-05-18", "endDate": "2024-05-17"}, []),
        ({"startDate": "0001-01-01", "endDate": "9999-12-31"}, ["After", "Late", "Noon", "Early", "Before"]),
    ],
)
def test_dates_bound_the_time_of_the_last_message(viewer, days, parameters, names):
    assert found(viewer, **parameters) == names


def test_dates_without_offset_are_meant_in_the_time_zone(viewer, days, settings):
    settings.TIME_ZONE = "Asia/Tokyo"  # 2024-05-17 12:00 UTC is 21:00 there
    assert found(viewer, startDate="2024-05-17", endDate="2024-05-17") == ["Noon", "Early", "Before"]
    assert found(viewer, startDate="2024-05-17T21:00", endDate="2024-05-17T21:00") == ["Noon"]


# -- the rest ----------------------------------------------------------------------------------------------


def test_unread_status_and_platform_filter(page, viewer):
    named(page, "Ann", unread_count=2, platform="instagram")
    named(page, "Ben", conversation_status="done")
    assert found(viewer, unread="1") == found(viewer, platform="instagram") == ["Ann"]
    assert found(viewer, unread="false") == found(viewer, status="done") == ["Ben"]


def test_all_parameters_work_together(page, viewer, cast):
    named(page, "Annette", cast[0], last_message_time=NOON, unread_count=1)
    parameters = {
        "facebookPageId": page.facebook_page_id,
        "include_tags": "vip",
        "exclude_tags": "late",
        "search": "ann",
        "startDate": "2024-05-17",
        "endDate": "2024-05-17",
        "unread": "true",
        "untagged": "false",
        "status": "active",
        "platform": "messenger",
    }
    assert found(viewer, **parameters) == ["Annette"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "1"),
        ("cursor", "x"),
        ("search_in", "names"),
        ("format", "json"),
        ("include_mode", "some"),
        ("include_tags", ","),
        ("untagged", "yes"),
        ("unread", "True"),
        ("unread", "2"),
        ("status", "open"),
        ("platform", "fax%s"),
        ("startDate", "yesterday"),
        ("startDate", "2024-13-01"),
        ("startDate", "100% sure"),
        ("endDate", "2024-02-30"),
        ("endDate", "1700000000000"),
        ("endDate", "0001-01-01T00:00:00+23:00"),
        ("search", "a\0b"),
        ("facebookPageId", "\0"),
        ("total", "roughly"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.0"),
        ("page", "two"),
        ("page", "٣"),
        ("limit", "0"),
        ("limit", "10001"),
        ("limit", "1e3"),
        ("limit", "9" * 5000),
    ],
)
def test_what_is_unknown_or_wrong_is_refused_by_name(viewer, name, value):
    answer = viewer.get(LIST, {name: value})
    assert answer.status_code == 400
    assert answer.json()["field"] == name
    assert answer.json()["error"].startswith(f"{name}: ")


def test_repeated_parameter_is_refused_by_name(viewer):
    answer = viewer.get(f"{LIST}?search=a&search=b")
    assert answer.status_code == 400
    assert answer.json()["field"] == "search"


def test_empty_value_is_as_absent(page, viewer):
    named(page, "Ann")
    names = ["page", "limit", "facebookPageId", "include_tags", "exclude_tags", "search", "startDate"]
    names += [
        "cursor",
        "search_in",
        "endDate",
        "include_mode",
        "untagged",
        "unread",
        "status",
        "platform",
        "total",
    ]
    assert found(viewer, **dict.fromkeys(names, "")) == ["Ann"]


@pytest.mark.parametrize(
    ("term", "names"), [("j", ["Jo-Ann Lee"]), ("an", ["Jo-Ann Lee"]), ("oh", []), ("is", [])]
)
def test_one_and_two_letters_mean_the_beginning_of_a_word_of_the_name(page, viewer, term, names):
    named(page, "Jo-Ann Lee", last_message="I am John, is it still there?")
    assert found(viewer, search=term) == names


@pytest.mark.parametrize("term", ["a", "jo"])
def test_search_in_messages_needs_three_letters(viewer, term):
    answer = viewer.get(LIST, {"search": term, "search_in": "messages"})
    assert (answer.status_code, answer.json()["field"]) == (400, "search")
