"""The connections of a worker: a few for the queue, and one that listens for new jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.contrib.django.utils import connector_params

from conversations.lib.listening import listen


class JobConnector(PsycopgConnector):
    """Its connections may go through a pooler, but for the one that listens."""

    @asynccontextmanager
    async def _get_standalone_connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        async with listen() as connection:
            yield connection


def worker_connector() -> JobConnector:
    return JobConnector(kwargs=connector_params())
