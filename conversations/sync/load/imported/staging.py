"""Two temporary tables in which messages of archives are compared with stored ones, as sets."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from conversations.lib.sql_files import read_statements

STATEMENTS = read_statements(__file__)
MIN_PROOF = 3  # characters: shorter texts are in many conversations
COLUMNS = "thread_id, key, kind, occurred_at, second, text, attachments, data, is_prose, is_proof"  # of COPY


@contextmanager
def staging() -> Iterator[None]:
    """Have the tables, empty, until the end of the block."""
    _execute("drop")
    _execute("create")
    yield
    _execute("drop")  # after an error the transaction may be aborted: the next call drops them


def stage_threads(thread_ids: Collection[int]) -> None:
    """Stage all messages of these imported threads."""
    clear_messages()
    _execute("stage_threads", threads=list(thread_ids))
    _execute("analyze_messages")


def stage_conversation(conversation_id: int, thread_id: int) -> None:
    """Stage the messages of a conversation that only archives know."""
    clear_messages()
    _execute("stage_conversation", conversation=conversation_id, thread=thread_id)
    _execute("analyze_messages")


def stage_texts(page_id: int, conversation_ids: Collection[int] | None = None) -> None:
    """Stage what customers wrote in these conversations of the Page, or in all."""
    _execute("clear_texts")
    ids = None if conversation_ids is None else sorted(conversation_ids)
    _execute("stage_texts", page=page_id, ids=ids, min_length=MIN_PROOF)
    _execute("analyze_texts")


def clear_messages() -> None:
    _execute("clear_messages")


def analyze_messages() -> None:
    """Let PostgreSQL know what the caller has staged."""
    _execute("analyze_messages")


def _execute(name: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], parameters or None)
