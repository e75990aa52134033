"""Bulk actions on more conversations than one transaction changes: 202, progress, cancelling, undo."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.actions import bulk_operations
from conversations.actions.bulk_operations import work, work_slice
from conversations.models import AuditEntry, BulkOperation, Conversation, ConversationTag, PageMember
from tests.factories import ConversationFactory, PageMemberFactory, TagFactory, api, member

BULK = "/api/conversations/bulk-tags"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 2)


@pytest.fixture
def vip(db):
    return TagFactory(name="VIP")


def post(user, address: str, body=None, code: int = 200):
    answer = api(user).post(address, body or {}, format="json")
    assert answer.status_code == code, answer.content
    return answer


def start(user, vip, code: int = 202, **body):
    return post(user, BULK, {"filter": {}, "tagIds": [vip.pk], "action": "assign"} | body, code)


def test_many_conversations_are_accepted_and_their_progress_is_shown(user, three, vip):
    answer = start(user, vip)
    body, address = answer.json(), answer["Location"]
    assert address == f"/api/acts/{body['act']}"
    assert {name: body[name] for name in ("success", "matched", "changed", "processed", "state")} == {
        "success": True,
        "matched": 3,
        "changed": 0,
        "processed": 0,
        "state": "queued",
    }
    assert ProcrastinateJob.objects.filter(task_name="work_on_operations", status="todo").count() == 1
    assert api(user).get(address).json() == body
    work_slice(BulkOperation.objects.get().pk, 1)
    shown = api(user).get(address).json()
    assert (shown["state"], shown["message"]) == (
        "running",
        "Tagged 1 conversation so far; 1 of 3 conversations processed.",
    )
    work()
    shown = api(user).get(address).json()
    assert (shown["state"], shown["message"], shown["changed"]) == ("complete", "Tagged 3 conversations.", 3)
    assert shown["ended_at"]


def test_as_many_as_before_are_changed_at_once(user, three, vip):
    body = start(user, vip, 200, filter={"search": "nobody"}).json()
    assert set(body) == {"success", "message", "matched", "changed", "act"}
    assert start(user, vip, 200, dry_run=True).json()["changed"] == 3
    assert not BulkOperation.objects.exists()


def test_status_is_set_in_slices_and_the_filter_is_evaluated_once(user, three, vip):
    body = {"filter": {"status": "active"}, "conversation_status": "done"}
    post(user, "/api/conversations/bulk-status", body, 202)
    late = ConversationFactory(page_id=Conversation.objects.get(pk=three[0]).page_id)
    work()
    assert list(Conversation.objects.filter(conversation_status="active")) == [late]
    assert AuditEntry.objects.filter(action="bulk_started").get().details["filter"] == {"status": "active"}


def test_missing_role_on_one_page_starts_nothing(user, three, vip):
    readable = PageMemberFactory(user=user, role="viewer").page
    ConversationFactory(page=readable)
    start(user, vip, 403)
    start(user, vip, 400, tagIds=[vip.pk, 999])
    assert not BulkOperation.objects.exists()
    assert not ProcrastinateJob.objects.filter(task_name="work_on_operations").exists()


def test_only_who_started_it_and_managers_see_it(user, page, three, vip):
    address = start(user, vip)["Location"]
    assert api(member(page, "tagger")).get(address).status_code == 404
    manager = member(page, "manager")
    assert api(manager).get(address).status_code == 200
    PageMember.objects.filter(user=user).delete()
    assert api(type(user).objects.get(pk=user.pk)).get(address).status_code == 404
    for unknown in ("/api/acts/1", "/api/acts/0d9c2f6e-2f0b-4d8c-9f4e-0a1b2c3d4e5f"):
        assert api(manager).get(unknown).status_code == 404


def test_cancel_keeps_what_was_done_until_undo(user, three, vip):
    address = start(user, vip)["Location"]
    work_slice(BulkOperation.objects.get().pk, 1)
    body = post(user, f"{address}/cancel").json()
    assert (body["success"], body["state"], body["changed"]) == (False, "cancelled", 1)
    assert "already ended" in post(user, f"{address}/cancel", code=409).json()["error"]
    assert ConversationTag.objects.count() == 1
    assert post(user, f"{address}/undo").json()["message"] == "Restored 1 conversation."


def test_undo_of_many_is_accepted_and_can_be_undone(user, three, vip):
    address = start(user, vip)["Location"]
    work()
    undoing = post(user, f"{address}/undo", code=202)
    work()
    assert api(user).get(undoing["Location"]).json()["message"] == "Restored 3 conversations."
    assert not ConversationTag.objects.exists()
    post(user, f"{undoing['Location']}/undo", code=202)
    work()
    assert ConversationTag.objects.count() == 3


def test_too_many_at_once_are_refused_in_words(user, three, vip, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_ACTIVE", 1)
    start(user, vip)
    answer = start(user, vip, 429)
    assert answer["Retry-After"]
    assert "bulk operations" in answer.json()["error"]


def test_own_operations_in_progress_are_listed(user, three, vip):
    first, second = (start(user, vip).json()["act"] for _ in range(2))
    other = member(Conversation.objects.get(pk=three[0]).page, "tagger")
    assert [one["act"] for one in api(user).get("/api/acts").json()["acts"]] == [first, second]
    assert api(other).get("/api/acts").json() == {"acts": []}
    post(user, f"/api/acts/{first}/cancel")
    assert [one["act"] for one in api(user).get("/api/acts").json()["acts"]] == [second]
    PageMember.objects.all().delete()
    assert api(user).get("/api/acts").json() == {"acts": []}
