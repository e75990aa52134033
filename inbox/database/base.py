"""Which connection is for what.

| who opens it | from the pool of this process | through the pooler, if DATABASE_POOL_URL is set |
|---|---|---|
| an HTTP request | yes | yes |
| a job, webhooks, the budget of calls | no | yes |
| a lock of a session, LISTEN (conversations/lib/locks.py, listening.py) | no | never |
| a command | no | never |

The pool bounds what requests can take. Jobs, the lock of a sync, the listener and the health checks must not
wait for them, and a lock must end with its connection.

A pooler lends a session of PostgreSQL for one transaction. So what goes through it leaves no state in one:
no SET without LOCAL, no lock of a session, LISTEN, prepared statement, and no cursor or temporary table that
outlives its transaction. `pooler.use()` says that this process keeps to that: web processes and workers do,
commands do not.
"""

from typing import Any

import psycopg_pool
from django.db.backends.postgresql import base
from django.utils.translation import gettext_lazy as _

from conversations.lib.request_scope import ServerBusy, current_scope
from inbox.database.pooler import pooler

NO_CONNECTION = _("The server is busy: no database connection was free. Try again in a moment.")
OF_DJANGO = ("client_encoding", "cursor_factory", "context")  # parameters that are not of the address


class DatabaseWrapper(base.DatabaseWrapper):
    needs_session = False

    @property
    def is_pooled(self) -> bool:
        """Whether it goes, or would go, through the pooler."""
        return not self.needs_session and pooler.is_used

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if not self.is_pooled:
            return params
        return {name: params[name] for name in OF_DJANGO} | pooler.address

    @property
    def pool(self) -> Any:
        """Django's pool; None if this connection is not, or would not be, one of it."""
        if self.connection is not None:
            return super().pool if getattr(self.connection, "_pool", None) else None
        return super().pool if current_scope.get() else None

    def schema_editor(self, *args, **kwargs):
        from .schema_editor import DatabaseSchemaEditor  # only for migrations

        return DatabaseSchemaEditor(self, *args, **kwargs)

    def get_new_connection(self, conn_params):
        if self.is_pooled:
            pooler.require_same_database(super().get_connection_params())
        try:
            return super().get_new_connection(conn_params)
        except psycopg_pool.PoolTimeout:
            raise ServerBusy(NO_CONNECTION) from None

    def chunked_cursor(self):
        """Return a cursor of the server; through a pooler only in a transaction, with which it ends."""
        if self.is_pooled and self.get_autocommit():
            return self.cursor()
        return super().chunked_cursor()
