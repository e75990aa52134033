"""Warns at the start if the connections of this process come near what PostgreSQL allows."""

import logging

from django.conf import settings
from django.db import Error, connection

logger = logging.getLogger(__name__)

BESIDE = 8  # connections of the listener, the worker itself and the health checks
PER_JOB = 2  # a sync holds one for its lock and one for its rows
NEAR = 0.9  # of what PostgreSQL allows
# Connections of others, not of ours that remain from a process that has just ended.
QUERY = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  (SELECT count(*) FROM pg_stat_activity
   WHERE backend_type = 'client backend' AND datname IS DISTINCT FROM current_database())
"""


def most_connections() -> int:
    """The most connections that this process opens at the same time."""
    jobs = settings.JOBS if settings.EMBEDDED_WORKER else 0
    return settings.DATABASE_POOL_SIZE + PER_JOB * jobs + BESIDE


def warn_if_near() -> None:
    """Write one line if there is too little room. A database that is away is reported by /readyz."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(QUERY)
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
