"""Scripts mark all texts that people see (docs/contributing.md, "A text")."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import texts

ROOT = texts.ROOT
LETTERS = re.compile(r"[A-Za-z]{2}")
GETTEXT = {"gettext", "ngettext", "gettextParts", "plural"}
TEXT = re.compile(
    r"^[“ ·]*[A-Z][a-z]+('s|…)?([ .,:!?…]|$)|[a-z]{2,}[,.:]? [a-z]{2,}"
    r"|\} [a-z]{2,}|^ [a-z]{2,}|[a-z]{2,} \$\{"
)
NOT_A_TEXT = re.compile(
    r"[#\[\]<>=]|--|\w/\w|^\.|^\w+\.\w|\$\{\w+\} \$\{|(^|\s):\w+\("  # selectors and styles
    r"|^(Enter|Escape|Tab|Arrow|Home|End|Alt|Shift|Control)$|^t(r|head) \w|\$\{\} input"
    r"|^(Notification|Range|Prefer|Retry-After|Content-Type)$|^noopener|^no-|^default-src"
    r"|^(Inbox|Facebook|Messenger|Instagram)$| \u2013 Inbox$"  # names
    r"|^day of \$\{\}$|^\$\{\} d \$\{\} h "  # a key, and symbols of units
)
# Errors for who writes a view of the inbox page (docs/frontend.md), and lists of words of HTML.
FOR_DEVELOPERS = {
    f"inbox/frontend/core/{name}.mjs"
    for name in (
        "children",
        "dom",
        "keyed-list",
        "preferences",
        "properties",
        "state",
        "targets",
        "time-zone",
    )
}
# Calls that take no texts, but names of things and selectors.
OTHER_CALLS = {
    "RegExp",
    "URL",
    "closest",
    "getElementById",
    "lazy",
    "matches",
    "querySelector",
    "querySelectorAll",
}
FOR_ONE_CALL = {"conversations/static/conversations/html.js"}  # throws what its callers replace by a text


TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?P<template> ` (?: \\. | \$\{ (?: [^{}`] | `[^`]*` | \{[^{}]*\} )* \} | [^`\\] )* ` )
    | (?P<name> [A-Za-z_$][\w$]* )
    | (?P<operator> === | !== | [^\w\s] )
    """,
    re.VERBOSE | re.DOTALL,
)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/[a-z]*")


class Token(NamedTuple):
    kind: str | None
    text: str
    line: int


def tokens(source: str) -> Iterator[Token]:
    """Yield strings, names and operators. A slash that cannot divide anything begins a regular expression."""
    position, before = 0, ""
    while match := TOKEN.search(source, position):
        kind, text, position = match.lastgroup, match[0], match.end()
        begins_regex = text == "/" and not re.match(r"[\w)\]]", before[-1:])
        if begins_regex and (regex := REGEX.match(source, match.start())):
            position = regex.end()
        elif kind != "comment":
            yield Token(kind, text, source.count("\n", 0, match.start()) + 1)
        before = before if kind == "comment" else text


def unmarked_in(source: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    calls: list[str] = []
    before = Token("", "", 0)
    for token in tokens(source):
        if token.kind in ("string", "template"):
            if not is_marked(calls, before.text):
                found += [(token.line, text) for text in texts_of_literal(token.text)]
        elif token.text in ("(", "[", "{"):
            calls.append(before.text if before.kind == "name" and token.text == "(" else "")
        elif token.text in (")", "]", "}") and calls:
            calls.pop()
        before = token
    return found


def is_marked(calls: list[str], before: str) -> bool:
    """Whether a literal stands where it is translated, or where it is a name of something."""
    if calls and calls[-1] in GETTEXT | OTHER_CALLS:
        return True
    return before in ("from", "import", "===", "!==", "case", "h", "svg")


def texts_of_literal(literal: str) -> Iterator[str]:
    text = literal[1:-1]
    plain = re.sub(r"\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "${}", text)
    if LETTERS.search(plain.replace("${}", "")) and TEXT.search(plain) and not NOT_A_TEXT.search(plain):
        yield plain


def shown_scripts() -> list[Path]:
    files = [path.relative_to(ROOT) for path in texts.script_files()]
    return [path for path in files if str(path) not in FOR_DEVELOPERS | FOR_ONE_CALL]


@pytest.mark.parametrize("path", shown_scripts(), ids=str)
def test_scripts_mark_their_texts(path):
    assert unmarked_in((ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'button("Add tag", run);',
        'h("p", `Deleted ${name}`);',
        'const TEXTS = { done: "Done" };',
        'fill(x, "to the list");',
    ],
)
def test_an_unmarked_text_is_found(source):
    assert len(unmarked_in(source)) == 1
