"""Sessions of PostgreSQL that receive notifications."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from conversations.lib.locks import session


@asynccontextmanager
async def listen(*channels: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Yield a session, neither from the pool nor through the pooler, that listens on these channels.

    Raises psycopg.Error.
    """
    params = session().get_connection_params()
    options = {key: params[key] for key in params if key not in ("cursor_factory", "context", "pool")}
    async with await psycopg.AsyncConnection.connect(**options, autocommit=True) as listener:
        for channel in channels:
            await listener.execute(f"LISTEN {channel}")
        yield listener
