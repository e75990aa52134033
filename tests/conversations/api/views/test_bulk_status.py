import pytest

from conversations.actions.status import set_status
from conversations.models import Conversation, InteractionEvent
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, api

BULK = "/api/conversations/bulk-status"


def bulk(user, code=200, **body):
    answer = api(user).post(BULK, {"conversation_status": "done", **body}, format="json")
    assert answer.status_code == code, answer.content
    return answer.json()


def done() -> set[int]:
    return set(Conversation.objects.filter(conversation_status="done").values_list("pk", flat=True))


def test_status_is_set_where_it_differs_and_each_change_is_an_event(user, three):
    set_status(three[:1], "done", actor=None)
    before = Conversation.objects.get(pk=three[1]).updated_at
    answer = bulk(user, conversationIds=three)
    operation = answer.pop("act")
    assert answer == {
        "success": True,
        "message": "Marked as done: 2 conversations.",
        "matched": 3,
        "changed": 2,
    }
    assert done() == set(three)
    assert Conversation.objects.get(pk=three[1]).updated_at > before
    events = InteractionEvent.objects.filter(data__act=operation)
    assert {(e.conversation_id, e.kind, e.actor) for e in events} == {
        (pk, "status_changed", user) for pk in three[1:]
    }
    assert events[0].data == {"from": "active", "to": "done", "act": operation}


def test_only_matches_of_the_filter_are_set(user, page, three):
    stranger = ConversationFactory(sender_name="Nora").pk
    nora = ConversationFactory(page=page, sender_name="Nora").pk
    dry_run_answer = bulk(user, filter={"search": "nora"}, dry_run=True)
    assert (dry_run_answer["matched"], dry_run_answer["changed"], dry_run_answer["act"]) == (1, 1, None)
    assert dry_run_answer["message"] == "Would change 1 conversation."
    assert (done(), InteractionEvent.objects.count()) == (set(), 0)
    assert bulk(user, filter={"search": "nora"})["changed"] == 1
    assert done() == {nora}
    assert stranger not in done()
    # The filter is about what the act changes: which conversations it fits is decided once.
    assert bulk(user, filter={"status": "active"})["changed"] == 3
    assert bulk(user, filter={"status": "active"})["matched"] == 0


def test_operation_is_undone_and_the_undo_too(user, three):
    set_status(three[:1], "done", actor=None)
    operation = bulk(user, filter={})["act"]
    bulk(user, conversationIds=three[1:2], conversation_status="active")  # somebody set it since
    undone = api(user).post(f"/api/acts/{operation}/undo", {}, format="json").json()
    assert (undone["matched"], undone["changed"]) == (2, 1)
    assert done() == set(three[:1])
    assert api(user).post(f"/api/acts/{undone['act']}/undo", {}, format="json").json()["changed"] == 1
    assert done() == {three[0], three[2]}


def test_one_forbidden_conversation_refuses_all(user, three):
    bulk(user, 404, conversationIds=[*three, ConversationFactory().pk])
    bulk(user, 404, filter={"facebookPageId": PageFactory().facebook_page_id})
    readable = PageMemberFactory(user=user, role="viewer").page
    theirs = ConversationFactory(page=readable).pk
    bulk(user, 403, conversationIds=[*three, theirs])
    bulk(user, 403, filter={})
    assert (done(), InteractionEvent.objects.count()) == (set(), 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"conversation_status": "open"}, "conversation_status"),
        ({"conversation_status": None}, "conversation_status"),
        ({"conversationIds": ...}, "conversationIds"),
        ({"conversationIds": [1] * 10_001}, "conversationIds"),
        ({"filter": {}}, "filter"),
        ({"conversationIds": ..., "filter": {"limit": 5}}, "filter"),
        ({"tagIds": []}, "tagIds"),
        ({"dry_run": "yes"}, "dry_run"),
    ],
)
def test_invalid_field_is_named_in_the_error(user, three, change, field):
    body = {name: value for name, value in ({"conversationIds": three} | change).items() if value is not ...}
    assert bulk(user, 400, **body)["field"] == field
    assert done() == set()


def test_many_conversations_take_one_statement(user, page, django_assert_max_num_queries):
    rows = (Conversation(page=page, sender_id=str(number)) for number in range(2_000))
    Conversation.objects.bulk_create(rows)
    with django_assert_max_num_queries(20):
        assert bulk(user, filter={})["changed"] == 2_000
    assert InteractionEvent.objects.count() == 2_000
