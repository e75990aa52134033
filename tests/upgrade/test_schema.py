"""A new database, an upgraded one, and one that ran every old migration have the identical schema."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from conversations.models import sql
from inbox.postgres import Server
from tests.servers import manage, program
from tests.upgrade.conftest import Upgraded

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


def schema(server: Server, url: str) -> list[str]:
    """The schema as SQL, without the commands of psql, which have a random key."""
    done = program(server, "pg_dump", "--schema-only", "--no-owner", url)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("\\")]


def test_an_upgraded_database_has_the_schema_of_a_new_one(server, upgraded: Upgraded, fresh):
    assert schema(server, upgraded.url) == schema(server, fresh[0])


def test_every_old_migration_leads_to_the_same_schema(server, fresh):
    server.create_database("old_migrations")
    url = server.url("old_migrations")
    manage(url, "shell", "--verbosity", "0", "-c", OLD_MIGRATIONS)
    assert schema(server, url) == schema(server, fresh[0])


def test_a_new_database_runs_the_squashed_migrations_in_place_of_the_old_ones(fresh):
    applied = re.findall(r"Applying ((?:conversations|tags)\.\w+)", fresh[1])
    assert [name for name in applied if "_squashed_" in name] == [
        "tags.0001_squashed_0002_plain_words",
        "conversations.0001_squashed_0063_standard_names",
    ]
    later = [name for name in applied if "_squashed_" not in name]
    assert all(name >= "conversations.0064" for name in later)


@pytest.mark.parametrize("name", sql.FILES)
def test_one_migration_installs_a_present_sql_file(name):
    """An older one must carry a copy: the present file names tables and columns of later migrations."""
    folder = Path(apps.get_app_config("conversations").path) / "migrations"
    texts = {path.stem: path.read_text() for path in folder.glob("0*.py")}
    installing = [stem for stem, text in texts.items() if f'"{name}"' in text and "_squashed_" not in stem]
    assert len(installing) == 1
    assert not any(INSTALLS_ALL_FILES.search(text) for text in texts.values())
