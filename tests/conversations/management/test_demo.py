import pytest

from conversations.management.commands.demo import PAGE_ID, TAGS, make_tags
from conversations.models import ConversationTag
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
