"""The phrases of `phrases.toml`, by language."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Language:
    share: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    dialogues: tuple[tuple[str, ...], ...]
    family_first: str | None = None

    @classmethod
    def read(cls, table: dict[str, Any]) -> "Language":
        names = {key: tuple(table[key].split()) for key in ("first_names", "last_names")}
        dialogues = tuple(tuple(block.strip().splitlines()) for block in table["dialogues"].split("\n\n"))
        return cls(table["share"], **names, dialogues=dialogues, family_first=table.get("family_first"))

    def full_name(self, first: str, last: str) -> str:
        return f"{first} {last}" if self.family_first is None else f"{last}{self.family_first}{first}"


@cache
def languages() -> tuple[Language, ...]:
    tables = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))
    return tuple(Language.read(table) for table in tables.values())
