"""Finds which staged messages of archives their conversations have already."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.sync.load.imported.adoption import choose

STATEMENTS = read_statements(__file__)


def pair_messages(thread_ids: Collection[int]) -> None:
    """Note for the staged messages of these threads, of different conversations, which events they are."""
    threads: dict[str, Any] = {"threads": list(thread_ids)}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["pair_equal"], threads)
        cursor.execute(STATEMENTS["near"], threads)
        if pairs := choose(cursor.fetchall()):
            cursor.execute(STATEMENTS["pair"], {"pairs": as_json(list(pairs.items()))})
