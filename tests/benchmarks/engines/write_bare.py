"""The write path of Inbox without the indexes and counter triggers that only reads need."""

from collections.abc import Callable
from typing import Any

import psycopg

from . import write_path

FOR_READS = """
ALTER TABLE conversations_conversation DISABLE TRIGGER USER;
ALTER TABLE conversations_interactionevent DISABLE TRIGGER USER;
DROP INDEX conversation_by_facets, conversation_everywhere, conversation_search, event_act;
"""


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    with psycopg.connect(task["database_url"], autocommit=True) as connection:
        connection.execute(FOR_READS)
    return write_path.prepare(task)
