"""What each web process and worker does, for whichever web process is asked.

A process stores its numbers in a row every few seconds, and whenever it is asked for those of all.
All read these rows, so the counter of a process never goes back, whichever is asked. One that has ended is
left out soon; Prometheus sees the end of its series.
"""

import json
import logging
import os
import socket
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Jsonb

from conversations.lib.locks import own_connection
from conversations.lib.process_numbers import numbers
from conversations.lib.sql_files import read_statements

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
REPORT_SECONDS = 15.0
CONNECT_SECONDS, STATEMENT_SECONDS = 2, 1.5
ALIVE = timedelta(seconds=4 * REPORT_SECONDS)
# The time of the start tells it from an earlier process with the same number, as in a container.
PROCESS = f"{socket.gethostname()}-{os.getpid()}-{int(time.time())}"


def bounded_connection() -> BaseDatabaseWrapper:
    """Return a connection of its own whose statements may take STATEMENT_SECONDS."""
    connection = own_connection()
    options = connection.settings_dict["OPTIONS"]
    limit = f"-c statement_timeout={STATEMENT_SECONDS * 1000:.0f}"
    options["options"] = f"{options.get('options', '')} {limit}".strip()
    options["connect_timeout"] = CONNECT_SECONDS
    return connection


def exchange(database: BaseDatabaseWrapper) -> dict[str, dict]:
    """Store the numbers of this process, and return those of all by process."""
    values: dict[str, Any] = {"process": PROCESS, "numbers": Jsonb(numbers.snapshot()), "alive": ALIVE}
    with database.cursor() as cursor:
        cursor.execute(STATEMENTS["report"], values)
        cursor.execute(STATEMENTS["reports"], values)
        return {process: json.loads(reported) for process, reported in cursor.fetchall()}


def own_numbers() -> dict[str, dict]:
    """Return the same of this process alone."""
    return {PROCESS: numbers.snapshot()}


def report() -> None:
    """Store the numbers of this process. While the database is away, the next time does it."""
    try:
        with closing(bounded_connection()) as own:
            exchange(own)
    except Error as error:
        logger.debug("The numbers of this process could not be stored: %s", error)
    finally:
        connection.close()
