"""The functions and triggers of the database: their SQL, and its installation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.backends.utils import CursorWrapper

# In the order of installation. Each file can be executed again at any time.
FILES = (
    "search_keys.sql",
    "counters.sql",
    "message_queue.sql",
    "message_headers.sql",
    "media.sql",
    "permissions.sql",
    "audit.sql",
)
FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)(.*?) AS \$\$(.*?)\$\$;", re.MULTILINE | re.DOTALL)
TRIGGER = re.compile(r"^CREATE OR REPLACE TRIGGER (\w+)[^;]* ON (\w+)", re.MULTILINE)


class Function(NamedTuple):
    """What the catalogue must hold of a function: its body, and its own search_path if it has one."""

    body: str
    search_path: str | None


def statements() -> Iterator[str]:
    """The text of each file."""
    yield from map(read, FILES)


def all_statements() -> list[str]:
    """The text of each file, and of those that other apps name in `sql_files` of their AppConfig."""
    others = [path for app in apps.get_app_configs() for path in getattr(app, "sql_files", ())]
    return [*statements(), *(path.read_text() for path in others)]


def read(name: str) -> str:
    return Path(__file__).with_name(name).read_text()


def functions(schema: str) -> dict[str, Function]:
    """The functions in all files by name, as they are when they are installed in this schema (quoted)."""
    return {
        name: Function(body, own_path(schema) if "SET search_path FROM CURRENT" in attributes else None)
        for text in all_statements()
        for name, attributes, body in FUNCTION.findall(text)
    }


def own_path(schema: str) -> str:
    return f"{schema}, pg_temp"


def triggers() -> set[tuple[str, str]]:
    """(table, name) of each trigger in all files."""
    return {(table, name) for text in all_statements() for name, table in TRIGGER.findall(text)}


def install(connection, *texts: str) -> None:
    """Create or replace all functions and triggers, or those of `texts`, in the schema of our tables.

    A migration names the files that it installs. When a file changes, the migration of the change installs
    it, and older ones get a copy in `migrations/sql/`, as the present one uses tables and columns that do not
    exist before later migrations.

    A restore, and since PostgreSQL 17 every index build, has a search_path without our schema. Functions that
    use our tables or other functions therefore have the clause `SET search_path FROM CURRENT`, and while they
    are created, the current path is our schema alone.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor, own_schema(cursor):
        for text in texts or statements():
            cursor.execute(text)


def recount(connection) -> None:
    """Compute all counters from the rows that they count."""
    run(connection, "recount.sql")


def requeue(connection) -> None:
    """Queue all conversations for the message index."""
    run(connection, "requeue.sql")


def run(connection, name: str) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor, own_schema(cursor):
        cursor.execute(read(name))


@contextmanager
def own_schema(cursor: CursorWrapper) -> Iterator[None]:
    """Set the search_path to the schema in which tables are created, until the end of the block."""
    cursor.execute("SELECT current_setting('search_path'), quote_ident(current_schema())")
    path, schema = cursor.fetchone()
    cursor.execute("SELECT set_config('search_path', %s, true)", [own_path(schema)])
    yield
    cursor.execute("SELECT set_config('search_path', %s, true)", [path])
