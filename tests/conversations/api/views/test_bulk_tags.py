import threading

import pytest
from django.db import connection

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, ConversationTag, InteractionEvent
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, TagFactory, api, member

BULK = "/api/conversations/bulk-tags"


@pytest.fixture
def vip(db):
    return TagFactory(name="VIP")


def bulk(user, code=200, **body):
    answer = api(user).post(BULK, body, format="json")
    assert answer.status_code == code, answer.content
    return answer.json()


def tagged(tag) -> set[int]:
    return set(ConversationTag.objects.filter(tag=tag).values_list("conversation_id", flat=True))


def test_assign_counts_matched_and_changed_separately(user, three, vip):
    tag_conversations(three[:1], [vip], actor=None)
    answer = bulk(user, conversationIds=three, tagIds=[vip.pk], action="assign")
    operation = answer.pop("act")
    assert answer == {"success": True, "message": "Tagged 2 conversations.", "matched": 3, "changed": 2}
    assert tagged(vip) == set(three)
    events = InteractionEvent.objects.filter(data__act=operation)
    assert {(event.conversation_id, event.actor) for event in events} == {(pk, user) for pk in three[1:]}


def test_remove_removes_the_tag(user, three, vip):
    tag_conversations(three[:2], [vip], actor=None)
    assert bulk(user, conversationIds=three, tagIds=[vip.pk], action="remove")["changed"] == 2
    assert tagged(vip) == set()


def test_replace_removes_all_other_tags(user, three, vip):
    late = TagFactory(name="Late")
    tag_conversations(three[:1], [vip], actor=None)
    tag_conversations(three[1:2], [late], actor=None)
    answer = bulk(user, conversationIds=three, tagIds=[late.pk], action="replace")
    assert (answer["matched"], answer["changed"]) == (3, 2)
    assert (tagged(vip), tagged(late)) == (set(), set(three))
    assert bulk(user, conversationIds=three, tagIds=[], action="replace")["changed"] == 3
    assert not ConversationTag.objects.exists()


@pytest.mark.parametrize("action", ["assign", "remove", "replace"])
def test_dry_run_counts_and_changes_nothing(user, three, vip, action):
    late = TagFactory(name="Late")
    tag_conversations(three[:1], [late], actor=None)
    before = list(InteractionEvent.objects.values())
    for dry_run in (True, "true", 1, "1"):
        answer = bulk(user, conversationIds=three, tagIds=[vip.pk], action=action, dry_run=dry_run)
        assert answer["act"] is None
        assert answer["changed"] == (0 if action == "remove" else 3)
        assert (tagged(vip), tagged(late)) == (set(), set(three[:1]))
        assert list(InteractionEvent.objects.values()) == before
    answer = bulk(user, conversationIds=three, tagIds=[vip.pk], action=action, dry_run="0")
    assert (answer["act"] is None) == (action == "remove")  # which has nothing to change


def test_duplicate_ids_and_ids_as_text_are_accepted(user, three, vip):
    ids = [three[0], str(three[0]), f"0{three[0]}"]
    answer = bulk(user, conversationIds=ids, tagIds=[vip.pk, str(vip.pk)], action="assign")
    assert (answer["matched"], answer["changed"]) == (1, 1)
    assert answer["message"] == "Tagged 1 conversation."


def test_one_invisible_conversation_refuses_all(user, three, vip):
    unseen = ConversationFactory().pk
    for stranger in (unseen, 2**63, "9" * 5000):
        answer = bulk(user, 404, conversationIds=[*three, stranger], tagIds=[vip.pk], action="assign")
        assert "nothing was changed" in answer["error"]
    assert tagged(vip) == set()


def test_one_page_without_the_role_refuses_all(user, three, vip):
    readable = PageMemberFactory(user=user, role="viewer").page
    ids = [*three, ConversationFactory(page=readable).pk]
    bulk(user, 403, conversationIds=ids, tagIds=[vip.pk], action="assign")
    assert tagged(vip) == set()
    assert InteractionEvent.objects.count() == 0


def test_unknown_tag_refuses_all(user, three, vip):
    answer = bulk(user, 400, conversationIds=three, tagIds=[vip.pk, 999999], action="assign")
    assert answer["error"] == "tagIds: Unknown tag 999999."
    assert tagged(vip) == set()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"conversationIds": None}, "conversationIds"),
        ({"conversationIds": "1"}, "conversationIds"),
        ({"conversationIds": [0]}, "conversationIds"),
        ({"conversationIds": [1.0]}, "conversationIds"),
        ({"conversationIds": [True]}, "conversationIds"),
        ({"conversationIds": [1] * 10_001}, "conversationIds"),
        ({"tagIds": [-1]}, "tagIds"),
        ({"action": "burn"}, "action"),
        ({"action": None}, "action"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"dry_run": None}, "dry_run"),
        ({"dry_run": []}, "dry_run"),
        ({"filter": {"search": "ann"}}, "filter"),
        ({"conversationIds": ..., "filter": "vip"}, "filter"),
        ({"conversationIds": ..., "filter": {"limit": 5}}, "filter"),
        ({"conversationIds": ..., "filter": {"search": {}}}, "filter"),
        ({"conversationIds": ..., "filter": {"status": "open"}}, "status"),
        ({"conversationIds": ..., "filter": {"include_tags": []}}, "filter"),
        ({"conversationIds": ..., "filter": {"include_tags": ["", " "]}}, "filter"),
        ({"conversationIds": ..., "filter": {"unread": True, "include_tags": None}}, "filter"),
        ({"conversationIds": ..., "filter": {"search": ""}}, "filter"),
        ({"conversationIds": ..., "filter": {"search": "  "}}, "filter"),
        ({"conversationIds": ..., "filter": {"facebookPageId": ""}}, "filter"),
        ({"conversationIds": ..., "filter": {"status": []}}, "filter"),
        ({"conversationIds": ..., "filter": {"search": ["Anna"]}}, "filter"),
        ({"conversationIds": ..., "filter": {"include_tags": [True]}}, "filter"),
        ({"conversationIds": ..., "filter": {"include_mode": "all"}}, "filter"),
        ({"conversationIds": ..., "filter": {"search_in": "messages", "include_mode": "any"}}, "filter"),
        ({"conversationIds": ..., "filter": []}, "filter"),
        ({"conversationIds": ..., "filter": None}, "filter"),
    ],
)
def test_invalid_field_is_named_in_the_error(user, three, vip, change, field):
    body = {"conversationIds": three, "tagIds": [vip.pk], "action": "assign"} | change
    body = {name: value for name, value in body.items() if value is not ...}
    assert bulk(user, 400, **body)["field"] == field
    assert tagged(vip) == set()


@pytest.mark.parametrize("field", ["conversationIds", "tagIds", "action"])
def test_missing_field_is_named_in_the_error(user, three, vip, field):
    body = {"conversationIds": three, "tagIds": [vip.pk], "action": "assign"}
    del body[field]
    assert bulk(user, 400, **body)["field"] == field


def test_empty_lists_change_nothing(user, three, vip):
    assert bulk(user, conversationIds=[], tagIds=[vip.pk], action="replace")["matched"] == 0
    answer = bulk(user, conversationIds=three, tagIds=[], action="assign")
    assert (answer["changed"], answer["act"]) == (0, None)  # there is nothing to undo


def test_many_conversations_take_few_queries(user, page, vip, django_assert_max_num_queries):
    rows = (Conversation(page=page, sender_id=str(number)) for number in range(2_000))
    ids = [row.pk for row in Conversation.objects.bulk_create(rows)]
    with django_assert_max_num_queries(25):
        answer = bulk(user, conversationIds=ids * 5, tagIds=[vip.pk], action="assign")
    assert answer["changed"] == ConversationTag.objects.count() == 2_000


# -- everything that matches -------------------------------------------------------------------------------


@pytest.fixture
def late(db):
    return TagFactory(name="Late")


def test_only_matches_of_the_filter_are_changed(user, page, three, vip, late):
    tag_conversations(three[:2], [late], actor=None)
    strangers = ConversationFactory().pk
    tag_conversations([strangers], [late], actor=None)
    body = {"filter": {"include_tags": [late.pk]}, "tagIds": [vip.pk], "action": "assign"}
    dry_run_answer = bulk(user, **body, dry_run=True)
    assert (dry_run_answer["matched"], dry_run_answer["changed"], dry_run_answer["act"]) == (2, 2, None)
    assert tagged(vip) == set()
    answer = bulk(user, **body)
    assert (answer["matched"], answer["changed"]) == (2, 2)
    assert tagged(vip) == set(three[:2])
    events = InteractionEvent.objects.filter(data__act=answer["act"])
    assert [(e.kind, e.actor, e.data["name"]) for e in events] == [("tag_added", user, "VIP")] * 2
    rows = ConversationTag.objects.filter(tag=vip).select_related("conversation")
    assert all(row.last_message_time == row.conversation.last_message_time for row in rows)


@pytest.mark.parametrize("action", ["assign", "remove", "replace"])
@pytest.mark.parametrize("search", [{}, {"search": "customer"}, {"untagged": True}, {"unread": 0}])
def test_dry_run_counts_what_the_action_changes(user, page, three, vip, late, action, search):
    tag_conversations(three[:1], [vip], actor=None)
    tag_conversations(three[1:2], [vip, late], actor=None)
    body = {"filter": search, "tagIds": [late.pk], "action": action}
    dry_run_answer, answer = bulk(user, **body, dry_run=1), bulk(user, **body)
    assert (dry_run_answer["matched"], dry_run_answer["changed"]) == (answer["matched"], answer["changed"])


def test_filter_with_matches_on_a_page_without_the_role_refuses_all(user, three, vip):
    readable = PageMemberFactory(user=user, role="viewer").page
    body = {"tagIds": [vip.pk], "action": "assign"}
    assert bulk(user, **body, filter={})["changed"] == 3  # that Page is empty
    ConversationFactory(page=readable)
    bulk(user, 403, **body, filter={})
    bulk(user, 404, **body, filter={"facebookPageId": PageFactory().facebook_page_id})
    assert len(tagged(vip)) == 3


def test_an_impossible_filter_matches_nothing(user, three, vip):
    answer = bulk(user, filter={"include_tags": "nobody"}, tagIds=[vip.pk], action="replace")
    assert (answer["matched"], answer["changed"]) == (0, 0)


# -- undo --------------------------------------------------------------------------------------------------


def undo(user, operation, code=200):
    answer = api(user).post(f"/api/acts/{operation}/undo", {}, format="json")
    assert answer.status_code == code, answer.content
    return answer.json()


@pytest.mark.parametrize("action", ["assign", "remove", "replace"])
def test_operation_is_undone_and_the_undo_too(user, three, vip, late, action):
    tag_conversations(three[:2], [vip, late], actor=None)
    tag_conversations(three[2:], [vip], actor=None)
    before = tagged(vip), tagged(late)
    answer = bulk(user, filter={}, tagIds=[late.pk], action=action)
    after = tagged(vip), tagged(late)
    undone = undo(user, answer["act"])
    assert undone["changed"] == undone["matched"] == answer["changed"]
    assert (tagged(vip), tagged(late)) == before
    again = undo(user, answer["act"])
    assert (again["changed"], again["act"]) == (0, None)
    assert undo(user, undone["act"])["changed"] == answer["changed"]
    assert (tagged(vip), tagged(late)) == after


def test_what_somebody_changed_since_stands(user, three, vip):
    operation = bulk(user, conversationIds=three, tagIds=[vip.pk], action="assign")["act"]
    bulk(user, conversationIds=three[:1], tagIds=[vip.pk], action="remove")
    bulk(user, conversationIds=three[:1], tagIds=[vip.pk], action="assign")
    bulk(user, conversationIds=three[1:2], tagIds=[vip.pk], action="remove")
    assert undo(user, operation)["changed"] == 1
    assert tagged(vip) == set(three[:1])


def test_a_tag_that_is_gone_does_not_come_back(user, three, vip):
    tag_conversations(three, [vip], actor=None)
    operation = bulk(user, conversationIds=three, tagIds=[vip.pk], action="remove")["act"]
    vip.delete()
    assert undo(user, operation)["changed"] == 0


def test_acts_of_others_are_undone_by_taggers_alone(user, page, three, vip):
    operation = bulk(user, conversationIds=three, tagIds=[vip.pk], action="assign")["act"]
    undo(member(PageFactory(), "tagger"), operation, 404)
    undo(member(page, "viewer"), operation, 403)
    undo(user, "0d9c0d9c-0000-4000-8000-000000000000", 404)
    undo(user, "nonsense", 404)
    assert undo(member(page, "tagger"), operation)["changed"] == 3


@pytest.mark.django_db(transaction=True)
def test_two_at_once_lose_nothing(user, three, vip, late):
    def work(tag):
        try:
            bulk(user, filter={}, tagIds=[tag.pk], action="assign")
        finally:
            connection.close()

    api(user)  # makes the token
    workers = [threading.Thread(target=work, args=[tag]) for tag in (vip, late) * 3]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert tagged(vip) == tagged(late) == set(three)
    assert InteractionEvent.objects.count() == 6
