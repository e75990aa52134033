"""Indexes that are built beside others, also after a failed attempt and behind a long transaction."""

import threading

import psycopg
import pytest
from django.db import connection, models
from django.db.migrations.state import ProjectState

from conversations.upgrade.concurrent_indexes import AddIndexConcurrently, RemoveIndexConcurrently
from conversations.upgrade.lock_attempts import lock_timeout
from tests.conftest import url_of
from tests.machine import condition_in_time

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = models.Index(fields=["color"], name="tag_by_color")
STATE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('tag_by_color')"
BUILDS = """
SELECT FROM pg_stat_activity
WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND clock_timestamp() - query_start > interval '0.3 s'
"""


@pytest.fixture(autouse=True)
def no_index():
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS tag_by_color")


def states() -> tuple[ProjectState, ProjectState]:
    """Those of the models without and with the index."""
    from django.apps import apps

    before = ProjectState.from_apps(apps)
    after = before.clone()
    AddIndexConcurrently("tag", INDEX).state_forwards("tags", after)
    return before, after


def add() -> None:
    before, after = states()
    with connection.schema_editor(atomic=False) as editor:
        AddIndexConcurrently("tag", INDEX).database_forwards("tags", editor, before, after)


def is_valid() -> bool | None:
    """None: there is none."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        row = cursor.fetchone()
    return row and row[0]


def test_an_index_is_added_once():
    add()
    assert is_valid()
    add()
    assert is_valid()


def test_an_index_that_was_left_half_built_is_built_again():
    add()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tag_by_color'::regclass")
    assert is_valid() is False
    add()
    assert is_valid()


def test_it_waits_for_a_long_transaction():
    """Longer than other statements of a migration wait: nobody waits for this one."""

    def add_with_limit() -> None:
        try:
            with lock_timeout("100ms"):
                add()
        finally:
            connection.close()

    url, adding = url_of(connection.settings_dict["NAME"]), threading.Thread(target=add_with_limit)
    with psycopg.connect(url, autocommit=True) as observer, psycopg.connect(url) as other:
        other.execute("LOCK tags_tag IN ROW EXCLUSIVE MODE")
        adding.start()
        condition_in_time(30, lambda: observer.execute(BUILDS).rowcount > 0)
    adding.join()
    assert is_valid()


def test_the_limit_is_the_same_afterwards_and_an_index_is_removed():
    add()
    before, after = states()
    with lock_timeout("100ms"), connection.schema_editor(atomic=False) as editor:
        RemoveIndexConcurrently("tag", INDEX.name).database_forwards("tags", editor, after, before)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("100ms",)
    assert is_valid() is None
