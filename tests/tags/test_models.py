from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from conversations.models.audit import AuditEntry
from tags import models
from tags.models import NameTaken, Tag, TooManyTags, change_tag, create_tag, find_by_name, free_slug
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
    with pytest.raises(ValidationError, match="control"), transaction.atomic():
        Tag(name="a\x07b", slug="x").full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(name="vip", slug="free")


def test_no_more_than_the_limit_of_tags(monkeypatch):
    monkeypatch.setattr(models, "MAX_TAGS", 1)
    tag = create_tag("VIP")
    with pytest.raises(TooManyTags):
        create_tag("Late")
    with pytest.raises(ValidationError, match="limit"):
        Tag(name="Late", slug="late").full_clean()
    assert change_tag(tag, name="Late").name == "Late"


def test_names_that_an_upgrade_changes_are_in_the_audit_log():
    migration = import_module("tags.migrations.0003_name_keys")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tags_tag DROP CONSTRAINT tag_name_key")
        for name in ("iade", "İade", "ok"):
            cursor.execute(
                "INSERT INTO tags_tag (name, slug, color, name_key, sort_key) VALUES (%s, %s, '', '', '')",
                [name, f"s-{name}"],
            )
    with connection.schema_editor() as schema_editor:
        migration.fill(apps, schema_editor)
    assert [tag.name for tag in Tag.objects.all()] == ["iade", "İade (2)", "ok"]
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.target_name, entry.details["from"]) == ("tag_renamed", "İade (2)", "İade")


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


@pytest.mark.parametrize("migration", ["0004_order_of_letters", "0005_order_of_signs"])
def test_upgrade_sorts_existing_tags_anew(migration):
    names = ["cz", "čas", "d"]
    for name in reversed(names):
        Tag.objects.filter(pk=TagFactory(name=name).pk).update(sort_key=b"")
    with connection.schema_editor() as schema_editor:
        import_module(f"tags.migrations.{migration}").sort_anew(apps, schema_editor)
    assert [tag.name for tag in Tag.objects.all()] == names
