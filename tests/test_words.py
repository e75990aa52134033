"""Screens, messages, comments and documentation use the words of docs/glossary.md, not retired ones."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From Python 3.12 on, the text of an f-string is a token of its own.
READABLE = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
LIST = ROOT / "docs" / "retired-words.txt"
TEXTS = [
    ROOT / "README.md",
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "changelog.md"),
    *sorted((ROOT / "templates").rglob("*.html")),
    *sorted((ROOT / "inbox" / "frontend").rglob("*.*js")),
    *sorted((ROOT / "conversations" / "static").rglob("*.*js")),
]
CODE = [
    path
    for top in ("conversations", "inbox", "tags")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts
]


def retired() -> dict[str, str]:
    lines = (line for line in LIST.read_text().splitlines() if line and not line.startswith("#"))
    return {word: use for word, _, use in (line.partition(" -> ") for line in lines)}


def pattern() -> re.Pattern[str]:
    words = sorted(map(re.escape, retired()), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def readable(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what people read in the file: of Python code, its strings and comments."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text().splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type in READABLE:
            yield from enumerate(token.string.splitlines(), token.start[0])


def test_no_retired_word_is_used():
    uses, words = pattern(), {word.lower(): use for word, use in retired().items()}
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}, say: {words[match[0].lower()]}"
        for path in (*TEXTS, *CODE)
        for line, text in readable(path)
        for match in uses.finditer(text)
    ]
    assert found == []


def test_each_retired_word_names_its_replacement():
    assert [word for word, use in retired().items() if not use] == []


@pytest.mark.parametrize("text", ["# read anew", 'x = "What came of it"'])
def test_a_retired_word_is_found_in_comments_and_strings(tmp_path, text):
    (tmp_path / "module.py").write_text(f"{text}\n")
    assert any(pattern().search(line) for _, line in readable(tmp_path / "module.py"))
