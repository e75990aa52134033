"""Sends the statements of a migration together, so that it locks tables only while they run.

Between two operations Django computes the state of the models, which takes longer than most statements do.
Sent one by one, the first of them would lock its table until that is done for all the others.
"""

from typing import Any

from django.db.backends.postgresql import schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Gathers the statements of an atomic migration until its end, or until something is read or executed."""

    def __enter__(self):
        super().__enter__()
        self._gathered: list[str] = []
        self._is_gathering = self.atomic_migration and not self.collect_sql
        if self._is_gathering:
            self.connection.execute_wrappers.append(self._send_before)
        return self

    def __exit__(self, exc_type, exc_value, traceback) -> None:
        if self._is_gathering:
            try:
                if exc_type is None:
                    self._send_all()
            except BaseException as error:
                super().__exit__(type(error), error, error.__traceback__)
                raise
            finally:
                self.connection.execute_wrappers.remove(self._send_before)
        super().__exit__(exc_type, exc_value, traceback)

    def execute(self, sql, params: Any = ()) -> None:
        if not self._is_gathering:
            super().execute(sql, params)
        elif params is None:
            self._gathered.append(str(sql))
        else:
            self._gathered.append(self.connection.ops.compose_sql(str(sql), params))

    def _send_before(self, execute, sql, params, many, context) -> Any:
        """Called by Django around each statement of this connection: it must see what was gathered."""
        self._send()
        return execute(sql, params, many, context)

    def _send_all(self) -> None:
        deferred, self.deferred_sql = self.deferred_sql, []
        for sql in deferred:
            self.execute(sql, None)
        self._send()

    def _send(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            with self.connection.cursor() as cursor:
                cursor.execute("\n;\n".join(gathered))
