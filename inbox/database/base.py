"""A connection is from the pool if an HTTP request opens it, else one of its own.

The pool bounds what requests can take. Jobs, the lock of a sync, the listener and the health checks must not
wait for them, and a lock must end with its connection.
"""

from typing import Any

import psycopg_pool
from django.db.backends.postgresql import base
from django.utils.translation import gettext_lazy as _

from conversations.lib.request_scope import ServerBusy, current_scope

NO_CONNECTION = _("The server is busy: no database connection was free. Try again in a moment.")


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> Any:
        """Django's pool; None if this connection is not, or would not be, one of it."""
        if self.connection is not None:
            return super().pool if getattr(self.connection, "_pool", None) else None
        return super().pool if current_scope.get() else None

    def get_new_connection(self, conn_params):
        try:
            return super().get_new_connection(conn_params)
        except psycopg_pool.PoolTimeout:
            raise ServerBusy(NO_CONNECTION) from None
