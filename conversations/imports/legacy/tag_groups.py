"""Merges the tags of all users of the old application: names that are the same here become one tag."""

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct, field

from conversations.imports.legacy.shaping import as_id, as_time
from conversations.imports.legacy.source import Row, SourceError
from conversations.lib.labels import MAX_NAME, name_key, tidy

BLOCKED, BLOCKED_NAME = "blocked", "blocked"  # the key of staged rows, and the tag
STAGE = "Stage: {}"
MAX_TAGS = 100_000  # that are read
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class LegacyTag(Struct):
    key: str
    name: str
    color: str
    created_at: str
    is_optional: bool = False  # it becomes a tag only if somebody has it


class TagGroup(Struct):
    """Tags that become one, by their keys. Without a valid color it is empty."""

    name: str
    color: str = ""
    keys: list[str] = field(default_factory=list)
    is_optional: bool = True


class TagList:
    """Collects the tags and the stages of pipelines that a source has."""

    def __init__(self) -> None:
        self._tags = [LegacyTag(BLOCKED, BLOCKED_NAME, "", "9999", is_optional=True)]
        self.unnamed: set[str] = set()  # the keys of those without a usable name

    def add_tag(self, row: Row) -> None:
        legacy_id, name, color, created_at = row
        self._add(
            LegacyTag(as_id(legacy_id), storable(name or ""), color or "", as_time(created_at) or "9999")
        )

    def add_stage(self, row: Row) -> None:
        legacy_id, name, color, created_at = row
        label = storable(STAGE.format(name)) if storable(name or "") else ""
        self._add(
            LegacyTag(f"stage:{as_id(legacy_id)}", label, color or "", as_time(created_at) or "9999", True)
        )

    def _add(self, tag: LegacyTag) -> None:
        if len(self._tags) >= MAX_TAGS:
            raise SourceError(f"There are more than {MAX_TAGS:,} tags.")
        if tag.name:
            self._tags.append(tag)
        else:
            self.unnamed.add(tag.key)

    def groups(self) -> list[TagGroup]:
        """Return one group for each name: the oldest gives the name, the oldest with a color the color."""
        return grouped(sorted(self._tags, key=lambda tag: (tag.created_at, tag.key)))


def grouped(tags: Iterable[LegacyTag]) -> list[TagGroup]:
    groups: dict[str, TagGroup] = {}
    for tag in tags:
        group = groups.setdefault(name_key(tag.name), TagGroup(tag.name))
        group.keys.append(tag.key)
        group.is_optional &= tag.is_optional
        if not group.color and COLOR.fullmatch(tag.color.strip()):
            group.color = tag.color.strip()
    return list(groups.values())


def storable(name: str) -> str:
    """Return the name as a tag can have it; empty if nothing of it can be seen."""
    drawn = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in name)
    return tidy(drawn)[:MAX_NAME].rstrip()
