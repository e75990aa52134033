"""Looks at the database at the start, and warns if the connections of this process may not suffice."""

import logging

from django.conf import settings
from django.db import Error, connection

from conversations.lib.sql_files import read_statements
from inbox.database.pooler import pooler

logger = logging.getLogger(__name__)

BESIDE = 12  # connections of the listener, the worker itself, new webhooks, sending and the health checks
NEAR = 0.9  # of what PostgreSQL allows
STATEMENTS = read_statements(__file__)


def most_connections() -> int:
    """The most connections to PostgreSQL that this process opens at the same time; a pooler opens its own."""
    jobs = settings.JOBS if settings.EMBEDDED_WORKER else 0
    if pooler.is_used:
        return jobs + BESIDE
    locks = settings.WORKER_QUEUES.get("sync", 0) if jobs else 0  # a sync has a connection for its lock
    return settings.DATABASE_POOL_SIZE + jobs + locks + BESIDE


def warn_if_near() -> None:
    """Write one line if there is too little room. A database that is away is reported by /readyz.

    Raises ImproperlyConfigured if the pooler's database is another one.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["connections"])
            allowed, others = cursor.fetchone()
    except Error:
        return
    finally:
        connection.close()
    if most_connections() + others > NEAR * allowed:
        logger.warning(
            "This process opens up to %s database connections, other databases have %s, "
            "and PostgreSQL allows %s: raise max_connections, or lower DATABASE_POOL_SIZE.",
            most_connections(),
            others,
            allowed,
        )
