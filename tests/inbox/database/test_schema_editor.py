"""The statements of a migration are sent together, at its end or when something needs their result."""

import pytest
from django.db import ProgrammingError, connection

pytestmark = pytest.mark.django_db(transaction=True)

IS_THERE = "SELECT to_regclass('one') IS NOT NULL"


def is_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_THERE)
        return cursor.fetchone()[0]


@pytest.fixture
def sent():
    """The statements that PostgreSQL receives."""
    texts: list[str] = []

    def note(execute, sql, params, many, context):
        texts.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield texts
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS one")


def test_statements_wait_for_the_end_and_are_sent_together(sent):
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE one (a text)")
        editor.execute("ALTER TABLE one ADD b text DEFAULT %s", ["it's 5 %"])
        editor.deferred_sql.append("CREATE INDEX one_b ON one (b)")
        assert sent == []
    [together] = sent
    assert together.count(";") == 2
    assert "DEFAULT 'it''s 5 %'" in together
    assert is_there()


def test_who_reads_sees_what_was_executed_before(sent):
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE one (a text)")
        assert is_there()


def migrate(*, statement: str = "", deferred: str = "", error: Exception | None = None) -> None:
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE one (a text)")
        if statement:
            editor.execute(statement, None)
        if deferred:
            editor.deferred_sql.append(deferred)
        if error:
            raise error


@pytest.mark.parametrize("when", ["statement", "deferred"])
def test_after_an_error_nothing_is_there_and_the_connection_works(sent, when):
    with pytest.raises(ProgrammingError, match="nothing"):
        migrate(**{when: "SELECT nothing"})
    assert not is_there()
    assert not connection.in_atomic_block


def test_an_error_of_the_migration_sends_nothing(sent):
    with pytest.raises(ZeroDivisionError):
        migrate(error=ZeroDivisionError())
    assert sent == []


def test_without_a_transaction_each_statement_is_sent_at_once(sent):
    with connection.schema_editor(atomic=False) as editor:
        editor.execute("CREATE TABLE one (a text)")
        assert len(sent) == 1
        editor.execute("CREATE INDEX CONCURRENTLY one_a ON one (a)")


def test_sqlmigrate_sends_nothing(sent):
    with connection.schema_editor(collect_sql=True) as editor:
        editor.execute("CREATE TABLE one (a text)")
    assert editor.collected_sql == ["CREATE TABLE one (a text);"]
    assert sent == []
