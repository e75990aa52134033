import pytest
from django.test import Client

from tags.models import Tag
from tests.factories import TagFactory, superuser

TAGS = "/admin/tags/tag"


@pytest.fixture
def root(db):
    client = Client()
    client.force_login(superuser())
    return client


def test_new_tag_gets_a_slug_and_keeps_it(root):
    assert root.post(f"{TAGS}/add/", {"name": "VIP guests", "color": "#112233"}).status_code == 302
    tag = Tag.objects.get()
    assert tag.slug == "vip-guests"
    form = {"name": "Best", "color": "#112233", "slug": "mine"}
    assert root.post(f"{TAGS}/{tag.pk}/change/", form).status_code == 302
    tag.refresh_from_db()
    assert (tag.name, tag.slug) == ("Best", "vip-guests")


def test_taken_name_is_refused_in_the_form(root):
    TagFactory(name="Straße")
    answer = root.post(f"{TAGS}/add/", {"name": "STRASSE", "color": "#112233"})
    assert answer.status_code == 200
    assert "There is a tag of this name already" in answer.content.decode()


def test_tags_are_not_deleted_behind_the_conversations_back(root):
    tag = TagFactory()
    assert root.post(f"{TAGS}/{tag.pk}/delete/", {"post": "yes"}).status_code == 403
    assert root.get(f"{TAGS}/").status_code == 200
