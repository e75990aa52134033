from datetime import timedelta

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, SyncRun
from conversations.models.roles import Role
from tests.factories import (
    NOON,
    ConversationFactory,
    EventFactory,
    PageFactory,
    PageMemberFactory,
    SyncRunFactory,
    TagFactory,
    member,
    superuser,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role)
def test_member_sees_the_rows_of_the_own_pages(role):
    page = PageFactory()
    user = member(page, role)
    ConversationFactory(page=page)
    PageMemberFactory(page=page, role="manager")  # the role of another user
    ConversationFactory(page=PageMemberFactory(role="manager").page)
    assert list(Page.objects.visible_to(user)) == [page]
    assert [row.page for row in Conversation.objects.visible_to(user)] == [page]


def test_superuser_sees_every_page():
    page = PageFactory()
    assert list(Page.objects.visible_to(superuser())) == [page]


def test_counts_of_a_page_are_not_multiplied_by_its_members():
    page = PageFactory()
    user = member(page)
    PageMemberFactory.create_batch(3, page=page)
    ConversationFactory.create_batch(2, page=page, unread_count=4)
    ConversationFactory(page=page)
    for rows in (Page.objects.all(), Page.objects.visible_to(user).with_role_of(user)):
        counted = rows.with_counts().get(pk=page.pk)
        assert (counted.conversation_count, counted.unread_count) == (3, 2)


def test_newest_conversations_come_first_then_higher_ids_and_nulls_last():
    never = ConversationFactory(last_message_time=None)
    older, tied, higher = (
        ConversationFactory(last_message_time=NOON + timedelta(hours=hours)) for hours in (0, 1, 1)
    )
    assert list(Conversation.objects.newest_first()) == [higher, tied, older, never]


def test_events_after_a_cursor_include_those_of_the_same_time():
    conversation = ConversationFactory()
    first, second, third = (EventFactory(conversation=conversation, occurred_at=NOON) for _ in range(3))
    older = EventFactory(conversation=conversation, occurred_at=NOON - timedelta(days=1))
    rows = InteractionEvent.objects.newest_first()
    assert list(rows) == [third, second, first, older]
    assert list(rows.after_cursor(NOON, second.pk)) == [first, older]


def test_tags_are_counted_on_visible_pages():
    tag, unused = TagFactory(), TagFactory()
    page = PageFactory()
    user, seen, hidden = member(page), ConversationFactory(page=page), ConversationFactory()
    tag_conversations([seen.pk, hidden.pk], [tag], actor=None)
    assert ConversationTag.objects.counts_visible_to(user) == {tag.pk: 1}
    assert ConversationTag.objects.counts_visible_to(superuser()) == {tag.pk: 2}
    assert unused.pk not in ConversationTag.objects.counts_visible_to(superuser())


def test_runs_are_active_until_they_end():
    page = PageFactory()
    queued = SyncRunFactory(page=page, status="queued", ended_at=None)
    working = SyncRunFactory(page=page, status="syncing", ended_at=None)
    SyncRunFactory(page=page)
    assert list(SyncRun.objects.active().newest_first()) == [working, queued]
