"""Operations of migrations that are not atomic: they can be tried again, and nobody waits for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.postgres import operations

from .lock_attempts import lock_timeout

IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%s))"


@contextmanager
def patience(schema_editor) -> Iterator[None]:
    """Wait for others as long as they take. These statements let everybody else pass meanwhile."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchone()
    with lock_timeout("0", afterwards=before):
        yield


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Django's, which waits for long transactions, and builds again what was left half-built."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(IS_VALID, [self.index.name])
            row = cursor.fetchone()
        if row == (True,):
            return
        with patience(schema_editor):
            if row:
                name = schema_editor.quote_name(self.index.name)
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}", None)
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexConcurrently(operations.RemoveIndexConcurrently):
    """Django's, which waits for long transactions."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        with patience(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
