"""Functions and triggers of the database do not depend on the search_path, in whatever schema they are."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from conversations.models import sql
from tests.conftest import environment_of, url_of

SEARCH_INDEXES = ("conversation_search", "messageindexchunk_keys")
INSERT = """
INSERT INTO {schema}.conversations_page
  (facebook_page_id, name, access_token, platforms, instagram_account_id, state, state_reason, capabilities,
   watermarks, created_at)
VALUES ('{page}', 'Shop', '', '[]', '', 'connected', '', '{{}}', '{{}}', now());
INSERT INTO {schema}.conversations_conversation
  (page_id, sender_id, platform, graph_id, sender_name, last_message, last_message_kind, message_count,
   unread_count, can_reply, conversation_status, created_at, updated_at, search, told)
SELECT id, '7', 'messenger', 't_7', '{name}', 'Hi', '', 1,
   0, true, 'active', now(), now(), lower('{name}') || '\nhi there', '{{}}'
FROM {schema}.conversations_page WHERE facebook_page_id = '{page}';
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
    names = ("keys", "term_keys", "name_key", "name_words", "keep_audit_entries")
    builtin_only = {f"conversations_{name}" for name in names}
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
