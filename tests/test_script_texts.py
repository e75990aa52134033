"""Scripts mark all texts that people see (docs/contributing.md, "A text")."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.jslexer import Token, tokenize

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


def unmarked_in(source: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    calls: list[str] = []
    before: Token | None = None
    for token in tokenize(source):
        if token.type == "operator" and token.value in "([{":
            calls.append(
                before.value if before is not None and before.type == "name" and token.value == "(" else ""
            )
        elif token.type == "operator" and token.value in ")]}" and calls:
            calls.pop()
        elif token.type in ("string", "template_string") and not is_marked(calls, before):
            found += [(token.lineno, text) for text in texts_of_literal(token.value)]
        if token.type not in ("whitespace", "linecomment", "multilinecomment"):
            before = token
    return found


def is_marked(calls: list[str], before: Token | None) -> bool:
    """Whether a literal stands where it is translated, or where it is a name of something."""
    if calls and (calls[-1] in GETTEXT or calls[-1] in OTHER_CALLS):
        return True
    return before is not None and before.value in ("from", "import", "===", "!==", "case", "h", "svg")


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
