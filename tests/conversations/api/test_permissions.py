"""Permissions of every route."""

import uuid

import pytest

from conversations.actions.bulk_operations import start_tagging
from conversations.actions.targets import targets_by_id
from conversations.models import BulkOperation, Conversation, ConversationTag
from tags.models import Tag
from tests.factories import (
    ConversationFactory,
    PageFactory,
    PageMemberFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
    api,
    member,
    superuser,
)

WHO = ["stranger", "outsider", "viewer", "tagger", "manager", "superuser"]

# Route, body and the status for each of WHO. An outsider is manager of another Page.
TABLE: list[tuple[str, dict | None, list[int]]] = [
    ("get /api/conversations", None, [401, 200, 200, 200, 200, 200]),
    ("get /api/conversations?facebookPageId={facebook_page}", None, [401, 404, 200, 200, 200, 200]),
    ("get /api/conversations/{conversation}", None, [401, 404, 200, 200, 200, 200]),
    (
        "patch /api/conversations/{conversation}",
        {"conversation_status": "done"},
        [401, 404, 403, 200, 200, 200],
    ),
    ("get /api/conversations/{conversation}/events", None, [401, 404, 200, 200, 200, 200]),
    ("get /api/conversations/{conversation}/tags", None, [401, 404, 200, 200, 200, 200]),
    ("post /api/conversations/{conversation}/tags", {"tagIds": []}, [401, 404, 403, 200, 200, 200]),
    ("put /api/conversations/{conversation}/tags", {"tagIds": []}, [401, 404, 403, 200, 200, 200]),
    (
        "post /api/conversations/bulk-tags",
        {"conversationIds": ["{conversation}"], "tagIds": ["{tag}"], "action": "assign"},
        [401, 404, 403, 200, 200, 200],
    ),
    (
        "post /api/conversations/bulk-tags",
        {"conversationIds": ["{conversation}"], "tagIds": [], "action": "replace", "dry_run": True},
        [401, 404, 403, 200, 200, 200],
    ),
    (
        "post /api/conversations/bulk-status",
        {"conversationIds": ["{conversation}"], "conversation_status": "done", "dry_run": True},
        [401, 404, 403, 200, 200, 200],
    ),
    # Anna, a tagger of this Page, has started the operation; nobody of these is her.
    ("get /api/acts/{operation}", None, [401, 404, 404, 404, 200, 200]),
    ("post /api/acts/{operation}/cancel", {}, [401, 404, 404, 404, 200, 200]),
    ("post /api/acts/{operation}/undo", {}, [401, 404, 403, 403, 200, 200]),
    ("get /api/pages", None, [401, 200, 200, 200, 200, 200]),
    ("get /api/pages/{page}", None, [401, 404, 200, 200, 200, 200]),
    ("get /api/sync-runs", None, [401, 200, 200, 200, 200, 200]),
    ("get /api/sync-runs?page={page}", None, [401, 404, 200, 200, 200, 200]),
    ("get /api/sync-runs/{run}", None, [401, 404, 200, 200, 200, 200]),
    ("get /api/tags", None, [401, 200, 200, 200, 200, 200]),
    ("post /api/tags", {"name": "New"}, [401, 201, 403, 201, 201, 201]),
    ("put /api/tags/{tag}", {"name": "New"}, [401, 403, 403, 403, 403, 200]),
    ("delete /api/tags/{tag}", None, [401, 403, 403, 403, 403, 204]),
    ("get /api/schema", None, [401, 200, 200, 200, 200, 200]),
    ("get /api/docs", None, [302, 200, 200, 200, 200, 200]),
]


def user_with_role(who: str, page):
    match who:
        case "stranger":
            return None
        case "superuser":
            return superuser()
        case "outsider":
            return member(PageFactory(), "manager")
    return member(page, who)


def filled(value, ids: dict):
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return value.format(**ids) if isinstance(value, str) else value


def start_operation(conversation, tag, starter) -> uuid.UUID:
    return start_tagging("assign", targets_by_id([conversation.pk]), [tag], actor=starter).operation


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("route", "body", "codes"), TABLE, ids=[row[0] for row in TABLE])
def test_roles_are_checked_on_every_route(page, route, body, codes, who):
    conversation, starter = ConversationFactory(page=page), member(page, "tagger")
    ids = {
        "page": page.pk,
        "facebook_page": page.facebook_page_id,
        "conversation": conversation.pk,
        "run": SyncRunFactory(page=page).pk,
        "tag": (tag := TagFactory(name="VIP")).pk,
        "operation": start_tagging(
            "assign", targets_by_id([conversation.pk]), [tag], actor=starter
        ).operation,
    }
    method, address = filled(route, ids).split()
    answer = getattr(api(user_with_role(who, page)), method)(address, filled(body, ids), format="json")
    assert answer.status_code == codes[WHO.index(who)], answer.content
    if answer.status_code in (401, 403, 404):
        assert BulkOperation.objects.active().exists()
        assert not ConversationTag.objects.exists()
        assert not Conversation.objects.filter(conversation_status="done").exists()
        assert list(Tag.objects.values_list("name", flat=True)) == ["VIP"]


def test_role_must_be_on_the_page_of_the_conversation(page):
    user = member(page, "viewer")
    PageMemberFactory(user=user, role="tagger")
    address = f"/api/conversations/{ConversationFactory(page=page).pk}"
    assert api(user).post(f"{address}/tags", {"tagIds": []}, format="json").status_code == 403
    assert api(user).patch(address, {"conversation_status": "done"}, format="json").status_code == 403


def test_user_without_any_page_cannot_create_tags(db):
    assert api(UserFactory()).post("/api/tags", {"name": "New"}, format="json").status_code == 403


def test_staff_flag_gives_no_role(page):
    user = UserFactory(is_staff=True)
    assert api(user).get(f"/api/pages/{page.pk}").status_code == 404
    assert api(user).post("/api/tags", {"name": "New"}, format="json").status_code == 403
