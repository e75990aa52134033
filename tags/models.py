"""Tags for conversations; all Pages share them."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import connection, models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.labels import MAX_NAME, InvalidName, NameKeyField, SortKeyField, clean_name, name_key
from conversations.lib.notify import notify_all_pages

MAX_TAGS = 1000  # of the installation
TOO_MANY = _("There are %(number)s tags, which is the limit. Delete one first.")
COLOR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("Enter a color such as #1f7a8c."))


class NameTaken(Exception):
    """Another tag already has this name, ignoring case."""

    def __init__(self, tag: "Tag"):
        super().__init__(gettext("A tag with this name already exists: %(name)s.") % {"name": tag.name})


class TooManyTags(Exception):
    def __init__(self) -> None:
        super().__init__(TOO_MANY % {"number": f"{MAX_TAGS:,}"})


class Tag(models.Model):
    """A tag. Its slug does not change with the name, so links keep working."""

    name = models.CharField(max_length=MAX_NAME)
    slug = models.SlugField(max_length=120, allow_unicode=True, db_index=False)
    color = models.CharField(max_length=7, default="#64748b", validators=[COLOR])
    name_key = NameKeyField()
    sort_key = SortKeyField()

    class Meta:
        ordering = ["sort_key", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                name="tag_name_key",
                violation_error_message=_("A tag with this name already exists."),
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
        try:
            self.name = clean_name(self.name)
            refuse_taken_name(self.name, self.pk)
            if self.pk is None:
                refuse_one_too_many()
        except (InvalidName, NameTaken, TooManyTags) as error:
            raise ValidationError({"name": str(error)}) from None


@transaction.atomic
def create_tag(name: str, **fields) -> Tag:
    """Raises InvalidName, NameTaken and TooManyTags."""
    name = clean_name(name)
    lock_tags()
    refuse_taken_name(name)
    refuse_one_too_many()
    tag = Tag.objects.create(name=name, slug=free_slug(name), **fields)
    notify_all_pages()
    return tag


@transaction.atomic
def change_tag(tag: Tag, *, name: str, **fields) -> Tag:
    """Renames or recolours the tag. Raises InvalidName and NameTaken."""
    name = clean_name(name)
    lock_tags()
    refuse_taken_name(name, tag.pk)
    for field, value in {"name": name, **fields}.items():
        setattr(tag, field, value)
    tag.save()
    notify_all_pages()
    return tag


def lock_tags() -> None:
    """Let no other transaction write a tag before this one ends. Tags still go on conversations."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE tags_tag IN SHARE ROW EXCLUSIVE MODE")


def refuse_taken_name(name: str, own_id: int | None = None) -> None:
    """Raises NameTaken if a tag other than this one has the name."""
    if (other := find_by_name(name)) and other.pk != own_id:
        raise NameTaken(other)


def refuse_one_too_many() -> None:
    if Tag.objects.count() >= MAX_TAGS:
        raise TooManyTags


def find_by_name(name: str) -> "Tag | None":
    """The tag of this name, whatever its case and its i."""
    return Tag.objects.filter(name_key=name_key(name)).first()


def free_slug(name: str) -> str:
    """A slug for this name that no tag has and that is not a number."""
    base = slugify(name, allow_unicode=True)[:100].strip("-_") or "tag"
    if re.fullmatch(r"\d+", base):
        base = f"tag-{base}"
    taken = set(Tag.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = (f"{base}-{number}" if number > 1 else base for number in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)
