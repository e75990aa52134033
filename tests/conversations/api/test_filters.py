from datetime import UTC, datetime

import pytest

from conversations.actions.tagging import tag_conversations
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


def listed_names(client, **parameters) -> list[str]:
    """Return the names in the list for these parameters, in its order."""
    answer = client.get(LIST, parameters)
    assert answer.status_code == 200, answer.content
    return [row["sender_name"] for row in answer.json()["conversations"]]


def add_conversation(page, name, *tags, **fields):
    conversation = ConversationFactory(page=page, sender_name=name, **fields)
    tag_conversations([conversation.pk], tags, actor=None)
    return conversation


# -- Pages -------------------------------------------------------------------------------------------------


def test_only_conversations_of_visible_pages_are_listed(page, viewer):
    add_conversation(page, "Mine")
    add_conversation(PageFactory(), "Theirs")
    assert listed_names(viewer) == listed_names(viewer, facebookPageId="all") == ["Mine"]


def test_superuser_sees_every_page(page):
    add_conversation(page, "One")
    add_conversation(PageFactory(), "Two")
    assert sorted(listed_names(api(superuser()))) == ["One", "Two"]


def test_user_of_no_page_sees_an_empty_list(page):
    add_conversation(page, "Theirs")
    answer = api(member(PageFactory())).get(LIST).json()
    assert answer["conversations"] == []
    assert answer["pagination"]["total"] == 0


def test_page_is_selected_by_its_facebook_id(page):
    other = PageFactory()
    user = member(page)
    PageMemberFactory(page=other, user=user)
    add_conversation(page, "One")
    add_conversation(other, "Two")
    assert listed_names(api(user), facebookPageId=other.facebook_page_id) == ["Two"]


def test_unknown_or_invisible_page_is_a_404(viewer):
    for facebook_page_id in ("123", PageFactory().facebook_page_id, "abc"):
        answer = viewer.get(LIST, {"facebookPageId": facebook_page_id})
        assert answer.status_code == 404
        assert answer.json()["error"] == "Page not found."


# -- IDs ---------------------------------------------------------------------------------------------------


def test_ids_tell_which_conversations_still_fit(page, viewer):
    rows = [ConversationFactory(page=page, unread_count=number % 2) for number in range(60)]
    theirs = ConversationFactory(page=PageFactory(), unread_count=1)
    ids = ",".join(str(row.pk) for row in [*rows[:49], theirs])
    answer = viewer.get(LIST, {"ids": ids, "unread": "true"}).json()
    assert [row["id"] for row in answer["conversations"]] == [
        row.pk for row in reversed(rows[:49]) if row.unread_count
    ]
    assert answer["pagination"]["total"] == 24  # all of them, although the usual limit is 20
    assert len(viewer.get(LIST, {"ids": ids, "limit": 5}).json()["conversations"]) == 5
    twice = {"ids": f" {rows[0].pk} ,{rows[0].pk}", "total": "none"}
    assert [row["id"] for row in viewer.get(LIST, twice).json()["conversations"]] == [rows[0].pk]
    for nothing in ("9" * 40, str(theirs.pk), f"{2**63}"):
        answer = viewer.get(LIST, {"ids": nothing}).json()
        assert (answer["conversations"], answer["pagination"]["total"]) == ([], 0)
    assert viewer.get(LIST, {"ids": ""}).json()["pagination"]["total"] == 60


@pytest.mark.parametrize(
    "ids",
    ["x", "1,", ",", "1,,2", "0", "-1", "1.5", "1;2", "1 2", "[1]", "1,x", ",".join(map(str, range(1, 52)))],
)
def test_odd_ids_are_a_clear_400(viewer, ids):
    answer = viewer.get(LIST, {"ids": ids})
    assert (answer.status_code, answer.json()["field"]) == (400, "ids")
    assert "IDs" in answer.json()["error"]


def test_ids_are_no_filter_of_views_and_bulk_actions(viewer, page):
    assert viewer.get("/api/insight", {"ids": "1"}).json()["field"] == "ids"
    body = {"filter": {"ids": "1"}, "conversation_status": "done"}
    assert viewer.post("/api/conversations/bulk-status", body, format="json").status_code == 400


# -- ads ---------------------------------------------------------------------------------------------------


def test_ad_that_brought_the_customer_is_shown_and_found_by_every_door(page, viewer, client):
    referral = {"source": "ADS", "ad_id": "2385", "ad_title": "Sale"}
    seen = datetime(2026, 11, 19, 12, 0, 0, 250_000, tzinfo=UTC)
    row = ConversationFactory(page=page, referral=referral, ad_id="2385", seen_until=seen)
    other = ConversationFactory(page=page, sender_name="Nobody")
    [shown] = viewer.get(LIST, {"ad_id": "2385"}).json()["conversations"]
    assert (shown["id"], shown["referral"]) == (row.pk, referral)
    assert (shown["seen_until"], shown["delivered_until"]) == ("2026-11-19T12:00:00.250000Z", None)
    assert viewer.get(f"{LIST}/{other.pk}").json()["conversation"]["referral"] is None
    assert viewer.get(LIST, {"ad_id": "238"}).json()["conversations"] == []
    assert viewer.get(LIST, {"ad_id": "2" * 101}).json()["field"] == "ad_id"
    view = {"name": "Sale", "query": {"ad_id": "2385"}}
    saved = viewer.post("/api/views", view, format="json").json()["view"]
    assert saved["address"] == "/api/conversations?ad_id=2385"
    client.force_login(superuser())
    listed = client.get("/admin/conversations/conversation/", {"ad": "2385"})
    assert [found.pk for found in listed.context["cl"].result_list] == [row.pk]
    assert "Sale" in listed.content.decode()


# -- tags --------------------------------------------------------------------------------------------------


@pytest.fixture
def four(page):
    """Ann has vip, Ben has vip and late, Cem has late, Dan has none; Ann is the newest."""
    vip, late = TagFactory(name="VIP"), TagFactory(name="Late")
    add_conversation(page, "Dan")
    add_conversation(page, "Cem", late)
    add_conversation(page, "Ben", vip, late)
    add_conversation(page, "Ann", vip)
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
def test_tags_include_and_exclude(viewer, four, parameters, names):
    assert listed_names(viewer, **parameters) == names


def test_tags_are_given_by_id_or_slug(viewer, four):
    vip, _ = four
    assert listed_names(viewer, include_tags=f"{vip.pk},late", include_mode="all") == ["Ben"]
    assert listed_names(viewer, include_tags=f"{vip.pk},vip", include_mode="all") == ["Ann", "Ben"]
    assert listed_names(viewer, exclude_tags=vip.pk) == ["Cem", "Dan"]


def test_slugs_may_be_in_any_script(page, viewer):
    tag = TagFactory(name="Важное")
    add_conversation(page, "Ann", tag)
    assert listed_names(viewer, include_tags=tag.slug) == ["Ann"]


# -- search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term", ["josé", "JOSE", "osé gar", "Größe", "grosse", "GRÖSSE 4", "привет", "ПРИВЕТ", " jose "]
)
def test_search_finds_parts_of_name_or_last_message_in_any_case(page, viewer, term):
    add_conversation(page, "José García", last_message="Größe 42, привет")
    add_conversation(page, "Somebody", last_message="else")
    assert listed_names(viewer, search=term) == ["José García"]


@pytest.mark.parametrize("term", ["%", "_", "\\", "50%", "' OR 1=1", "\u0301"])
def test_search_matches_special_characters_literally(page, viewer, term):
    add_conversation(page, "Nobody", last_message="plain")
    assert listed_names(viewer, search=term) == []


def test_search_finds_special_characters(page, viewer):
    add_conversation(page, "Ann", last_message="50% off_today \\o/")
    for term in ("50%", "off_", "\\o/"):
        assert listed_names(viewer, search=term) == ["Ann"]


# -- time --------------------------------------------------------------------------------------------------


@pytest.fixture
def days(page):
    for name, hour in (("Early", 0), ("Noon", 12), ("Late", 23)):
        moment = datetime(2024, 5, 17, hour, 59 * (hour == 23), 59 * (hour == 23), tzinfo=UTC)
        add_conversation(page, name, last_message_time=moment)
    add_conversation(page, "Before", last_message_time=datetime(2024, 5, 16, 23, 59, 59, 999999, tzinfo=UTC))
    add_conversation(page, "After", last_message_time=datetime(2024, 5, 18, tzinfo=UTC))
    add_conversation(page, "Never", last_message_time=None)


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
    assert listed_names(viewer, **parameters) == names


def test_dates_without_offset_are_in_the_time_zone(viewer, days, settings):
    settings.TIME_ZONE = "Asia/Tokyo"  # 2024-05-17 12:00 UTC is 21:00 there
    assert listed_names(viewer, startDate="2024-05-17", endDate="2024-05-17") == ["Noon", "Early", "Before"]
    assert listed_names(viewer, startDate="2024-05-17T21:00", endDate="2024-05-17T21:00") == ["Noon"]


def test_days_of_a_named_zone_are_the_same_at_every_door(page, viewer, tagger, days):
    bounds = {"startDate": "2024-05-17", "endDate": "2024-05-17", "tz": "Asia/Tokyo"}
    assert listed_names(viewer, **bounds) == ["Noon", "Early", "Before"]
    assert listed_names(
        viewer, tz="Asia/Tokyo", startDate="2024-05-17T21:00", endDate="2024-05-17T12:00Z"
    ) == ["Noon"]
    export = viewer.get("/api/conversations/export", {**bounds, "format": "ndjson"})
    assert b"".join(export.streaming_content).count(b"\n") == 3
    insight = viewer.get("/api/insight", bounds).json()["insight"]
    assert (insight["conversations"], insight["timeZone"]) == (3, "Asia/Tokyo")
    body = {"filter": bounds, "conversation_status": "done", "dry_run": True}
    assert tagger.post("/api/conversations/bulk-status", body, format="json").json()["matched"] == 3
    view = {"name": "May", "query": bounds}
    assert viewer.post("/api/views", view, format="json").json()["view"]["query"] == bounds


# -- the rest ----------------------------------------------------------------------------------------------


def test_unread_status_and_platform_filter(page, viewer):
    add_conversation(page, "Ann", unread_count=2, platform="instagram")
    add_conversation(page, "Ben", conversation_status="done")
    assert listed_names(viewer, unread="1") == listed_names(viewer, platform="instagram") == ["Ann"]
    assert listed_names(viewer, unread="false") == listed_names(viewer, status="done") == ["Ben"]


def test_all_parameters_work_together(page, viewer, four):
    add_conversation(page, "Annette", four[0], last_message_time=NOON, unread_count=1)
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
    assert listed_names(viewer, **parameters) == ["Annette"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "1"),
        ("cursor", "x"),
        ("search_in", "titles"),
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
        ("endDate", "2024-W10"),
        ("startDate", "20240501T10:00"),
        ("tz", "Mars/Base"),
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
def test_unknown_or_invalid_parameter_is_named_in_the_error(viewer, name, value):
    answer = viewer.get(LIST, {name: value})
    assert answer.status_code == 400
    assert answer.json()["field"] == name
    assert answer.json()["error"].startswith(f"{name}: ")


def test_repeated_parameter_is_named_in_the_error(viewer):
    answer = viewer.get(f"{LIST}?search=a&search=b")
    assert answer.status_code == 400
    assert answer.json()["field"] == "search"


def test_empty_parameter_is_ignored(page, viewer):
    add_conversation(page, "Ann")
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
    assert listed_names(viewer, **dict.fromkeys(names, "")) == ["Ann"]


@pytest.mark.parametrize(
    ("term", "names"), [("j", ["Jo-Ann Lee"]), ("an", ["Jo-Ann Lee"]), ("oh", []), ("is", [])]
)
def test_one_or_two_letters_match_the_beginning_of_a_word_of_the_name(page, viewer, term, names):
    add_conversation(page, "Jo-Ann Lee", last_message="I am John, is it still there?")
    assert listed_names(viewer, search=term) == names


@pytest.mark.parametrize("term", ["a", "jo"])
def test_search_in_messages_needs_three_letters(viewer, term):
    answer = viewer.get(LIST, {"search": term, "search_in": "messages"})
    assert (answer.status_code, answer.json()["field"]) == (400, "search")
