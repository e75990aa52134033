"""The audit log keeps what it is told, and the database refuses to change it."""

import pytest
from django.db import Error, connection, transaction
from django.test import RequestFactory

from conversations.models import AuditEntry
from conversations.models.audit import Action, record
from tests.factories import ConversationFactory, UserFactory

OLD = "UPDATE conversations_auditentry SET at = now() - interval '401 days'"


@pytest.fixture
def request_of_anna(db):
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    request.user = UserFactory(username="anna")
    return request


def test_an_entry_says_who_did_what_on_what_and_from_where(request_of_anna):
    record(Action.EXPORTED, request=request_of_anna, target="all Pages", rows=3, search="a\x00" + "b" * 900)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name, entry.address) == (request_of_anna.user, "anna", "192.0.2.7")
    assert (entry.action, entry.target_name) == ("exported", "all Pages")
    assert entry.details["rows"] == 3
    assert len(entry.details["search"]) == 500
    assert "\x00" not in entry.details["search"]


def test_no_name_of_a_customer_gets_into_the_log(db):
    record(Action.REFUSED, target=ConversationFactory(sender_name="Ana Kos"))
    assert AuditEntry.objects.get().target_type == "conversation"
    assert AuditEntry.objects.get().target_name == ""


def test_the_database_refuses_to_change_or_delete_an_entry(request_of_anna):
    entry = record(Action.SIGNED_IN, request=request_of_anna)
    rows = AuditEntry.objects.all()
    for act in (rows.delete, lambda: rows.update(actor_name="bea"), lambda: rows.update(details={"x": 1})):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            act()
    request_of_anna.user.delete()  # the entry outlives its user, unchanged
    assert AuditEntry.objects.get() == entry
    assert AuditEntry.objects.get().actor_name == "anna"


def test_words_can_be_erased_and_old_entries_deleted(request_of_anna):
    record(Action.EXPORTED, request=request_of_anna, target="Ana", search="Ana")
    AuditEntry.objects.update(target_name="", details={"erased": True})
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_auditentry DISABLE TRIGGER USER")
        cursor.execute(OLD)
        cursor.execute("ALTER TABLE conversations_auditentry ENABLE TRIGGER USER")
    assert AuditEntry.objects.all().delete()[0] == 1
