"""Tags for conversations; all Pages share them."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.text import slugify


class NameTaken(Exception):
    """Another tag already has this name, ignoring case."""

    def __init__(self, tag: "Tag"):
        super().__init__(f"A tag with this name already exists: {tag.name}.")


COLOR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Enter a color such as #1f7a8c.")


class Tag(models.Model):
    """A tag. Its slug does not change with the name, so links keep working."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120, allow_unicode=True, db_index=False)
    color = models.CharField(max_length=7, default="#64748b", validators=[COLOR])

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="tag_name", violation_error_message="A tag with this name already exists."
            ),
            models.UniqueConstraint(fields=["slug"], name="tag_slug"),
            # Filters accept IDs and slugs; a slug of digits would be taken for an ID.
            models.CheckConstraint(
                condition=~models.Q(slug__regex=r"^[0-9]*$"), name="tag_slug_not_a_number"
            ),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        if (other := find_by_name(self.name)) and other.pk != self.pk:
            raise ValidationError({"name": str(NameTaken(other))})


def create_tag(name: str, **fields) -> Tag:
    """Raises NameTaken."""
    if other := find_by_name(name):
        raise NameTaken(other)
    return Tag.objects.create(name=name, slug=free_slug(name), **fields)


def change_tag(tag: Tag, *, name: str, **fields) -> Tag:
    """Renames or recolours the tag. Raises NameTaken."""
    if (other := find_by_name(name)) and other.pk != tag.pk:
        raise NameTaken(other)
    for field, value in {"name": name, **fields}.items():
        setattr(tag, field, value)
    tag.save()
    return tag


def find_by_name(name: str) -> "Tag | None":
    """The tag of this name in any case, compared in Python: no database locale matters."""
    wanted = name.casefold()
    return next((tag for tag in Tag.objects.all() if tag.name.casefold() == wanted), None)


def free_slug(name: str) -> str:
    """A slug for this name that no tag has and that is not a number."""
    base = slugify(name, allow_unicode=True)[:100].strip("-_") or "tag"
    if re.fullmatch(r"\d+", base):
        base = f"tag-{base}"
    taken = set(Tag.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = (f"{base}-{number}" if number > 1 else base for number in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)
