"""What a failed restore leaves out is reported by the check and created by the command."""

from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, constraints
from conversations.models.insight import MessageCount
from conversations.models.schema_repair import find_missing
from conversations.models.search import MessageIndexChunk, PageCount, TagCount, Untagged
from conversations.search.index.message_index import index_pending
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory

LEFT_OUT = [
    "DROP INDEX conversation_search",
    "DROP INDEX event_newest_first",
    "DROP TRIGGER count_conversations_on_insert ON conversations_conversation",
    "DROP FUNCTION conversations_delete_counters_of_page CASCADE",
    "ALTER TABLE conversations_pagecount DROP CONSTRAINT pagecount_page_facets",
    "ALTER TABLE conversations_interactionevent DISABLE TRIGGER queue_messages_on_insert",
]
WITHOUT_TRIGGERS = [
    "DROP FUNCTION conversations_count_conversations_on_insert CASCADE",
    "DROP FUNCTION conversations_count_conversations_on_delete CASCADE",
    "DROP FUNCTION conversations_count_tags_on_insert CASCADE",
    "DROP FUNCTION conversations_queue_messages_on_insert CASCADE",
]
# The newest migration, and the squashed one that counts as applied with all that it replaces.
LAST_MIGRATION = """
DELETE FROM django_migrations WHERE app = '{0}' AND name IN (
  SELECT max(name) FROM django_migrations WHERE app = '{0}'
  UNION SELECT name FROM django_migrations WHERE app = '{0}' AND name LIKE '%squashed%'
)
"""
COUNT = "INSERT INTO conversations_pagecount (page_id, facets, conversations) VALUES ({}, 1, 1)"
DEFINITION = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{}'"
NAMES = [
    "index conversation_search",
    "index event_newest_first",
    "constraint pagecount_page_facets",
    "function conversations_delete_counters_of_page",
    "trigger count_conversations_on_insert on conversations_conversation",
    "trigger queue_messages_on_insert on conversations_interactionevent",
    "trigger delete_counters_of_page on conversations_page",
]
COUNTED = "Counted conversations, tags and messages."
QUEUED = "Queued all conversations for the message index."


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def fetch(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


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

    assert sorted(repair().splitlines()) == sorted([*(f"Created {name}." for name in NAMES), COUNTED, QUEUED])
    assert warnings() == []
    assert repair() == "Nothing is missing.\n"


def test_what_a_missing_trigger_did_not_count_is_counted(whole):
    page, tag = PageFactory(), TagFactory()
    rows = ConversationFactory.create_batch(3, page=page)
    EventFactory(conversation=rows[0], text="before")
    index_pending(seconds=60)
    execute(*WITHOUT_TRIGGERS)
    new, tagged = ConversationFactory(page=page), rows[1]
    tag_conversations([tagged.pk], [tag], actor=None)
    EventFactory(conversation=new, text="meanwhile")
    Conversation.objects.filter(pk=rows[2].pk).delete()
    EventFactory(conversation=rows[0], text="also")

    repair()
    assert PageCount.objects.filter(page=page).aggregate(Sum("conversations")) == {"conversations__sum": 3}
    assert set(TagCount.objects.values_list("tag", "conversations")) == {(None, 2), (tag.pk, 1)}
    assert set(Untagged.objects.values_list("conversation", flat=True)) == {new.pk, rows[0].pk}
    assert MessageCount.objects.get().messages == 3
    index_pending(seconds=60)
    assert sorted(MessageIndexChunk.objects.values_list("text", flat=True)) == ["before\x1falso", "meanwhile"]


def test_an_index_that_is_not_valid_is_built_again(whole):
    execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'conversation_search'::regclass")
    assert list(find_missing()) == ["index conversation_search"]
    assert repair() == "Created index conversation_search.\n"
    assert list(find_missing()) == []


def test_keys_that_are_merged_first_are_left_to_that_command(whole):
    execute("ALTER TABLE conversations_thread DROP CONSTRAINT thread_page_graph_id")
    assert [str(key) for key in constraints.missing_keys()] == ["conversations_thread (page_id, graph_id)"]
    assert list(find_missing()) == []
    call_command("mergeduplicates", stdout=StringIO())


@pytest.mark.parametrize("app", ["conversations", "tags", "accounts"])
def test_before_the_last_migration_nothing_is_missing(db, app):
    """What a migration is about to create must not be reported, let alone created before it."""
    execute(LAST_MIGRATION.format(app), "DROP INDEX conversation_search")
    assert warnings() == []
    with pytest.raises(CommandError, match=r"run `manage\.py migrate` first"):
        repair()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER FUNCTION {} RESET search_path",
        "ALTER FUNCTION {} SET search_path = elsewhere, pg_temp",
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp"
        " AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_a_function_that_is_not_the_current_one_is_replaced(whole, change):
    execute(change.format("conversations_delete_counters_of_page"))
    assert list(find_missing()) == ["function conversations_delete_counters_of_page"]
    assert repair() == f"Created function conversations_delete_counters_of_page.\n{COUNTED}\n"
    assert list(find_missing()) == []


@pytest.mark.parametrize("name", ["tagcount_page_tag", "messageindexchunk_conversation_number"])
def test_a_unique_key_is_built_while_its_table_is_in_use(whole, name):
    table = f"conversations_{name.split('_')[0]}"
    definition = DEFINITION.format(name)
    before = fetch(definition)
    execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    with CaptureQueriesContext(connection) as queries:
        repair()
    assert f'CREATE UNIQUE INDEX CONCURRENTLY "{name}"' in str(queries.captured_queries)
    assert fetch(definition) == before != []


def test_rows_that_a_key_forbids_are_named_and_the_next_attempt_begins_anew(whole):
    count = COUNT.format(PageFactory().pk)
    execute("ALTER TABLE conversations_pagecount DROP CONSTRAINT pagecount_page_facets", count, count)
    for _ in range(2):  # the first attempt leaves an index that is not valid
        with pytest.raises(CommandError, match=r"pagecount_page_facets.*\n.*is duplicated"):
            repair()
    assert list(find_missing()) == ["constraint pagecount_page_facets"]
    execute("DELETE FROM conversations_pagecount WHERE facets = 1")
    assert repair() == "Created constraint pagecount_page_facets.\n"


def test_an_index_of_this_name_in_another_schema_stays(whole):
    """Two installations in one database: the path leads on to the other's schema."""
    execute("CREATE SCHEMA other", "CREATE TABLE other.list (id int)")
    try:
        execute(
            "CREATE INDEX conversation_search ON other.list (id)", "DROP INDEX public.conversation_search"
        )
        execute("SET search_path = public, other")
        assert repair() == "Created index conversation_search.\n"
        assert fetch("SELECT to_regclass('other.conversation_search') IS NOT NULL") == [(True,)]
    finally:
        execute("RESET search_path", "DROP SCHEMA other CASCADE")


def test_the_number_of_queries_is_small(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        find_missing()


def test_functions_and_triggers_of_accounts_are_created_too(whole):
    """Without them a stream stays open after its session or key ended."""
    execute("DROP FUNCTION accounts_end_session CASCADE", "DROP TRIGGER notify_key_end ON accounts_apikey")
    names = [
        "function accounts_end_session",
        "trigger notify_key_end on accounts_apikey",
        "trigger notify_session_cut on django_session",
        "trigger notify_session_end on django_session",
    ]
    assert list(find_missing()) == names
    assert repair().splitlines() == [f"Created {name}." for name in names]  # nothing to count again
    assert list(find_missing()) == []
