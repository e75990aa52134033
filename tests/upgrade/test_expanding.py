"""Migrations since BASE only expand the tables: processes of the version before go on to work.

What docs/upgrading.md says of expanding and contracting, by the rules of django-migration-linter.
"""

from functools import cache

import pytest
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements

from tests.upgrade.old_version import NEWEST_OF_BASE

# What the rules refuse, and why it may be: the version that no longer uses what is removed, or that the table
# is small. By the migration: {"conversations.0999_name": {"DROP_COLUMN": "not used since 0.3.0"}}
ALLOWED: dict[str, dict[str, str]] = {}


def since_base() -> list[tuple[str, str]]:
    planned = MigrationLoader(None).graph.nodes  # None: without a database
    return sorted((app, name) for app, name in planned if name[:4] > NEWEST_OF_BASE.get(app, "9999"))


@cache
def linter() -> MigrationLinter:
    return MigrationLinter(no_cache=True, no_output=True, analyser_string="postgresql")


def refused(app: str, name: str) -> set[str]:
    """The codes of the rules that the SQL of a migration breaks, errors and warnings."""
    statements = linter().get_sql(app, name)
    errors, _, warnings = analyse_sql_statements(linter().sql_analyser_class, statements)
    return {issue.code for issue in (*errors, *warnings)}


@pytest.mark.django_db
@pytest.mark.parametrize(("app", "name"), since_base())
def test_a_migration_breaks_no_process_of_the_version_before(app, name):
    assert refused(app, name) == set(ALLOWED.get(f"{app}.{name}", {})), (
        "docs/upgrading.md: expand, then contract"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("0127_ad_of_conversation", {"CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"}),
        ("0128_accounts_of_erasures", {"NOT_NULL"}),
        ("0129_next_subscription_check", {"RENAME_COLUMN"}),
        ("0147_events_of_actors", {"CREATE_INDEX", "DROP_INDEX"}),
    ],
)
def test_what_would_break_one_is_refused(name, codes):
    assert refused("conversations", name) == codes


def test_only_migrations_that_are_there_are_allowed():
    assert set(ALLOWED) <= {f"{app}.{name}" for app, name in since_base()}
