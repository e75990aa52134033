import pytest

from conversations.models import InteractionEvent
from conversations.tagging import tag_conversations
from tags.models import Tag
from tests.factories import ConversationFactory, TagFactory

TAGS = "/admin/tags/tag"


def test_new_tag_gets_a_slug_and_keeps_it(root):
    assert root.post(f"{TAGS}/add/", {"name": "VIP guests", "color": "#112233"}).status_code == 302
    tag = Tag.objects.get()
    assert (tag.slug, tag.color) == ("vip-guests", "#112233")
    form = {"name": "Best", "color": "#445566", "slug": "mine"}
    assert root.post(f"{TAGS}/{tag.pk}/change/", form).status_code == 302
    tag.refresh_from_db()
    assert (tag.name, tag.slug, tag.color) == ("Best", "vip-guests", "#445566")


def test_taken_name_is_refused_in_the_form(root):
    TagFactory(name="Straße")
    answer = root.post(f"{TAGS}/add/", {"name": "STRASSE", "color": "#112233"})
    assert answer.status_code == 200
    assert "There is a tag of this name already" in answer.content.decode()


def test_deleting_takes_it_off_with_events_first(page, root):
    tag, row = TagFactory(), ConversationFactory(page=page)
    tag_conversations([row.pk], [tag], actor=None)
    assert "taken off every conversation" in root.get(f"{TAGS}/{tag.pk}/delete/").content.decode()
    assert root.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Tag.objects.exists()
    assert InteractionEvent.objects.filter(kind="tag_removed", actor=root.user).count() == 1


@pytest.mark.parametrize(("role", "adds"), [("viewer", 403), ("tagger", 302), ("manager", 302)])
def test_taggers_make_tags_and_superusers_change_them(staff, role, adds):
    tag, client = TagFactory(name="VIP"), staff(role)
    assert "VIP" in client.get(f"{TAGS}/").content.decode()
    assert client.post(f"{TAGS}/add/", {"name": "New", "color": "#112233"}).status_code == adds
    assert client.post(f"{TAGS}/{tag.pk}/change/", {"name": "Old", "color": "#112233"}).status_code == 403
    assert client.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}).status_code == 403
