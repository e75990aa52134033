import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tags.models import NameTaken, Tag, change_tag, create_tag, find_by_name, free_slug
from tests.factories import TagFactory

pytestmark = pytest.mark.django_db


def test_tag_is_found_by_its_name_in_any_case():
    tag = TagFactory(name="Straße")
    assert find_by_name("STRASSE") == tag
    assert find_by_name("Str") is None


def test_taken_name_is_refused_whoever_asks():
    TagFactory(name="VIP")
    other = TagFactory(name="Other")
    with pytest.raises(NameTaken, match="VIP"):
        create_tag("vip")
    with pytest.raises(NameTaken):
        change_tag(other, name="Vip")
    with pytest.raises(ValidationError), transaction.atomic():
        Tag(name="vIP", slug="x").full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(name="vip", slug="free")


def test_own_name_may_change_its_case():
    tag = TagFactory(name="VIP")
    assert change_tag(tag, name="Vip", color="#000000").slug == "vip"
    tag.full_clean()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("VIP guests", "vip-guests"),
        ("Größe", "größe"),
        ("2024", "tag-2024"),
        ("٢٠٢٤", "tag-٢٠٢٤"),
        ("!!!", "tag"),
        ("x" * 100, "x" * 100),
    ],
)
def test_slug_comes_from_the_name_and_is_no_number(name, slug):
    assert free_slug(name) == slug
    assert create_tag(name).slug == slug
    assert free_slug(name) == f"{slug}-2"


def test_free_slug_fills_no_slug_that_is_taken():
    for slug in ("vip", "vip-2", "vip-gold"):
        TagFactory(slug=slug)
    assert free_slug("VIP") == "vip-3"


def test_database_refuses_a_slug_of_digits():
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(name="Year", slug="2024")
