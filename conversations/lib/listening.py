"""Sessions of PostgreSQL that receive notifications."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from django.db import connection


@asynccontextmanager
async def listen(*channels: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Yield a session, not from the pool, that listens on these channels.

    Raises psycopg.Error.
    """
    params = connection.get_connection_params()
    options = {key: params[key] for key in params if key not in ("cursor_factory", "context", "pool")}
    async with await psycopg.AsyncConnection.connect(**options, autocommit=True) as listener:
        for channel in channels:
            await listener.execute(f"LISTEN {channel}")
        yield listener
