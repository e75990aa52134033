import pytest

from conversations.management.commands.demo import PAGE_ID, TAGS, make_tags, make_work
from conversations.models import ConversationTag, InteractionEvent
from tests.factories import ConversationFactory, PageFactory


@pytest.mark.django_db
def test_tags_of_the_demo_are_assigned_once():
    page = PageFactory(facebook_page_id=PAGE_ID)
    ConversationFactory.create_batch(3, page=page, message_count=30, unread_count=1)
    ConversationFactory.create_batch(8, page=page, last_message="Where is my order?")
    make_tags()
    assert set(ConversationTag.objects.values_list("tag__name", flat=True)) == set(TAGS)
    before = ConversationTag.objects.count()
    ConversationTag.objects.first().delete()
    make_tags()
    assert ConversationTag.objects.count() == before - 1


@pytest.mark.django_db
def test_colleagues_of_the_demo_have_work_once(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    page = PageFactory(facebook_page_id=PAGE_ID)
    ConversationFactory.create_batch(40, page=page)
    make_work()
    assert set(page.members.values_list("user__username", "role")) == {("anna", "tagger"), ("ben", "tagger")}
    assigned = page.conversations.exclude(assignee=None)
    assert set(assigned.values_list("assignee__username", flat=True)) == {"demo", "anna", "ben"}
    assert page.conversations.exclude(snoozed_until=None).count() == 4
    assert InteractionEvent.objects.filter(kind="note_added", data__mentions__0__name="demo").count() == 1
    page.conversations.update(assignee=None)
    make_work()
    assert not assigned.all().exists()
