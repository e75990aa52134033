"""Functions and triggers of the database do not depend on the search_path, in whatever schema they are."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from conversations.models import sql
from conversations.models.schema_repair import find_missing
from tests.conftest import environment_of, url_of

SEARCH_INDEXES = ("conversation_search", "messagepart_keys")
INSERT = """
INSERT INTO {schema}.conversations_page
  (facebook_page_id, name, access_token, platforms, instagram_account_id, state, state_reason, learnt,
   watermarks, created_at)
VALUES ('{page}', 'Shop', '', '[]', '', 'connected', '', '{{}}', '{{}}', now());
INSERT INTO {schema}.conversations_conversation
  (page_id, sender_id, platform, graph_id, sender_name, last_message, last_message_kind, message_count,
   unread_count, can_reply, conversation_status, created_at, updated_at, search, told)
SELECT id, '7', 'messenger', 't_7', '{name}', 'Hi', '', 1,
   0, true, 'active', now(), now(), lower('{name}') || '\nhi there', '{{}}'
FROM {schema}.conversations_page WHERE facebook_page_id = '{page}';
"""

SEARCH = """
SELECT sender_name FROM public.conversations_conversation
WHERE public.conversations_search_keys(page_id, search) @> public.conversations_keys(%s, 'hi there')
"""


@pytest.fixture
def without_path(db) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        yield
        cursor.execute("SET LOCAL search_path TO DEFAULT")


def test_rows_are_counted_and_indexed_without_a_search_path(without_path):
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(schema="public", page="1", name="Ana"))
        for index in SEARCH_INDEXES:
            cursor.execute(f"REINDEX INDEX public.{index}")
        cursor.execute("ANALYZE public.conversations_conversation")
        cursor.execute("SELECT conversations FROM public.conversations_pagecount")
        assert cursor.fetchall() == [(1,)]
        cursor.execute("SELECT count(*) FROM public.conversations_untagged")
        assert cursor.fetchall() == [(1,)]
        cursor.execute("DELETE FROM public.conversations_conversation")
        cursor.execute("SELECT conversations FROM public.conversations_pagecount")
        assert cursor.fetchall() == [(0,)]


def test_every_function_that_uses_ours_has_a_path_of_its_own(db):
    """The others must have none: a function with a path of its own is not inlined into a query."""
    builtin_only = {"conversations_keys", "conversations_name_key", "conversations_name_words"}
    names = list(sql.functions("public"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, proconfig FROM pg_proc WHERE proname = ANY(%s)", [names])
        paths = dict(cursor.fetchall())
    assert paths == {
        name: None if name in builtin_only else ["search_path=public, pg_temp"] for name in names
    }


@pytest.fixture
def shop_schema(transactional_db) -> Iterator[str]:
    """The address of a database whose tables are in the schema `shop`."""
    name = f"{connection.settings_dict['NAME']}_shop"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(url_of(name), autocommit=True) as own:
        own.execute("CREATE SCHEMA shop")
        own.execute(f'ALTER DATABASE "{name}" SET search_path = shop')
    yield url_of(name)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_another_schema_than_public_works(shop_schema, sandbox):
    for command in (["migrate", "--verbosity", "0"], ["check", "--database", "default"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=environment_of(sandbox) | {"DATABASE_URL": shop_schema},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    with psycopg.connect(shop_schema, autocommit=True) as own:
        own.execute("SET search_path = ''")
        own.execute(INSERT.format(schema="shop", page="1", name="Ana").encode())
        assert own.execute("SELECT conversations FROM shop.conversations_pagecount").fetchall() == [(1,)]
        own.execute("REINDEX INDEX shop.conversation_search")


@pytest.fixture
def existing(transactional_db) -> Iterator[None]:
    """The database as it was before: no function has a search_path of its own."""
    MigrationExecutor(connection).migrate([("conversations", "0060_quicker_keys")])
    with connection.cursor() as cursor:
        for name in sql.functions("public"):
            cursor.execute(f"ALTER FUNCTION {name} RESET search_path")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET search_path")
        cursor.execute("RESET enable_seqscan")
    call_command("migrate", verbosity=0)


def test_an_existing_database_is_migrated(existing):
    """What was stored with the old functions stays found in the same index; the new ones need no path."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(schema="public", page="2", name="Old"))
    files = index_files()
    MigrationExecutor(connection).migrate([("conversations", "0061_search_path")])
    assert index_files() == files
    assert list(find_missing()) == []

    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        cursor.execute(INSERT.format(schema="public", page="1", name="Ana"))
        assert found_by_index(cursor) == ["Ana", "Old"]
        for index in SEARCH_INDEXES:
            cursor.execute(f"REINDEX INDEX public.{index}")
        cursor.execute("VACUUM (ANALYZE) public.conversations_conversation")
        assert found_by_index(cursor) == ["Ana", "Old"]
        cursor.execute("SELECT sum(conversations) FROM public.conversations_pagecount")
        assert cursor.fetchall() == [(2,)]


def index_files() -> list[tuple]:
    """Which file each index of the search is in: another one where it was built again."""
    query = "SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relname = ANY(%s) ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(query, [list(SEARCH_INDEXES)])
        return cursor.fetchall()


def found_by_index(cursor) -> list[str]:
    cursor.execute("SET enable_seqscan = off")
    cursor.execute("SELECT id FROM public.conversations_page")
    names = []
    for (page_id,) in cursor.fetchall():
        cursor.execute(f"EXPLAIN {SEARCH}", [page_id])
        assert "Bitmap Index Scan on conversation_search" in str(cursor.fetchall())
        cursor.execute(SEARCH, [page_id])
        names += [name for (name,) in cursor.fetchall()]
    return sorted(names)
