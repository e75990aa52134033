import pytest

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, ConversationTag, InteractionEvent
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory, api, member

LIST = "/api/conversations"

NO_PICTURE = {
    "kind": "Image",
    "name": "",
    "url": None,
    "size": None,
    "show": "text",
    "content": None,
    "preview": None,
    "width": None,
    "height": None,
    "title": "",
    "subtitle": "",
}


@pytest.fixture
def page(db):
    return PageFactory(facebook_page_id="900000000000001")


@pytest.fixture
def user(page):
    return member(page, "tagger")


@pytest.fixture
def client(user):
    return api(user)


@pytest.fixture
def conversation(page):
    return ConversationFactory(
        page=page, sender_id="55", sender_name="Ann", last_message="Hi", last_message_time=NOON
    )


def send(client, method, address, body):
    answer = getattr(client, method)(address, body, format="json")
    return answer.status_code, answer.json()


# -- one conversation --------------------------------------------------------------------------------------


def test_row_has_exactly_the_documented_fields(client, user, conversation):
    tag = TagFactory(name="VIP", color="#112233")
    tag_conversations([conversation.pk], [tag], actor=user)
    row = client.get(LIST).json()["conversations"][0]
    one = client.get(f"{LIST}/{conversation.pk}").json()["conversation"]
    assert one == row | {"reply": {"state": "unknown", "until": None}}
    assert row["created_at"].endswith("Z")
    assert row["updated_at"].endswith("Z")
    del row["created_at"], row["updated_at"]
    assert row == {
        "id": conversation.pk,
        "page_id": "900000000000001",
        "sender_id": "55",
        "sender_name": "Ann",
        "last_message": "Hi",
        "last_message_time": "2024-05-17T12:00:00Z",
        "conversation_status": "active",
        "message_count": 3,
        "unread_count": 0,
        "seen_until": None,
        "delivered_until": None,
        "referral": None,
        "last_message_from": None,
        "attachment_kinds": [],
        "assignee": None,
        "snoozed_until": None,
        "platform": "messenger",
        "conversation_tags": [
            {
                "id": ConversationTag.objects.get().pk,
                "tag": {"id": tag.pk, "name": "VIP", "slug": "vip", "color": "#112233"},
            }
        ],
    }


def test_setting_the_status_creates_an_event(client, user, conversation):
    code, answer = send(client, "patch", f"{LIST}/{conversation.pk}", {"conversation_status": "done"})
    assert code == 200
    assert answer["conversation"]["conversation_status"] == "done"
    assert Conversation.objects.get().conversation_status == "done"
    event = InteractionEvent.objects.get()
    assert (event.kind, event.actor, event.data) == (
        "status_changed",
        user,
        {"from": "active", "to": "done", "act": event.data["act"]},
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "conversation_status"),
        ({"conversation_status": "open"}, "conversation_status"),
        ({"conversation_status": None}, "conversation_status"),
        ({"conversation_status": ["done"]}, "conversation_status"),
        ({"conversation_status": {}}, "conversation_status"),
        ({"conversation_status": "done", "sender_name": "Eve"}, "sender_name"),
    ],
)
def test_nothing_but_the_status_can_be_patched(client, conversation, body, field):
    code, answer = send(client, "patch", f"{LIST}/{conversation.pk}", body)
    assert code == 400
    assert answer["field"] == field
    assert Conversation.objects.get().conversation_status == "active"


# -- events ------------------------------------------------------------------------------------------------


def test_events_name_action_and_user(client, user, conversation):
    message = EventFactory(
        conversation=conversation, occurred_at=NOON, text="Hello", attachments=[{"type": "image"}]
    )
    tag_conversations([conversation.pk], [TagFactory(name="VIP")], actor=user)
    tagged, said = client.get(f"{LIST}/{conversation.pk}/events").json()["events"]
    assert said == {
        "id": message.pk,
        "kind": "message_received",
        "graph_id": message.graph_id,
        "occurred_at": "2024-05-17T12:00:00Z",
        "text": "Hello",
        "attachments": [{"type": "image"}],
        "display_attachments": [NO_PICTURE],
        "data": {},
        "actor": None,
        "app": None,
    }
    assert (tagged["kind"], tagged["graph_id"], tagged["actor"]) == ("tag_added", None, user.username)
    assert tagged["data"]["name"] == "VIP"
    assert tagged["display_attachments"] == []
    assert set(tagged["data"]) == {"id", "name", "act"}


def test_attachments_may_have_numbers_of_any_size(client, conversation):
    EventFactory(conversation=conversation, attachments=[{"id": 10**30}])
    answer = client.get(f"{LIST}/{conversation.pk}/events").json()
    assert answer["events"][0]["attachments"] == [{"id": 10**30}]


# -- its tags ----------------------------------------------------------------------------------------------


def test_tags_are_added_and_replaced(client, conversation):
    vip, late = TagFactory(name="VIP"), TagFactory(name="Late")
    address = f"{LIST}/{conversation.pk}/tags"

    def names(answer):
        code, body = answer
        assert code == 200
        assert body["tags"] == client.get(address).json()["tags"]
        return [row["tag"]["name"] for row in body["tags"]]

    assert names(send(client, "post", address, {"tagIds": [vip.pk]})) == ["VIP"]
    assert names(send(client, "post", address, {"tagIds": [str(late.pk), vip.pk, vip.pk]})) == ["Late", "VIP"]
    assert names(send(client, "post", address, {"tagIds": []})) == ["Late", "VIP"]
    assert names(send(client, "put", address, {"tagIds": [late.pk]})) == ["Late"]
    assert names(send(client, "put", address, {"tagIds": []})) == []


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize(
    "tag_ids",
    [None, 1, "1", {}, [0], [-1], [1.0], [1.5], [True], [None], [[1]], [""], ["x"], ["-1"], ["1.0"]],
)
def test_invalid_tag_ids_are_named_in_the_error(client, conversation, method, tag_ids):
    code, answer = send(client, method, f"{LIST}/{conversation.pk}/tags", {"tagIds": tag_ids})
    assert code == 400
    assert answer["field"] == "tagIds"


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize("unknown", [999999, 2**63, 9 * 10**30, "9" * 5000])
def test_unknown_tag_is_an_error_and_nothing_changes(client, conversation, method, unknown):
    kept = TagFactory()
    tag_conversations([conversation.pk], [kept], actor=None)
    body = {"tagIds": [TagFactory().pk, unknown]}
    code, answer = send(client, method, f"{LIST}/{conversation.pk}/tags", body)
    assert code == 400
    assert answer["error"].startswith("tagIds: Unknown tag ")
    assert [row.tag for row in ConversationTag.objects.all()] == [kept]


def test_missing_tag_ids_are_named_in_the_error(client, conversation):
    for body in ({}, {"tags": [1]}):
        code, answer = send(client, "post", f"{LIST}/{conversation.pk}/tags", body)
        assert code == 400
        assert answer["field"] in ("tagIds", "tags")
