import pytest

from conversations.actions import bulk_operations
from conversations.actions.tagging import tag_conversations
from conversations.models import InteractionEvent
from tags.models import Tag
from tests.factories import ConversationFactory, TagFactory

TAGS = "/admin/tags/tag"


def test_new_tag_gets_a_permanent_slug(root):
    assert root.post(f"{TAGS}/add/", {"name": "VIP guests", "color": "#112233"}).status_code == 302
    tag = Tag.objects.get()
    assert (tag.slug, tag.color) == ("vip-guests", "#112233")
    form = {"name": "Best", "color": "#445566", "slug": "mine"}
    assert root.post(f"{TAGS}/{tag.pk}/change/", form).status_code == 302
    tag.refresh_from_db()
    assert (tag.name, tag.slug, tag.color) == ("Best", "vip-guests", "#445566")


def test_form_rejects_a_name_in_use(root):
    TagFactory(name="Straße")
    response = root.post(f"{TAGS}/add/", {"name": "STRASSE", "color": "#112233"})
    assert response.status_code == 200
    assert "A tag with this name already exists" in response.content.decode()


def test_deleting_a_tag_removes_it_from_conversations_with_events(page, root):
    tag, row = TagFactory(), ConversationFactory(page=page)
    tag_conversations([row.pk], [tag], actor=None)
    assert "removed from every conversation" in root.get(f"{TAGS}/{tag.pk}/delete/").content.decode()
    assert root.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Tag.objects.exists()
    assert InteractionEvent.objects.filter(kind="tag_removed", actor=root.user).count() == 1


def test_a_tag_on_many_conversations_is_deleted_in_the_background(page, root, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 0)
    tag = TagFactory(name="VIP")
    tag_conversations([ConversationFactory(page=page).pk], [tag], actor=None)
    shown = root.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}, follow=True).content.decode()
    assert "VIP is on many conversations." in shown
    assert "deleted successfully" not in shown
    bulk_operations.work()
    assert not Tag.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("tagger", 302), ("manager", 302)])
def test_taggers_create_tags_and_only_superusers_change_them(staff, role, status):
    tag, client = TagFactory(name="VIP"), staff(role)
    assert "VIP" in client.get(f"{TAGS}/").content.decode()
    assert client.post(f"{TAGS}/add/", {"name": "New", "color": "#112233"}).status_code == status
    assert client.post(f"{TAGS}/{tag.pk}/change/", {"name": "Old", "color": "#112233"}).status_code == 403
    assert client.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}).status_code == 403
