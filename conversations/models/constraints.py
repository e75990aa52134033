"""Finds unique keys that the code relies on but the database lacks, as one of an older version may."""

from collections.abc import Iterable, Sequence

from django.db import connection, models
from msgspec import Struct

from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, InteractionEvent, Thread

STATEMENTS = read_statements(__file__)
REPAIR = "manage.py mergeduplicates"
EVENT_FIELDS = ("conversation", "graph_id")  # their key holds a digest of the second


class UniqueKey(Struct, frozen=True):
    """A unique key that the models declare."""

    model: type[models.Model]
    constraint: models.UniqueConstraint

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> list[str]:
        names = self.constraint.fields or EVENT_FIELDS
        fields = (self.model._meta.get_field(name) for name in names)
        return [field.column for field in fields if isinstance(field, models.Field) and field.column]

    def __str__(self):
        return f"{self.table} ({', '.join(self.columns)})"


KEYS = [
    UniqueKey(model, constraint)
    for model in (Conversation, Thread, InteractionEvent)
    for constraint in model._meta.constraints
    if isinstance(constraint, models.UniqueConstraint)
]


class Index(Struct, frozen=True):
    """A unique index that exists in the database."""

    name: str
    columns: frozenset[str]
    is_constraint: bool
    is_digest: bool  # of the digest of `graph_id` instead of the column


def missing_keys() -> list[UniqueKey]:
    """Return the keys that the database lacks; a missing table lacks none. A run calls this once."""
    found = unique_indexes([key.table for key in KEYS])
    return [key for key in KEYS if key.table in found and not is_among(key, found[key.table])]


def is_among(key: UniqueKey, indexes: Iterable[Index]) -> bool:
    is_digest = not key.constraint.fields
    return any(index.columns == set(key.columns) and index.is_digest == is_digest for index in indexes)


def wider_indexes(key: UniqueKey) -> list[Index]:
    """Return unique indexes with further columns beside those of the key: they allow duplicates."""
    found = unique_indexes([key.table]).get(key.table, [])
    return [index for index in found if index.columns > set(key.columns)]


def unique_indexes(tables: Sequence[str]) -> dict[str, list[Index]]:
    """Return the valid unique indexes on columns or our digest that are neither partial nor deferred.

    They are by table, without tables that do not exist.
    """
    found: dict[str, list[Index]] = {}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["unique_indexes"], {"tables": list(tables)})
        for table, name, columns, *rest in cursor.fetchall():
            found.setdefault(table, []).extend([Index(name, frozenset(columns), *rest)] if name else [])
    return found


def missing_keys_note(missing: Sequence[UniqueKey]) -> str:
    """Return the note of a run that works without these keys."""
    tables = ", ".join(str(key) for key in missing)
    return (
        f"The database lacks the unique key on {tables}. Nothing is stored twice, but each batch takes"
        f" longer. Run `{REPAIR}` to merge duplicates and create the key."
    )
