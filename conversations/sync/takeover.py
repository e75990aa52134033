"""A database that was taken over may lack the unique keys on which a sync's statements rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, models

from conversations.models import Conversation, InteractionEvent, Thread

REPAIR = "manage.py mergeduplicates"


@dataclass(frozen=True)
class Key:
    """A unique key that the code relies on."""

    model: type[models.Model]
    constraint: models.UniqueConstraint

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> list[str]:
        fields = (self.model._meta.get_field(name) for name in self.constraint.fields)
        return [field.column for field in fields if isinstance(field, models.Field) and field.column]

    def __str__(self):
        return f"{self.table} ({', '.join(self.columns)})"


KEYS = [
    Key(model, constraint)
    for model in (Conversation, Thread, InteractionEvent)
    for constraint in model._meta.constraints
    if isinstance(constraint, models.UniqueConstraint)
]


@dataclass(frozen=True)
class Index:
    """A unique index as the catalogue knows it."""

    name: str
    columns: frozenset[str]
    is_constraint: bool


def missing_keys() -> list[Key]:
    """Which keys the database lacks: asked once, as a run starts. A table that is not there lacks none."""
    return [key for key in KEYS if has_table(key) and not has_key(key)]


def has_key(key: Key) -> bool:
    return any(index.columns == set(key.columns) for index in unique_indexes(key.table))


def wider_keys(key: Key) -> list[Index]:
    """Older keys that hold more columns beside these: they let in what the right one refuses."""
    return [index for index in unique_indexes(key.table) if index.columns > set(key.columns)]


def has_table(key: Key) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [key.table])
        return cursor.fetchone()[0]


def unique_indexes(table: str) -> list[Index]:
    """Those that can judge a row at once: whole, valid, of plain columns, not deferred."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relation.relname, array_agg(attribute.attname::text),"
            " EXISTS (SELECT FROM pg_constraint WHERE conindid = relation.oid)"
            " FROM pg_index unique_index"
            " JOIN pg_class relation ON relation.oid = indexrelid"
            " JOIN pg_attribute attribute ON attribute.attrelid = indrelid"
            "  AND attribute.attnum = ANY((indkey::int2[])[0:indnkeyatts - 1])"
            " WHERE indrelid = to_regclass(%s) AND indisunique AND NOT indisprimary AND indisvalid"
            "  AND indimmediate AND indpred IS NULL AND indexprs IS NULL"
            " GROUP BY relation.oid, relation.relname ORDER BY relation.relname",
            [table],
        )
        return [Index(name, frozenset(columns), is_bound) for name, columns, is_bound in cursor.fetchall()]


def note(missing: Sequence[Key]) -> str:
    """What a run says, once, about the keys that it had to do without."""
    tables = ", ".join(str(key) for key in missing)
    return (
        f"This database lacks the unique key on {tables}. Nothing is stored twice all the same, but each"
        f" batch takes longer: `{REPAIR}` merges what is there twice and makes the key."
    )
