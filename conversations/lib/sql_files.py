"""Reads SQL statements from `.sql` files, each of which is beside the module that uses it.

A file holds named statements, each with a comment and its text:

    -- name: close
    -- Allows no call for this time.
    UPDATE … WHERE facebook_page_id = %(page)s

`%(page)s` is a parameter of the driver. Statements that `search.sql.Sql.compose()` puts together have
`{page}`, which is a parameter or a fragment of SQL.
"""

import re
from pathlib import Path

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def read_statements(module: str) -> dict[str, str]:
    """Return the statements of the file beside a module, by name and without comments.

    `module` is the `__file__` of the module. Raises ValueError if a name stands twice.
    """
    _, *parts = NAME.split(Path(module).with_suffix(".sql").read_text())
    statements = dict(zip(parts[::2], map(_without_comments, parts[1::2]), strict=True))
    if len(statements) * 2 < len(parts):
        raise ValueError(f"Two statements beside {module} have the same name.")
    return statements


def _without_comments(text: str) -> str:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip()
