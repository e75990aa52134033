"""Needs reply: the customer wrote last, over 24 hours ago, and the conversation is not done."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Conversation
from conversations.models.search import PageCount
from tests.factories import ConversationFactory, EventFactory, PageFactory, api, superuser

RECEIVED, SENT = "message_received", "message_sent"


def waiting_names(value: str, **parameters) -> list[str]:
    answer = api(superuser()).get("/api/conversations", {"waiting": value, **parameters})
    return [row["sender_name"] for row in answer.json()["conversations"]]


@pytest.mark.django_db
def test_customer_who_wrote_last_needs_a_reply_after_a_day_until_done():
    page = PageFactory()
    for name, hours, kind, status in [
        ("late", 25, RECEIVED, "active"),
        ("soon", 23, RECEIVED, "active"),
        ("answered", 25, SENT, "active"),
        ("unknown", 25, "", "active"),
        ("done", 25, RECEIVED, "done"),
    ]:
        ConversationFactory(
            page=page,
            sender_name=name,
            last_message_time=timezone.now() - timedelta(hours=hours),
            last_message_kind=kind,
            conversation_status=status,
        )
    assert waiting_names("true") == ["late"]
    assert sorted(waiting_names("false")) == ["answered", "done", "soon", "unknown"]
    assert waiting_names("true", status="done") == []
    Conversation.objects.filter(sender_name="done").update(conversation_status="active")
    assert sorted(waiting_names("1")) == ["done", "late"]


@pytest.mark.django_db(transaction=True)
def test_migration_fills_the_kind_from_the_newest_message():
    ana, ben, cleo, _ = (ConversationFactory(sender_name=name) for name in ("Ana", "Ben", "Cleo", "Dora"))
    for row, kind, hours in [
        (ana, SENT, -2),
        (ana, RECEIVED, 0),
        (ana, "tag_added", 1),
        (ben, SENT, 0),
        (cleo, RECEIVED, -1),  # Facebook reports a newer message, which is not stored
    ]:
        EventFactory(conversation=row, kind=kind, occurred_at=row.last_message_time + timedelta(hours=hours))
    migration = import_module("conversations.migrations.0030_waiting")
    PageCount.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)
        cursor.execute(migration.COUNT)
    kinds = dict(Conversation.objects.values_list("sender_name", "last_message_kind"))
    assert kinds == {"Ana": RECEIVED, "Ben": SENT, "Cleo": "", "Dora": ""}
    assert PageCount.objects.get(page=ana.page).facets == 8
