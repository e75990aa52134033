"""Warns at the start if the connections of this process come near what PostgreSQL allows."""

import logging

from django.conf import settings
from django.db import Error, connection

from conversations.lib.sql_files import read_statements

logger = logging.getLogger(__name__)

BESIDE = 16  # connections of the listener, the worker itself, webhooks, sending and the health checks
PER_JOB = 2  # a sync holds one for its lock and one for its rows
NEAR = 0.9  # of what PostgreSQL allows
STATEMENTS = read_statements(__file__)


def most_connections() -> int:
    """The most connections that this process opens at the same time."""
    jobs = settings.JOBS if settings.EMBEDDED_WORKER else 0
    return settings.DATABASE_POOL_SIZE + PER_JOB * jobs + BESIDE


def warn_if_near() -> None:
    """Write one line if there is too little room. A database that is away is reported by /readyz."""
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
