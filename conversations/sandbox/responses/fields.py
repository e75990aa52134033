"""Graph's `fields` parameter: names, chained modifiers and braces, parsed into a tree."""

import re
from dataclasses import dataclass
from functools import lru_cache

from .error_responses import GraphFailure

NAME = re.compile(r"\w+")
MODIFIER = re.compile(r"\.(\w+)\(([^()]*)\)")


@dataclass(frozen=True)
class Field:
    """One requested field. `text` is the content of its braces, for the `next` link of the nested edge."""

    name: str
    modifiers: dict[str, str]
    fields: tuple["Field", ...] = ()
    text: str = ""


@lru_cache(maxsize=500)
def parse_fields(text: str) -> tuple[Field, ...]:
    parser = Parser(re.sub(r"\s+", "", text))
    fields = parser.fields()
    if parser.at < len(parser.text):
        raise parser.syntax_error("Expected end of string")
    return fields


class Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def fields(self) -> tuple[Field, ...]:
        fields = [self.field()]
        while self.take(","):
            fields.append(self.field())
        return tuple(fields)

    def field(self) -> Field:
        name = self.match(NAME)
        if name is None:
            raise self.syntax_error("Expected a field name")
        modifiers = {}
        while modifier := self.match(MODIFIER):
            modifiers[modifier[1]] = modifier[2]
        if not self.take("{"):
            return Field(name[0], modifiers)
        start = self.at
        fields = self.fields()
        if not self.take("}"):
            raise self.syntax_error('Expected "}"')
        return Field(name[0], modifiers, fields, self.text[start : self.at - 1])

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def take(self, character: str) -> bool:
        taken = self.text.startswith(character, self.at)
        self.at += taken
        return taken

    def syntax_error(self, expected: str) -> GraphFailure:
        found = self.text[self.at : self.at + 1] or "end of string"
        return GraphFailure(2500, f'Syntax error "{expected} instead of "{found}"." at character {self.at}')
