"""What the audit log records at each door, who reads it, and what is cleared from it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from conversations.models import AuditEntry, PageMember, PendingConnection, SavedView
from conversations.models.audit import Action, record
from conversations.privacy.forget_person import delete_person
from conversations.tasks import delete_expired
from tests.factories import ConversationFactory, SyncRunFactory, TagFactory, api, member, superuser

AUDIT = "/api/audit"


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_superusers_read_it_by_cursor(user):
    boss = superuser()
    for _ in range(3):
        record(Action.EXPORTED, actor=boss, target="all Pages", rows=1)
    assert api(user).get(AUDIT).status_code == 403
    first = api(boss).get(AUDIT, {"limit": 2, "action": "exported"}).json()
    second = api(boss).get(
        AUDIT, {"limit": 2, "action": "exported", "cursor": first["pagination"]["nextCursor"]}
    )
    entry = second.json()["entries"][0]
    assert entry.pop("at")
    assert entry == {
        "id": AuditEntry.objects.order_by("pk").first().pk,
        "action": "exported",
        "actor": {"id": boss.pk, "name": boss.username},
        "target": {"type": "", "id": "", "name": "all Pages"},
        "address": "",
        "details": {"rows": 1},
    }


def test_refusals_exports_and_bulk_operations_are_recorded(page, user, three):
    browser, tag = api(user), TagFactory()
    browser.get("/api/conversations/export?format=ndjson&search=ann", REMOTE_ADDR="192.0.2.9")
    body = {"conversationIds": three, "tagIds": [tag.pk], "action": "assign"}
    browser.post("/api/conversations/bulk-tags", body | {"dry_run": True}, format="json")
    act = browser.post("/api/conversations/bulk-tags", body, format="json").json()["act"]
    browser.post(f"/api/acts/{act}/undo")
    browser.get(AUDIT)
    exported, changed, undone, refused = AuditEntry.objects.order_by("pk")
    assert (exported.action, exported.address, exported.actor) == ("exported", "192.0.2.9", user)
    assert exported.details["filter"]["search"] == "ann"
    assert (exported.details["what"], exported.details["format"]) == ("conversations", "ndjson")
    assert changed.details["operation"] == act
    assert (changed.details["changed"], changed.details["tagIds"]) == (3, [tag.pk])
    assert (undone.action, undone.details["operation"]) == ("bulk_undone", act)
    assert (refused.action, refused.target_name) == ("refused", AUDIT)


def test_nobody_fills_the_table_with_refusals(page, user):
    for _ in range(40):
        api(user).get(AUDIT)
    assert len(actions()) == 30


def test_roles_and_settings_of_pages_are_recorded(page, client):
    boss, anna = superuser(), member(page, "viewer")
    client.force_login(boss)
    role = PageMember.objects.get(user=anna)
    form = {
        "name": "New name",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "1",
        "members-0-id": role.pk,
        "members-0-page": page.pk,
        "members-0-user": anna.pk,
        "members-0-role": "manager",
    }
    assert client.post(f"/admin/conversations/page/{page.pk}/change/", form).status_code == 302
    changed, role_changed = AuditEntry.objects.exclude(action="signed_in").order_by("pk")
    assert (changed.action, changed.target_name) == ("page_changed", "New name")
    assert (role_changed.target_name, role_changed.details["role"]) == (anna.username, "manager")
    shown = client.get("/admin/conversations/auditentry/").content.decode()
    assert "Role changed" in shown


@pytest.mark.parametrize("name", ["Ana María Kos", "Юлия Ильина"])
def test_deleting_a_person_clears_the_words_that_name_them(page, name):
    boss, person = superuser(), ConversationFactory(page=page, sender_name=name, graph_id="t_77")
    first = name.split()[0]
    for number, search in enumerate([name.upper(), first.lower(), person.sender_id, "refund", "an"]):
        SavedView.objects.create(name=f"view {number}", owner=boss, query={"search": search})
    record(Action.EXPORTED, actor=boss, filter={"search": first})
    record(Action.EXPORTED, actor=boss, filter={"search": "refund"})
    named = SyncRunFactory(page=page, notes=["t_77 could not be read", "slow"], error=f"{name}: odd")
    delete_person(person, actor=boss)
    assert [view.query["search"] for view in SavedView.objects.order_by("pk")] == ["refund", "an"]
    assert [entry.details for entry in AuditEntry.objects.order_by("pk")[:2]] == [
        {"erased": True},
        {"filter": {"search": "refund"}},
    ]
    named.refresh_from_db()
    assert [first in named.error, named.notes[1], "t_77" in named.notes[0]] == [False, "slow", False]
    erased = AuditEntry.objects.latest("pk")
    assert (erased.action, erased.details["conversation"]) == ("person_erased", person.pk)


def test_a_job_deletes_what_has_expired(db):
    old = timezone.now() - timedelta(minutes=15)
    PendingConnection.objects.create(scope="EAA", created_at=old)
    fresh = PendingConnection.objects.create(scope="EAA")
    browser = Client()
    browser.force_login(superuser())
    Session.objects.update(expire_date=old)
    delete_expired()
    assert PendingConnection.objects.get() == fresh
    assert not Session.objects.exists()
