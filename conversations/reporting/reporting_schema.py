"""Makes the schema `reporting` and its views, and drops the views while migrations change the tables."""

from pathlib import Path

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from conversations.lib.sql_files import read_statements
from conversations.models.sql import own_schema

SCHEMA = "reporting"
VIEWS = (Path(__file__).parent / "sql" / "views.sql").read_text()
STATEMENTS = read_statements(__file__)
MARK = "Inbox: "  # the comment of the schema begins with it
NOT_OURS = (
    f"There is a schema {SCHEMA} that Inbox has not made. Rename it: ALTER SCHEMA {SCHEMA} RENAME TO other."
)


class NotOurs(Exception):
    """Another application has a schema of this name."""


@transaction.atomic
def make(connection: BaseDatabaseWrapper) -> None:
    """Make the schema and the views; those that are there are replaced.

    Raises NotOurs, and ProgrammingError where the user may not create a schema.
    """
    with connection.cursor() as cursor:
        if not is_there(connection):
            cursor.execute(STATEMENTS["create_schema"])
        require_ours(connection)
        cursor.execute(STATEMENTS["mark"])
        drop_views(connection)
        make_views(connection)


def is_there(connection: BaseDatabaseWrapper) -> bool:
    return _comment(connection) is not None


def require_ours(connection: BaseDatabaseWrapper) -> None:
    """Raise NotOurs if it is not the schema that Inbox has made, nor an empty one."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["has_relations"])
        (is_used,) = cursor.fetchone()
    if is_used and not (_comment(connection) or "").startswith(MARK):
        raise NotOurs(NOT_OURS)


def is_ours(connection: BaseDatabaseWrapper) -> bool:
    """Whether there is a schema that Inbox has made."""
    return (_comment(connection) or "").startswith(MARK)


def drop_views(connection: BaseDatabaseWrapper) -> list[str]:
    """Drop all views in the schema. Return those elsewhere that read from them, which are dropped along."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["dependents"])
        dependents = [name for (name,) in cursor.fetchall()]
        cursor.execute(STATEMENTS["views"])
        if views := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"DROP VIEW {', '.join(views)} CASCADE")
    return dependents


def make_views(connection: BaseDatabaseWrapper) -> None:
    """Make the views in the schema, which has none, and let the role read them, if there is one."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor, own_schema(cursor):
        cursor.execute(VIEWS)
        cursor.execute(STATEMENTS["grant"])


def _comment(connection: BaseDatabaseWrapper) -> str | None:
    """The comment of the schema; None if there is no such schema."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["comment"])
        row = cursor.fetchone()
    return row[0] if row else None
