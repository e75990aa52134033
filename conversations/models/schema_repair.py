"""What a failed restore leaves out of the database: indexes, constraints, functions and triggers of ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import AppConfig, apps
from django.db import connection, models, transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from conversations.lib.sql_files import read_statements
from conversations.models import sql
from conversations.models.constraints import KEYS

STATEMENTS = read_statements(__file__)
COMMAND = "manage.py repairschema"
APPS = ("conversations", "tags", "accounts")  # those that are installed: a sync needs no accounts
QUEUEING = ("queue_messages", "delete_message_chunks")  # names of triggers of the message index
NOTIFYING = (
    " notify_",
    "_notify_",
    "accounts_end_session",
)  # these count nothing


@dataclass
class Missing:
    """What the database lacks, by name."""

    indexes: list[tuple[type[models.Model], models.Index]] = field(default_factory=list)
    constraints: list[tuple[type[models.Model], models.BaseConstraint]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.indexes or self.constraints or self.functions or self.triggers)

    def __iter__(self) -> Iterator[str]:
        yield from (f"index {index.name}" for _, index in self.indexes)
        yield from (f"constraint {constraint.name}" for _, constraint in self.constraints)
        yield from (f"function {name}" for name in self.functions)
        yield from (f"trigger {name}" for name in self.triggers)


def find_missing() -> Missing:
    """Compare the database with the models and conversations.models.sql, once it is migrated."""
    if not is_migrated():
        return Missing()
    schema, there = current_schema(), valid_indexes()
    tables = {model: model._meta.db_table for model in own_models()}
    return Missing(
        [(model, index) for model in tables for index in expected_indexes(model) if index.name not in there],
        [(model, one) for model in tables for one in expected_constraints(model) if one.name not in there],
        sorted(name for name, _ in sql.functions(schema).items() - installed_functions(schema)),
        [f"{name} on {table}" for table, name in sorted(sql.triggers() - enabled_triggers())],
    )


def is_migrated() -> bool:
    """Whether no migration of ours is pending: until then the models are ahead of the database."""
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    leaves = [leaf for app in own_apps() for leaf in graph.leaf_nodes(app.label)]
    return not executor.migration_plan(leaves)


def own_apps() -> list[AppConfig]:
    return [app for app in apps.get_app_configs() if app.label in APPS]


def own_models() -> list[type[models.Model]]:
    return [model for app in own_apps() for model in app.get_models()]


def expected_indexes(model: type[models.Model]) -> Iterator[models.Index]:
    """Those of Meta, and those that Django creates for a field by itself."""
    yield from model._meta.indexes
    editor: Any = DatabaseSchemaEditor(connection, collect_sql=True)
    for one in model._meta.local_fields:
        if getattr(one, "db_index", False) and not one.unique:
            name = editor._create_index_name(model._meta.db_table, [one.column])
            yield models.Index(fields=[one.name], name=name)


def expected_constraints(model: type[models.Model]) -> list[models.BaseConstraint]:
    """Unique keys, but for those that `mergeduplicates` creates."""
    merged = {key.constraint.name for key in KEYS}
    found = [one for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)]
    return [one for one in found if one.name not in merged]


def current_schema() -> str:
    """The schema of our tables, quoted."""
    return fetch("SELECT quote_ident(current_schema())")[0][0]


def valid_indexes() -> set[str]:
    rows = fetch(STATEMENTS["valid_indexes"])
    return {name for (name,) in rows}


def installed_functions(schema: str) -> set[tuple[str, sql.Function]]:
    rows = fetch(STATEMENTS["functions"])
    return {(name, sql.Function(body, path_in(settings or []))) for name, body, settings in rows}


def path_in(settings: list[str]) -> str | None:
    prefix = "search_path="
    return next((one.removeprefix(prefix) for one in settings if one.startswith(prefix)), None)


def enabled_triggers() -> set[tuple[str, str]]:
    return set(fetch(STATEMENTS["enabled_triggers"]))


def fetch(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def create_index(model: type[models.Model], index: models.Index) -> None:
    """Build the index while the tables are in use."""
    with DatabaseSchemaEditor(connection, atomic=False) as editor:
        drop_leftover(editor, index.name)
        editor.add_index(model, index, concurrently=True)


def create_constraint(model: type[models.Model], constraint: models.BaseConstraint) -> None:
    """Build its unique index while the tables are in use; where Django makes it a constraint, make it one."""
    with DatabaseSchemaEditor(connection, atomic=False) as editor:
        statement: Any = constraint.create_sql(model, editor)
        is_constraint = statement.template == editor.sql_create_unique
        statement.template = STATEMENTS["create_unique_index"]
        drop_leftover(editor, constraint.name)
        editor.execute(statement)
        if is_constraint:
            table, name = editor.quote_name(model._meta.db_table), editor.quote_name(constraint.name)
            editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def drop_leftover(editor: DatabaseSchemaEditor, name: str) -> None:
    """The index that an earlier attempt left, not valid. One of this name in another schema is not ours."""
    editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {current_schema()}.{editor.quote_name(name)}")


def repair(missing: Missing) -> Iterator[str]:
    """Create what is missing, and yield a line for each step. Safe to run again after an interruption."""
    if missing.functions or missing.triggers:
        yield from repair_triggers(missing)
    for model, index in missing.indexes:
        create_index(model, index)
        yield f"Created index {index.name}."
    for model, constraint in missing.constraints:
        create_constraint(model, constraint)
        yield f"Created constraint {constraint.name}."


def repair_triggers(missing: Missing) -> list[str]:
    """Install all triggers, and make up for what the missing ones did not do; all of it or nothing."""
    names = [*(f"function {name}" for name in missing.functions), *(f"trigger {n}" for n in missing.triggers)]
    lines = [f"Created {name}." for name in names]
    with transaction.atomic():
        sql.install(connection, *sql.all_statements())
        if not all(any(part in name for part in NOTIFYING) for name in names):
            sql.recount(connection)
            lines.append("Counted conversations, tags and messages.")
        if any(part in name for name in names for part in QUEUEING):
            sql.requeue(connection)
            lines.append("Queued all conversations for the message index.")
    return lines
