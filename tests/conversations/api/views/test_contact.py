"""The contact card, the history of a conversation, and a user's own changes with their undo."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory, api, member


@pytest.fixture
def tagger(user):
    return api(user)


def contact_of(client, row) -> dict:
    return client.get(f"/api/conversations/{row.pk}/contact").json()["contact"]


def test_contact_has_ids_and_numbers_of_messages(page, tagger):
    row = ConversationFactory(page=page, sender_name="Ada", referral={"ad_id": "23"})
    row.aliases.create(page=page, sender_id="8000001")
    first, last = EventFactory(conversation=row), EventFactory(conversation=row, kind="message_sent")
    EventFactory(conversation=row, data={"stub": True})
    tag_conversations([row.pk], [TagFactory()], actor=None)
    card = contact_of(tagger, row)
    assert card["ids"] == [row.sender_id, "8000001"]
    assert (card["received"], card["sent"], card["unknown"]) == (1, 1, 0)
    times = [event.occurred_at.isoformat().replace("+00:00", "Z") for event in (first, last)]
    assert [card["first_message_time"], card["last_message_time"]] == times
    assert (card["referral"], card["graph_id"], card["similar"]) == ({"ad_id": "23"}, row.graph_id, [])


def test_contact_without_messages(page, tagger):
    card = contact_of(tagger, ConversationFactory(page=page))
    assert (card["first_message_time"], card["received"]) == (None, 0)


def test_similar_are_conversations_of_the_same_name_on_visible_pages(page, user, tagger):
    row = ConversationFactory(page=page, sender_name="José García")
    same = ConversationFactory(page=page, sender_name="jose garcia", platform="instagram")
    ConversationFactory(page=page, sender_name="José García López", last_message="from José García")
    ConversationFactory(sender_name="José García")  # of another Page
    [found] = contact_of(tagger, row)["similar"]
    assert (found["id"], found["platform"]) == (same.pk, "instagram")


@pytest.mark.parametrize("name", ["", "Facebook User"])
def test_names_that_say_nothing_have_no_similar_ones(page, tagger, name):
    row, _ = ConversationFactory.create_batch(2, page=page, sender_name=name)
    assert contact_of(tagger, row)["similar"] == []


def test_contact_takes_as_many_queries_for_many(page, tagger, django_assert_num_queries):
    row = ConversationFactory(page=page, sender_name="Ada")
    ConversationFactory.create_batch(12, page=page, sender_name="Ada")
    # The key, the Pages, the conversation, its IDs and messages, the counters, the rows, their tags.
    with django_assert_num_queries(8):
        assert len(contact_of(tagger, row)["similar"]) == 10


# -- contact times -----------------------------------------------------------------------------------------
def contact_times_of(client, row, **parameters) -> dict:
    answer = client.get(f"/api/conversations/{row.pk}/contact-times", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["contactTimes"]


def test_contact_times_have_the_documented_shape(page, tagger):
    row, friday = ConversationFactory(page=page), datetime(2024, 5, 17, 22, 30, tzinfo=UTC)
    for week in range(12):
        at = friday - timedelta(weeks=week)
        EventFactory(conversation=row, kind="message_sent", occurred_at=at)
        if week % 2:
            EventFactory(conversation=row, occurred_at=at + timedelta(hours=1))
        EventFactory(conversation=row, occurred_at=at + timedelta(hours=30))
    found = contact_times_of(tagger, row, tz="Europe/Berlin")
    assert (found["timeZone"], found["minimum"], found["isComplete"]) == ("Europe/Berlin", 10, True)
    assert found["since"] == "2024-03-01T22:30:00Z"
    received, answers = found["received"], found["answers"]
    assert (received["observations"], received["isEnough"]) == (18, True)
    assert sum(map(sum, received["hours"])) == 18
    assert received["best"][0] == {"weekday": 6, "hour": 6, "observations": 8}  # in summer
    every = {"observations": 12, "answered": 6, "share": 0.5}
    assert {name: answers[name] for name in every} == every
    # In Berlin it was Saturday, 0:30, in summer, and Friday, 23:30, in winter.
    assert [day["observations"] for day in answers["weekdays"]] == [0, 0, 0, 0, 5, 7, 0]
    assert (answers["hours"][0], answers["hours"][23]["share"]) == (
        {"observations": 7, "answered": 3, "share": None},
        None,
    )
    assert (answers["sent"][4][23], answers["answeredHours"][5][0]) == (5, 3)
    assert (answers["isEnough"], answers["bestWeekday"], answers["bestHour"]) == (True, None, None)
    assert len(answers["hours"]) == 24


def test_contact_times_of_few_messages_conclude_nothing(page, tagger):
    row = ConversationFactory(page=page)
    EventFactory.create_batch(9, conversation=row, occurred_at=datetime(2024, 5, 17, 9, tzinfo=UTC))
    found = contact_times_of(tagger, row)
    assert found["received"]["hours"][4][9] == 9
    assert (found["received"]["isEnough"], found["received"]["best"]) == (False, [])
    assert (found["answers"]["isEnough"], found["answers"]["share"]) == (False, None)
    empty = contact_times_of(tagger, ConversationFactory(page=page))
    assert (empty["since"], empty["received"]["observations"]) == (None, 0)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "../etc/passwd", "Factory"])
def test_unknown_time_zone_is_named_in_the_error(page, tagger, zone):
    row = ConversationFactory(page=page)
    answer = tagger.get(f"/api/conversations/{row.pk}/contact-times", {"tz": zone})
    assert (answer.status_code, answer.json()["field"]) == (400, "tz")


def test_contact_times_take_four_queries(page, tagger, django_assert_num_queries):
    row = ConversationFactory(page=page)
    EventFactory.create_batch(12, conversation=row)
    with django_assert_num_queries(4):  # the key, the Pages, the conversation, the messages
        contact_times_of(tagger, row)


def test_history_has_no_messages(page, user, tagger):
    row = ConversationFactory(page=page)
    EventFactory(conversation=row)
    tag_conversations([row.pk], [TagFactory(name="VIP")], actor=user)
    set_status([row.pk], "done", actor=user)
    EventFactory(conversation=row)
    url = f"/api/conversations/{row.pk}/events"
    kinds = {what: [event["kind"] for event in tagger.get(url, {"what": what}).json()["events"]]
             for what in ("history", "messages", "")}  # fmt: skip
    assert sorted(kinds["history"]) == ["status_changed", "tag_added"]
    assert kinds["messages"] == ["message_received"] * 2
    assert len(kinds[""]) == 4
    answer = tagger.get(url, {"what": "tags"})
    assert (answer.status_code, answer.json()["field"]) == (400, "what")


def test_own_changes_can_be_undone(page, tagger, three):
    vip, late = TagFactory(name="VIP"), TagFactory(name="Late")
    body = {"conversationIds": three, "tagIds": [vip.pk, late.pk], "action": "assign"}
    act = tagger.post("/api/conversations/bulk-tags", body, format="json").json()["act"]
    status = {"conversationIds": three[:1], "conversation_status": "done"}
    tagger.post("/api/conversations/bulk-status", status, format="json")
    tagger.post("/api/conversations/bulk-status", status, format="json")  # changes nothing
    done, tagged = tagger.get("/api/acts/own").json()["acts"]
    assert done["message"] == "Marked as done: 1 conversation"
    assert (tagged["message"], tagged["act"]) == ("Tagged 3 conversations: VIP, Late", act)
    assert tagger.post(f"/api/acts/{act}/undo", {}, format="json").json()["changed"] == 3
    assert [one["undone"] for one in tagger.get("/api/acts/own").json()["acts"]] == [False, True]


def test_changes_of_others_are_not_own_ones(page, tagger, three):
    other = api(member(page, "tagger"))
    body = {"conversationIds": three, "conversation_status": "done"}
    other.post("/api/conversations/bulk-status", body, format="json")
    assert tagger.get("/api/acts/own").json()["acts"] == []


def test_own_changes_take_three_queries(page, tagger, three, django_assert_num_queries):
    for number in range(4):
        body = {"conversationIds": three, "tagIds": [TagFactory(name=f"Tag {number}").pk], "action": "assign"}
        tagger.post("/api/conversations/bulk-tags", body, format="json")
    with django_assert_num_queries(3):  # the key, the entries, the tags
        assert len(tagger.get("/api/acts/own").json()["acts"]) == 4


def test_conversations_of_other_pages_are_hidden(tagger):
    row = ConversationFactory(page=PageFactory())
    for suffix in ("contact", "contact-times", "facebook"):
        assert tagger.get(f"/api/conversations/{row.pk}/{suffix}").status_code == 404
