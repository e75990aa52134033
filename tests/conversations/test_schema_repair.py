"""What a failed restore leaves out is reported by the check and created by the command."""

from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from conversations.schema_repair import find_missing
from conversations.sync import takeover

LEFT_OUT = [
    "DROP INDEX conversation_search",
    "DROP INDEX event_newest_first",
    "DROP TRIGGER came ON conversations_conversation",
    "DROP FUNCTION conversations_page_went CASCADE",
    "ALTER TABLE conversations_pagecount DROP CONSTRAINT pagecount_page_facets",
    "ALTER TABLE conversations_interactionevent DISABLE TRIGGER came",
]
NAMES = [
    "index conversation_search",
    "index event_newest_first",
    "constraint pagecount_page_facets",
    "function conversations_page_went",
    "trigger came on conversations_conversation",
    "trigger came on conversations_interactionevent",
    "trigger went on conversations_page",
]


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def repair(*options: str) -> str:
    out = StringIO()
    call_command("repairschema", *options, stdout=out)
    return out.getvalue()


def warnings() -> list[str]:
    return [one.msg for one in run_checks(databases=["default"]) if one.id == "conversations.W002"]


@pytest.fixture
def whole(transactional_db):
    yield
    repair()


def test_a_whole_database_has_nothing_to_repair(db):
    assert warnings() == []
    assert repair() == "Nothing is missing.\n"


def test_what_is_missing_is_reported_and_created(whole):
    execute(*LEFT_OUT)
    assert list(find_missing()) == NAMES
    assert warnings() == [f"The database has no {name}, or it is not valid." for name in NAMES]
    assert repair("--dry-run") == "".join(f"Missing: {name}.\n" for name in NAMES)
    assert list(find_missing()) == NAMES

    assert sorted(repair().splitlines()) == sorted(f"Created {name}." for name in NAMES)
    assert warnings() == []
    assert repair() == "Nothing is missing.\n"


def test_an_index_that_is_not_valid_is_built_again(whole):
    execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'conversation_search'::regclass")
    assert list(find_missing()) == ["index conversation_search"]
    assert repair() == "Created index conversation_search.\n"
    assert list(find_missing()) == []


def test_keys_that_are_merged_first_are_left_to_that_command(whole):
    execute("ALTER TABLE conversations_thread DROP CONSTRAINT thread_page_graph_id")
    assert [str(key) for key in takeover.missing_keys()] == ["conversations_thread (page_id, graph_id)"]
    assert list(find_missing()) == []
    call_command("mergeduplicates", stdout=StringIO())


def test_before_it_is_migrated_nothing_is_missing(db):
    execute("DELETE FROM django_migrations WHERE app = 'conversations' AND name = '0061_search_path'")
    execute("DROP INDEX conversation_search")
    assert warnings() == []


def test_the_number_of_queries_is_small(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        find_missing()
