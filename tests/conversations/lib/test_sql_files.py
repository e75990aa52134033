"""Statements in `.sql` files: their format, and that no SQL of more than a line is written in Python."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversations.lib.sql_files import NAME, read_statements

ROOT = Path(__file__).parents[3]
PACKAGES = ("conversations", "inbox", "tags")
# Words that begin a statement or a clause, and that SQL alone writes in capitals.
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|FROM \w+|WHERE|JOIN \w+)\b")
STATEMENTS = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.sql"))
    # inbox.postgres runs without the rest of the product: it reads its one file itself.
    if not {"migrations", "sql", "postgres"} & set(path.parts)
]
MODULES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]


def long_sql(source: str) -> Iterator[int]:
    """The line of each SQL string that spans several lines. A docstring may mention SQL."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and node.end_lineno != node.lineno:
            if id(node) in docstrings:
                continue
            values = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [value.value for value in values if isinstance(value, ast.Constant)]
            if any(isinstance(text, str) and SQL.search(text) for text in texts):
                yield node.lineno


def test_sql_of_several_lines_is_in_a_file():
    found = [f"{path.relative_to(ROOT)}:{line}" for path in MODULES for line in long_sql(path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'A = """\nSELECT id\nFROM page\n"""',
        'A = (\n    "SELECT id"\n    " FROM page"\n)',
        'A = f"""\nUPDATE page SET {columns}\n"""',
    ],
)
def test_sql_of_several_lines_is_found(source):
    assert list(long_sql(source))


def test_a_line_of_sql_and_a_docstring_are_allowed():
    assert list(long_sql('"""Runs SELECT id\nFROM page."""\nA = "SELECT id FROM page"\n')) == []


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_file_belongs_to_a_module_that_uses_all_its_statements(path):
    module = path.with_suffix(".py")
    names = list(read_statements(str(module)))
    assert names == NAME.findall(path.read_text()) != []
    assert [name for name in names if f'"{name}"' not in module.read_text()] == []


def test_comments_are_left_out(tmp_path):
    (tmp_path / "one.sql").write_text(
        "-- name: first\n-- Why.\nSELECT 1\n  -- inside\n  + 1\n\n-- name: second\nSELECT 2\n"
    )
    assert read_statements(str(tmp_path / "one.py")) == {"first": "SELECT 1\n  + 1", "second": "SELECT 2"}


def test_a_name_may_stand_once(tmp_path):
    (tmp_path / "one.sql").write_text("-- name: first\nSELECT 1\n-- name: first\nSELECT 2\n")
    with pytest.raises(ValueError, match="the same name"):
        read_statements(str(tmp_path / "one.py"))
