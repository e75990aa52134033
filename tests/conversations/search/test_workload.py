"""The work of the members of Pages: closed today, assigned, and what a user did."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.actions.assigning import assign_conversations
from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.actions.targets import targets_by_id
from conversations.models import InteractionEvent
from conversations.search import workload as module
from conversations.search.index.message_index import index_pending
from conversations.search.workload import acts_of, workload
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    UserFactory,
    member,
    superuser,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    return PageFactory()


@pytest.fixture
def anna(page):
    user = member(page, "tagger")
    user.username = "anna"
    user.save()
    return user


def closed(*pages, **options) -> dict[str, int]:
    return {one.name: one.closed_today for one in workload([page.pk for page in pages], **options)}


def test_conversations_that_were_closed_today_are_counted_once(page, anna):
    rows = ConversationFactory.create_batch(3, page=page)
    ids = [row.pk for row in rows]
    for status in ("done", "active", "done"):
        set_status(ids, status, actor=anna)
    assert closed(page) == {"anna": 3}
    set_status(ids[:1], "active", actor=anna)
    assert closed(page) == {"anna": 2}
    yesterday = timezone.now() - timedelta(days=1, minutes=1)
    InteractionEvent.objects.filter(conversation=rows[1]).update(occurred_at=yesterday)
    assert closed(page) == {"anna": 1}


def test_only_who_may_act_and_only_these_pages_count(page, anna):
    other = PageFactory()
    PageMemberFactory(page=other, user=anna, role="manager")
    member(page, "viewer")
    member(PageFactory(), "manager")
    UserFactory(username="left", is_active=False, is_superuser=True)
    boss = superuser()
    set_status([ConversationFactory(page=other).pk], "done", actor=anna)
    assert closed(page) == {"anna": 0, boss.username: 0}
    assert closed(page, other) == {"anna": 1, boss.username: 0}
    assert closed(page, users=[anna.pk]) == {"anna": 0}


def test_number_of_members_and_queries_is_bounded(page, monkeypatch, django_assert_num_queries):
    for _ in range(5):
        member(page, "tagger")
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    with django_assert_num_queries(4):
        assert len(workload([page.pk])) == 3


def test_open_conversations_and_reply_times_of_who_is_assigned(page, anna):
    now = timezone.now()
    rows = ConversationFactory.create_batch(4, page=page)
    waits = [(rows[0], 1, 60), (rows[1], 2, 600), (rows[2], 40, 5), (rows[3], 1, 7)]
    for row, days, seconds in waits:
        asked = now - timedelta(days=days)
        EventFactory(conversation=row, kind="message_received", occurred_at=asked)
        EventFactory(conversation=row, kind="message_sent", occurred_at=asked + timedelta(seconds=seconds))
    index_pending()
    bert = member(page, "manager")
    assign_conversations(anna.pk, targets_by_id([row.pk for row in rows[:3]]), actor=None)
    set_status([rows[0].pk], "done", actor=None)
    found = {one.user: one for one in workload([page.pk])}
    assert (found[anna.pk].open, found[anna.pk].first_reply) == (2, 330)
    assert (found[bert.pk].open, found[bert.pk].first_reply) == (0, None)
    elsewhere = workload([PageFactory().pk], users=[anna.pk])
    assert elsewhere == []


# -- what a user did -----------------------------------------------------------------------------------------
def test_acts_are_newest_first_and_continue(page, anna, monkeypatch):
    monkeypatch.setattr(module, "MAX_ACTS", 2)
    row = ConversationFactory(page=page, sender_name="Ada")
    foreign = ConversationFactory()
    tag = TagFactory(name="VIP")
    tag_conversations([row.pk, foreign.pk], [tag], actor=anna)
    set_status([row.pk], "done", actor=anna)
    set_status([row.pk], "active", actor=anna)
    set_status([row.pk], "done", actor=superuser())
    first = acts_of(anna.pk, page.pk)
    assert [(act.kind, act.status, act.sender) for act in first] == [
        ("status_changed", "active", "Ada"),
        ("status_changed", "done", "Ada"),
    ]
    [last] = acts_of(anna.pk, page.pk, before=first[-1].event)
    assert (last.kind, last.tag, last.conversation) == ("tag_added", "VIP", row.pk)
    assert acts_of(anna.pk, page.pk, before=last.event) == []
    others = InteractionEvent.objects.exclude(actor=anna).exclude(actor=None).get()
    assert acts_of(anna.pk, page.pk, before=others.pk) == []
