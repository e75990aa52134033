"""A new database runs the squashed migrations, which result in the schema of those that they replace."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from conversations.models import sql
from tests.servers import manage, schema

OLD_MIGRATIONS = """
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
executor = MigrationExecutor(connection)
executor.loader = MigrationLoader(connection, replace_migrations=False)
executor.migrate([("tags", "0002_plain_words"), ("conversations", "0063_standard_names")])
call_command("migrate", verbosity=0)
"""
INSTALLS_ALL_FILES = re.compile(r"sql\.install\(\s*schema_editor\.connection\s*\)")


def test_every_old_migration_leads_to_the_same_schema(server, fresh):
    server.create_database("old_migrations")
    url = server.url("old_migrations")
    manage(url, "shell", "--verbosity", "0", "-c", OLD_MIGRATIONS)
    assert schema(server, url) == schema(server, fresh)


def test_a_new_database_runs_the_squashed_migrations_in_place_of_the_old_ones():
    planned = MigrationLoader(None).graph.nodes  # None: a database in which no migration has run
    names = sorted(f"{app}.{name}" for app, name in planned if app in ("conversations", "tags"))
    assert [name for name in names if "_squashed_" in name] == [
        "conversations.0001_squashed_0063_standard_names",
        "tags.0001_squashed_0002_plain_words",
    ]
    later = [name for name in names if "_squashed_" not in name]
    assert "conversations.0064_page_probe" in later
    assert all(name >= "conversations.0064" for name in later)


@pytest.mark.parametrize("name", sql.FILES)
def test_one_migration_installs_a_present_sql_file(name):
    """An older one must carry a copy: the present file names tables and columns of later migrations."""
    folder = Path(apps.get_app_config("conversations").path) / "migrations"
    texts = {path.stem: path.read_text() for path in folder.glob("0*.py")}
    installing = [stem for stem, text in texts.items() if f'"{name}"' in text and "_squashed_" not in stem]
    assert len(installing) == 1
    assert not any(INSTALLS_ALL_FILES.search(text) for text in texts.values())
