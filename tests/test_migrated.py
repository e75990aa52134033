"""Servers of the tests start with our tables, which follow the files that determine them."""

from pathlib import Path

import pytest
from django.db import connection

from inbox.postgres.programs import Programs
from tests import migrated

PROGRAMS = Programs(Path("/usr/lib/postgresql/15/bin"), 15)


@pytest.mark.django_db
def test_database_of_the_tests_is_a_copy():
    assert connection.settings_dict["TEST"]["TEMPLATE"] == migrated.DATABASE
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [migrated.DATABASE])
        assert cursor.rowcount == 1


def test_kept_data_are_of_these_sources_and_programs(monkeypatch, tmp_path):
    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    sources = [tmp_path / "conversations" / folder / "one.py" for folder in ("migrations", "models", "api")]
    for path in sources:
        path.parent.mkdir(parents=True)
        path.write_text("")
    names = [migrated.fingerprint(PROGRAMS), migrated.fingerprint(Programs(PROGRAMS.folder, 16))]
    for path in sources:
        path.write_text("changed")
        names.append(migrated.fingerprint(PROGRAMS))
    assert len(set(names[:4])) == 4
    assert names[4] == names[3], "tables do not depend on REST"


def test_failure_of_the_migrations_is_told():
    with pytest.raises(migrated.MigrationsFailed, match="/nowhere"):
        migrated.migrate("postgresql:///inbox?host=/nowhere")
