"""Old conversations of a Page are closed in the admin, which can be undone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.actions import bulk_operations
from conversations.models import AuditEntry, BulkOperation, Conversation, InteractionEvent
from tests.factories import ConversationFactory


def url(page) -> str:
    return f"/admin/conversations/page/{page.pk}/close-history/"


@pytest.fixture
def old(page):
    now = timezone.now()
    ages = [10, 40, 400]
    return [ConversationFactory(page=page, last_message_time=now - timedelta(days=age)) for age in ages]


def statuses() -> list[str]:
    return list(Conversation.objects.order_by("pk").values_list("conversation_status", flat=True))


def text(response) -> str:
    return " ".join(response.content.decode().split())


def test_manager_closes_what_is_old_and_undoes_it(page, old, staff, settings):
    settings.HISTORY_DONE_BEFORE = 100
    client = staff("manager")
    assert "<b>1</b> open conversation without a message for 100 days" in text(client.get(url(page)))
    assert "<b>2</b> open conversations" in text(client.get(url(page), {"days": 30}))
    assert statuses() == ["active"] * 3
    shown = text(client.post(url(page), {"days": 30}, follow=True))
    assert "Marked as done: 2 conversations." in shown
    assert statuses() == ["active", "done", "done"]
    act = InteractionEvent.objects.filter(kind="status_changed").first().data["act"]
    assert AuditEntry.objects.get(action="bulk_changed").details["operation"] == act
    client.post(f"/admin/conversations/conversation/operations/{act}/undo/")
    assert statuses() == ["active"] * 3


def test_many_are_closed_by_a_job(page, old, staff, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 1)
    shown = text(staff("manager").post(url(page), {"days": 30}, follow=True))
    assert "Queued: 2 conversations." in shown
    assert statuses() == ["active"] * 3
    bulk_operations.work()
    assert BulkOperation.objects.get().state == "complete"
    assert statuses() == ["active", "done", "done"]


@pytest.mark.parametrize("days", ["0", "", "x", "999999999999"])
def test_wrong_age_changes_nothing_and_is_explained(page, old, root, days):
    shown = text(root.post(url(page), {"days": days}))
    assert 'role="alert"' in shown
    assert "Mark as done" not in shown
    assert statuses() == ["active"] * 3


def test_link_is_for_managers(page, staff):
    change = f"/admin/conversations/page/{page.pk}/change/"
    assert url(page) in text(staff("manager").get(change))
    assert url(page) not in text(staff("tagger").get(change))
