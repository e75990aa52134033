"""Joining two conversations of one person: what only webhooks have told is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import Conversation, Draft, InteractionEvent
from conversations.sync.load.joining import join, restore
from tests.factories import ConversationFactory, EventFactory, OutgoingMessageFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def conversation(page, **columns) -> Conversation:
    return ConversationFactory(page=page, last_message_time=NOON, **columns)


def event(row: Conversation, mid: str, text: str = "", *, hours: int = 0, **data) -> InteractionEvent:
    time = NOON + hours * HOUR
    return EventFactory(
        conversation=row, graph_id=mid, kind="message_received", text=text, occurred_at=time, data=data
    )


@pytest.mark.parametrize("is_first", [True, False])
def test_newest_of_what_webhooks_have_told_wins(page, is_first):
    early = {"seen_until": NOON, "delivered_until": NOON + 2 * HOUR, "name_asked_at": NOON}
    early |= {"referral": {"ad_id": "1"}, "referred_at": NOON, "ad_id": "1"}
    late = {"seen_until": NOON + HOUR, "delivered_until": None, "unsent_at": NOON}
    late |= {"referral": {"ref": "x"}, "referred_at": NOON + HOUR}
    columns = [early, late] if is_first else [late, early]
    rows = [conversation(page, **each) for each in columns]
    record = join(page, *rows)
    row = Conversation.objects.get()
    assert (row.seen_until, row.delivered_until) == (NOON + HOUR, NOON + 2 * HOUR)
    assert (row.unsent_at, row.name_asked_at) == (NOON, NOON)
    assert (row.referral, row.referred_at, row.ad_id) == ({"ref": "x"}, NOON + HOUR, None)
    second = restore(record)
    second.refresh_from_db()
    assert {name: getattr(second, name) for name in columns[1]} == columns[1]


@pytest.mark.parametrize("is_first", [True, False])
def test_message_that_was_taken_back_under_one_id_is_under_both(page, is_first):
    rows = [conversation(page, last_message="A secret"), conversation(page, unsent_at=NOON)]
    known, unsent = rows if is_first else reversed(rows)
    event(known, "m_0", "Before", hours=-1)
    event(known, "m_1", "A secret")
    known.events.create(
        kind="content_updated", occurred_at=NOON, data={"message": "m_1", "before": "A worse one"}
    )
    event(unsent, "m_1", deleted=True)
    Conversation.objects.filter(pk=known.pk).update(last_message="A secret", unsent_at=None)
    Conversation.objects.filter(pk=unsent.pk).update(last_message="", unsent_at=NOON)
    record = join(page, *Conversation.objects.order_by("pk"))
    row = Conversation.objects.get()
    assert (row.last_message, row.last_message_time) == ("Before", NOON)
    assert row.events.get(graph_id="m_1").data == {"deleted": True}
    assert not row.events.filter(data__has_key="before").exists()
    assert "secret" not in str(record.details)
    restore(record)
    assert set(InteractionEvent.objects.filter(graph_id="m_1").values_list("text", flat=True)) == {""}
    assert InteractionEvent.objects.filter(graph_id="m_1").count() == 2
    assert "secret" not in str(list(Conversation.objects.values_list("last_message", "search")))


def test_content_of_a_message_fills_its_empty_place(page):
    first, second = conversation(page), conversation(page)
    event(first, "m_1", stub=True)
    event(second, "m_1", "Hello")
    join(page, first, second)
    assert Conversation.objects.get().events.get().text == "Hello"


def test_what_users_were_writing_is_kept(page):
    keep, drop = conversation(page), conversation(page)
    anna, ben = UserFactory(), UserFactory()
    for row, user, text, hours in (
        (keep, anna, "Second", 2),
        (drop, anna, "First ", 1),
        (drop, ben, "Alone", 0),
    ):
        changed_at = NOON + hours * HOUR
        Draft.objects.create(conversation=row, user=user, text=text, reply_to=hours, changed_at=changed_at)
    join(page, keep, drop)
    drafts = Draft.objects.order_by("text").values_list("conversation", "user", "text", "reply_to")
    assert list(drafts) == [(keep.pk, ben.pk, "Alone", 0), (keep.pk, anna.pk, "First\n\nSecond", 2)]
    assert Draft.objects.get(user=anna).changed_at == NOON + 2 * HOUR


def test_messages_to_the_customer_go_back_with_their_conversation(page):
    keep, drop = conversation(page), conversation(page)
    own, others = OutgoingMessageFactory(conversation=drop), OutgoingMessageFactory(conversation=keep)
    record = join(page, keep, drop)
    assert set(keep.outgoing.values_list("pk", flat=True)) == {own.pk, others.pk}
    later = OutgoingMessageFactory(conversation=keep)
    second = restore(record)
    assert [row.pk for row in second.outgoing.all()] == [own.pk]
    assert set(keep.outgoing.values_list("pk", flat=True)) == {others.pk, later.pk}
