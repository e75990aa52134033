"""The functions and triggers of the database: their SQL, and its installation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction
from django.db.backends.utils import CursorWrapper

# In the order of installation. Each file can be executed again at any time.
FILES = ("search_keys.sql", "counters.sql", "message_queue.sql", "permissions.sql")
FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)", re.MULTILINE)
TRIGGER = re.compile(r"^CREATE OR REPLACE TRIGGER (\w+)[^;]* ON (\w+)", re.MULTILINE)


def statements() -> Iterator[str]:
    """The text of each file."""
    for name in FILES:
        yield Path(__file__).with_name(name).read_text()


def functions() -> set[str]:
    """The names of the functions in the files."""
    return {name for text in statements() for name in FUNCTION.findall(text)}


def triggers() -> set[tuple[str, str]]:
    """(table, name) of each trigger in the files."""
    return {(table, name) for text in statements() for name, table in TRIGGER.findall(text)}


def install(connection) -> None:
    """Create or replace all functions and triggers, in the schema of our tables.

    A restore, and since PostgreSQL 17 every index build, has a search_path without our schema. Functions that
    use our tables or other functions therefore have the clause `SET search_path FROM CURRENT`, and while they
    are created, the current path is our schema alone.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor, own_schema(cursor):
        for text in statements():
            cursor.execute(text)


@contextmanager
def own_schema(cursor: CursorWrapper) -> Iterator[None]:
    """Set the search_path to the schema in which tables are created, until the end of the block."""
    cursor.execute("SELECT current_setting('search_path'), quote_ident(current_schema())")
    path, schema = cursor.fetchone()
    cursor.execute("SELECT set_config('search_path', %s, true)", [f"{schema}, pg_temp"])
    yield
    cursor.execute("SELECT set_config('search_path', %s, true)", [path])
